//! Free checks of what a run depends on: address, keys, balance, clock, list, catalogue and disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::provider::ProviderConfig;
use crate::model::{
    Command, Failure, FailureKind, ListFilter, ListOrder, Listing, Outcome, Timestamp,
};
use crate::remote::Remote;
use crate::util::fs::{Access, describe, free_space, write_atomic};
use crate::util::text::{byte_size, plural, rough_duration};

/// The longest time that one check takes.
const LIMIT: Duration = Duration::from_secs(10);

/// The largest difference between two clocks that is not mentioned.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// A hundred videos of usual size.
const ENOUGH_SPACE: u64 = 1 << 30;

/// The lengths at which services cut off lists.
const PAGE_SIZES: [u64; 6] = [10, 20, 25, 50, 100, 200];

/// The result of one check.
#[derive(Debug)]
pub(crate) struct Check {
    /// What was checked, in one word.
    pub(crate) name: &'static str,
    pub(crate) result: Result<Finding, Error>,
}

/// What a check found out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Whether it may be in the way of a run.
    pub(crate) is_warning: bool,
    pub(crate) text: String,
}

impl Finding {
    fn good(text: impl Into<String>) -> Self {
        Self { is_warning: false, text: text.into() }
    }

    fn warning(text: impl Into<String>) -> Self {
        Self { is_warning: true, text: text.into() }
    }
}

/// Checks the provider, and the folder `folder` in which output folders are made. Nothing is submitted or paid for. Takes
/// about ten seconds at most.
///
/// # Errors
/// If the clients cannot be created.
pub(crate) async fn examine(provider: ProviderConfig, folder: &Path) -> Result<Vec<Check>, Error> {
    let provider = provider.start_without_files().await?;
    let remote = &*provider.remote;
    let (balance, personas, voices, list) = tokio::join!(
        within(remote.remaining_credits()),
        within(remote.personas()),
        within(remote.voices()),
        within(list(remote)),
    );
    let catalogue = personas.and_then(|personas| Ok((personas.len(), voices?.len())));
    // The answer is some seconds old at most.
    let clock = remote.server_time().map(|theirs| clock(theirs, super::now()));
    let check = |name, result| Check { name, result };
    let failed = Error::Provider;
    let mut checks = vec![
        check("address", Ok(Finding::good(remote.route()))),
        check(
            "keys",
            balance.as_ref().map(|_| Finding::good("accepted")).map_err(|it| failed(it.clone())),
        ),
    ];
    if let Ok(credits) = balance {
        checks.push(check("balance", Ok(Finding::good(format!("{credits} credits")))));
    }
    checks.push(check("list", list.map(|list| describe_list(&list)).map_err(failed)));
    checks.push(check(
        "catalogue",
        catalogue.map_err(failed).map(|(personas, voices)| {
            Finding::good(format!("{}, {}", plural(personas, "persona"), plural(voices, "voice")))
        }),
    ));
    let unknown = || Finding::good("the provider does not say what time it is");
    checks.push(check("clock", Ok(clock.unwrap_or_else(unknown))));
    checks.push(check("disk", disk(folder)));
    Ok(checks)
}

async fn within<T>(request: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(LIMIT, request).await.unwrap_or_else(|_elapsed| {
        let message = format!("no answer in {} seconds", LIMIT.as_secs());
        Err(Failure::new(FailureKind::Lost, message))
    })
}

async fn list(remote: &Remote) -> Result<Listing, Failure> {
    let filter = Arc::new(ListFilter::default());
    match remote.perform(Command::List { filter }, Arc::default()).await {
        Outcome::Listed { result } => result,
        Outcome::Submitted { .. }
        | Outcome::Polled { .. }
        | Outcome::JobPolled { .. }
        | Outcome::Downloaded { .. } => unreachable!("a list is answered by a list"),
    }
}

/// Describes how far the list proves what was paid for.
fn describe_list(list: &Listing) -> Finding {
    let rows = usize::try_from(list.rows).unwrap_or(usize::MAX);
    let order = match list.order {
        ListOrder::NewestFirst => "newest first",
        ListOrder::OldestFirst => "oldest first",
        ListOrder::Unknown => "in no order",
    };
    let mut text = plural(rows, "job");
    if rows > 1 {
        text = format!("{text}, {order}");
    }
    if let Some(oldest) = list.oldest {
        text = format!("{text}, back to {oldest}");
    }
    if rows > 0 {
        text = format!("{text}; {} with a tag of this program", list.tagged);
    }
    let doubts = [
        (list.is_truncated, "it does not show all jobs of the account".to_owned()),
        (
            PAGE_SIZES.contains(&list.rows) && !list.is_truncated,
            "it may be cut off at this length".to_owned(),
        ),
        (list.order == ListOrder::Unknown, "the order of its rows is not known".to_owned()),
        (list.unreadable > 0, format!("{} of its rows cannot be read", list.unreadable)),
        (!list.age.is_zero(), format!("a cache has kept it for {}", rough_duration(list.age))),
    ];
    let doubts: Vec<String> =
        doubts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, text)| text).collect();
    if doubts.is_empty() {
        return Finding::good(text);
    }
    Finding::warning(format!("{text}: {}", doubts.join("; ")))
}

/// Compares the provider's clock with this machine's.
fn clock(theirs: Timestamp, ours: Timestamp) -> Finding {
    let (difference, word) = if ours > theirs {
        (ours.since(theirs), "ahead of")
    } else {
        (theirs.since(ours), "behind")
    };
    if difference <= CLOCK_TOLERANCE {
        return Finding::good("agrees with the provider's");
    }
    Finding::warning(format!(
        "{} {word} the provider's: set it, because waiting times are measured with it",
        rough_duration(difference)
    ))
}

/// Writes a file to the folder, and asks for its free space.
fn disk(folder: &Path) -> Result<Finding, Error> {
    let path = folder.join(format!(".callsheet-doctor-{}", std::process::id()));
    let shown = folder.display();
    write_atomic(&path, Access::Private, |file| file.write_all(b"callsheet"))
        .and_then(|()| std::fs::remove_file(&path))
        .map_err(Error::io(format!("`{shown}` cannot be written to")))?;
    Ok(match free_space(folder) {
        Ok(Some(free)) if free < ENOUGH_SPACE => Finding::warning(format!(
            "`{shown}` can be written to; only {} are free",
            byte_size(free)
        )),
        Ok(Some(free)) => {
            Finding::good(format!("`{shown}` can be written to; {} are free", byte_size(free)))
        }
        Ok(None) => Finding::good(format!("`{shown}` can be written to")),
        Err(error) => Finding::warning(format!(
            "`{shown}` can be written to; its free space is unknown: {}",
            describe(&error)
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_described_with_what_it_does_not_prove() {
        let list = Listing {
            rows: 37,
            tagged: 12,
            oldest: Some(Timestamp::from_millis(0)),
            ..Listing::default()
        };
        let good = describe_list(&list);
        let expected = "37 jobs, newest first, back to 1970-01-01T00:00:00.000Z; 12 with a tag of this program";
        assert_eq!(good, Finding::good(expected));
        assert_eq!(describe_list(&Listing::default()), Finding::good("0 jobs"));
        for (list, words) in [
            (Listing { rows: 100, ..list.clone() }, "may be cut off"),
            (Listing { is_truncated: true, ..list.clone() }, "does not show all"),
            (Listing { order: ListOrder::Unknown, ..list.clone() }, "order"),
            (Listing { unreadable: 2, ..list.clone() }, "2 of its rows cannot be read"),
            (Listing { age: Duration::from_secs(90), ..list }, "a cache"),
        ] {
            let finding = describe_list(&list);
            assert!(finding.is_warning && finding.text.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn a_clock_that_differs_is_a_warning() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        assert!(!clock(at(100), at(130)).is_warning);
        let ahead = clock(at(0), at(600));
        assert!(ahead.is_warning && ahead.text.starts_with("10 min ahead of"), "{ahead:?}");
        assert!(clock(at(600), at(0)).text.contains("behind"));
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk(folder.path()).unwrap().text.contains("can be written to"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let error = disk(&folder.path().join("missing")).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}
