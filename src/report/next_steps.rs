//! What to do next, computed from what a campaign has come to: one small function for each hint.

use crate::model::{Phase, StopReason};
use crate::report::row::Row;
use crate::report::summary::Summary;
use crate::report::words::{agree, list, moment, plural};

/// Names shown in one hint before the rest is counted.
const MOST_NAMES: usize = 5;

/// Everything worth doing next, the most urgent first. How to resume an interrupted run is not among
/// them: see [`resume`].
pub(super) fn all(summary: &Summary) -> Vec<String> {
    [
        refused_credentials,
        wrong_address,
        unreachable,
        refused_list,
        rival,
        full_disk,
        no_credits,
        reached_cap,
        reached_run_cap,
        long_pause,
        doubts,
        paid_twice,
        failures,
        gone,
        changed,
        stuck_downloads,
        outstanding,
        still_pending,
        first_real_run,
    ]
    .into_iter()
    .filter_map(|hint| hint(summary))
    .collect()
}

/// The command that goes on where an interrupted run stopped; its line is the last one printed.
pub(super) fn resume(summary: &Summary) -> Option<String> {
    match summary.stopped()? {
        StopReason::Interrupted => Some(summary.campaign().resuming_command()),
        StopReason::MaxDuration
        | StopReason::TooManyFailures
        | StopReason::OutOfCredits { .. }
        | StopReason::CapReached
        | StopReason::RunCapReached
        | StopReason::LongHold { .. }
        | StopReason::TooManyDoubts
        | StopReason::Unauthorised { .. }
        | StopReason::WrongAddress { .. }
        | StopReason::Unreachable { .. }
        | StopReason::InventoryRefused { .. }
        | StopReason::Rival { .. }
        | StopReason::Local { .. } => None,
    }
}

fn again(summary: &Summary) -> String {
    format!("`{}`", summary.campaign().resuming_command())
}

fn refused_credentials(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::Unauthorised { .. }).then(|| {
        format!(
            "check `CREATIFY_API_ID` and `CREATIFY_API_KEY`, then {} goes on where it stopped",
            again(summary)
        )
    })
}

fn wrong_address(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::WrongAddress { .. }).then(|| {
        "check the address given by `--base-url` or `CREATIFY_BASE_URL`; without them it is \
         `https://api.creatify.ai`"
            .to_owned()
    })
}

fn unreachable(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::Unreachable { .. }).then(|| {
        format!(
            "check the network and `HTTPS_PROXY`, then {} goes on where it stopped",
            again(summary)
        )
    })
}

fn refused_list(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::InventoryRefused { .. }).then(|| {
        format!(
            "videos may have been paid for that no record shows; try {} again later, when the \
             provider's list can be read",
            again(summary)
        )
    })
}

fn rival(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::Rival { .. }).then(|| {
        format!(
            "let the other run end, on this machine or another; then {} takes over what it has paid \
             for and submits only the rest",
            again(summary)
        )
    })
}

fn full_disk(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::Local { .. }).then(|| {
        format!(
            "make room in `{}` or make it writable, then {} goes on where it stopped",
            summary.campaign().out.display(),
            again(summary)
        )
    })
}

fn no_credits(summary: &Summary) -> Option<String> {
    matches!(summary.stopped()?, StopReason::OutOfCredits { .. }).then(|| {
        format!(
            "buy credits, then {} submits the rest and nothing twice",
            again(summary)
        )
    })
}

fn reached_cap(summary: &Summary) -> Option<String> {
    if !matches!(summary.stopped()?, StopReason::CapReached) {
        return None;
    }
    let money = summary.money();
    let enough = money.spent + money.promised + money.to_reserve;
    let enough = summary.campaign().cap_for(enough);
    let jobs = plural(summary.counts().pending, "pending job");
    Some(format!(
        "`--max-credits {enough}` would be enough for the {jobs}"
    ))
}

fn reached_run_cap(summary: &Summary) -> Option<String> {
    if !matches!(summary.stopped()?, StopReason::RunCapReached) {
        return None;
    }
    Some(format!(
        "{} goes on with {} and submits nothing twice",
        again(summary),
        plural(summary.counts().pending, "pending job"),
    ))
}

fn long_pause(summary: &Summary) -> Option<String> {
    let StopReason::LongHold { until } = summary.stopped()? else {
        return None;
    };
    Some(format!("run {} after {}", again(summary), moment(*until)))
}

fn doubts(summary: &Summary) -> Option<String> {
    let rows = rows_in(summary, |phase| {
        matches!(phase, Phase::Submitting | Phase::InDoubt { .. })
    });
    let first = rows.first()?;
    let campaign = summary.campaign();
    let look = campaign.command(
        if campaign.is_collecting {
            "collect"
        } else {
            "run"
        },
        &[],
    );
    let pay = campaign.command("run", &["--resubmit", first.id().as_str()]);
    Some(format!(
        "{} may have been paid for. `{look}` looks again whether the provider has {}; only if its \
         dashboard shows none, `{pay}` pays for it once more",
        names(&rows),
        agree(rows.len(), "it", "them"),
    ))
}

fn paid_twice(summary: &Summary) -> Option<String> {
    let rows: Vec<Row> = summary
        .rows()
        .filter(|row| !row.state.twins.is_empty())
        .collect();
    let first = rows.first()?.state.twins.first()?;
    Some(format!(
        "{} {} paid for twice, by another run with another output folder or by a copy made in the \
         dashboard: the provider has a second job too (`{first}`){}",
        names(&rows),
        agree(rows.len(), "was", "were"),
        agree(rows.len(), "", " and its like"),
    ))
}

fn failures(summary: &Summary) -> Option<String> {
    let mut rows = rows_in(summary, |phase| matches!(phase, Phase::Failed { .. }));
    rows.retain(|row| row.state.is_retried_unnamed());
    let count = rows.len();
    let refused = rows
        .iter()
        .filter(|row| row.state.phase.remote().is_none())
        .count();
    let retry = summary.campaign().command("run", &["--retry-failed"]);
    match (count, refused) {
        (0, _) => None,
        (_, 0) => Some(format!(
            "`{retry}` pays for {} once more",
            agree(count, "the failed job", "the failed jobs")
        )),
        (_, refused) if refused == count => Some(format!(
            "mend the refused {} in the sheet and run it again, or `{retry}` sends {} unchanged; \
             nothing was charged",
            agree(count, "row", "rows"),
            agree(count, "it", "them"),
        )),
        (_, _) => Some(format!(
            "`{retry}` sends the failed jobs once more; rows that were refused are better mended in \
             the sheet first"
        )),
    }
}

/// Failed jobs whose videos were there before.
fn gone(summary: &Summary) -> Option<String> {
    let mut rows = rows_in(summary, |phase| matches!(phase, Phase::Failed { .. }));
    rows.retain(|row| !row.state.is_retried_unnamed());
    let first = rows.first()?;
    let again =
        summary
            .campaign()
            .command_about(first.id(), "run", &["--resubmit", first.id().as_str()]);
    Some(format!(
        "the {} of {} had been rendered and {} gone now, at the provider too; `{again}` pays for it once more",
        agree(rows.len(), "video", "videos"),
        names(&rows),
        agree(rows.len(), "is", "are"),
    ))
}

fn changed(summary: &Summary) -> Option<String> {
    let rows: Vec<Row> = summary
        .rows()
        .filter(|row| row.job.in_sheet && row.has_changed() && row.file().is_some())
        .collect();
    let redo = summary.campaign().command("run", &["--redo-changed"]);
    (!rows.is_empty()).then(|| {
        format!(
            "{} {} edited after being paid for; `{redo}` makes the new version, and pays for it",
            names(&rows),
            agree(rows.len(), "was", "were"),
        )
    })
}

fn stuck_downloads(summary: &Summary) -> Option<String> {
    let rows: Vec<Row> = summary
        .rows()
        .filter(|row| row.state.is_to_be_downloaded())
        .collect();
    let collect = summary.campaign().command("collect", &[]);
    (!rows.is_empty()).then(|| {
        format!(
            "{} {} paid for and not downloaded yet: `{collect}`",
            names(&rows),
            agree(rows.len(), "is", "are"),
        )
    })
}

fn outstanding(summary: &Summary) -> Option<String> {
    let rendering = summary.counts().rendering;
    let collect = summary.campaign().command("collect", &[]);
    (rendering > 0).then(|| {
        format!(
            "{} {} on at the provider; `{collect}` fetches what is finished and submits nothing",
            plural(rendering, "render"),
            agree(rendering, "goes", "go"),
        )
    })
}

/// Nothing stopped the run, and yet something is left: it was not asked to submit.
fn still_pending(summary: &Summary) -> Option<String> {
    let pending = summary.counts().pending;
    (pending > 0 && summary.stopped().is_none()).then(|| {
        let run = summary.campaign().command("run", &[]);
        format!(
            "{} {} not submitted yet: `{run}`",
            plural(pending, "job"),
            agree(pending, "is", "are")
        )
    })
}

fn first_real_run(summary: &Summary) -> Option<String> {
    let campaign = summary.campaign();
    let counts = summary.counts();
    let is_complete = counts.done > 0 && counts.finished() == counts.total;
    (campaign.is_sandbox && is_complete).then(|| {
        "these are the sandbox's own sample videos, and nothing was charged; set \
         `CREATIFY_API_ID` and `CREATIFY_API_KEY`, leave out `--sandbox` and name another folder with \
         `--out DIR` to make real ones"
            .to_owned()
    })
}

fn rows_in(summary: &Summary, is_meant: impl Fn(&Phase) -> bool) -> Vec<Row<'_>> {
    summary
        .rows()
        .filter(|row| is_meant(&row.state.phase))
        .collect()
}

fn names(rows: &[Row]) -> String {
    list(rows.iter().map(|row| row.id().as_str()), MOST_NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Credits, Failure, FailureKind, JobEvent, Timestamp};
    use crate::report::testing::TestRun;

    fn stopped(reason: StopReason) -> TestRun {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.ended(90, Some(reason));
        run
    }

    #[test]
    fn every_reason_to_stop_but_those_that_explain_themselves_has_its_hint() {
        let message = String::from("no");
        for (reason, expected) in [
            (
                StopReason::Unauthorised {
                    message: message.clone(),
                },
                "`CREATIFY_API_ID`",
            ),
            (
                StopReason::WrongAddress {
                    message: message.clone(),
                },
                "`--base-url`",
            ),
            (
                StopReason::Unreachable {
                    message: message.clone(),
                },
                "`HTTPS_PROXY`",
            ),
            (
                StopReason::InventoryRefused {
                    message: message.clone(),
                },
                "may have been paid for",
            ),
            (
                StopReason::Local {
                    message: message.clone(),
                },
                "`spring-output`",
            ),
            (
                StopReason::Rival {
                    job: "a".parse().unwrap(),
                },
                "let the other run end",
            ),
            (StopReason::OutOfCredits { message }, "buy credits"),
            (StopReason::RunCapReached, "goes on with 1 pending job"),
            (
                StopReason::LongHold {
                    until: Timestamp::from_millis(0),
                },
                "1970-01-01 00:00:00Z",
            ),
        ] {
            let hints = all(&stopped(reason).summary());
            assert_eq!(hints.len(), 1, "{hints:?}");
            assert!(hints[0].contains(expected), "{hints:?}");
        }
    }

    #[test]
    fn a_cap_that_would_be_enough_is_named() {
        let mut run = stopped(StopReason::CapReached);
        run.campaign.max_credits = Some(Credits::whole(5));
        let expected = "`--max-credits 10` would be enough for the 1 pending job";
        assert_eq!(all(&run.summary()), [expected]);
    }

    #[test]
    fn refused_rows_are_to_be_mended_and_failed_renders_paid_again() {
        let mut run = TestRun::with_jobs(1);
        run.sent(1, "a");
        let failure = Failure::new(FailureKind::Rejected, "text too long");
        let charged = Some(Credits::ZERO);
        run.tell(2, "a", JobEvent::Failed { failure, charged });
        let hint = failures(&run.summary()).unwrap();
        assert!(hint.starts_with("mend the refused row"), "{hint}");
        let mut run = TestRun::with_jobs(1);
        run.failed(1, "a", "no face");
        let hint = failures(&run.summary()).unwrap();
        assert!(
            hint.ends_with("pays for the failed job once more"),
            "{hint}"
        );
    }

    #[test]
    fn what_is_paid_for_is_to_be_collected() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.rendered(2, "b");
        run.campaign.arguments = vec!["--sandbox".into()];
        let hints = all(&run.summary());
        assert_eq!(hints.len(), 2, "{hints:?}");
        for hint in hints {
            assert!(
                hint.contains("`callsheet collect spring.csv --sandbox`"),
                "{hint}"
            );
        }
    }

    #[test]
    fn edited_rows_and_finished_sandboxes_are_mentioned() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.campaign.is_sandbox = true;
        assert!(first_real_run(&run.summary()).is_some());
        assert!(changed(&run.summary()).is_none());
        std::sync::Arc::make_mut(&mut run.campaign.jobs[0].spec).fingerprint =
            TestRun::with_jobs(2).campaign.jobs[1]
                .spec
                .fingerprint
                .clone();
        assert!(
            changed(&run.summary())
                .unwrap()
                .starts_with("`a` was edited")
        );
    }

    #[test]
    fn what_was_paid_for_twice_is_named() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        let remote = "other-1".parse().unwrap();
        run.tell(2, "a", JobEvent::PaidTwice { remote });
        let hints = all(&run.summary());
        assert!(hints[0].starts_with("`a` was paid for twice"), "{hints:?}");
        assert!(hints[0].contains("`other-1`"), "{hints:?}");
    }

    #[test]
    fn a_run_that_did_everything_has_nothing_to_hint_at() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.ended(90, None);
        assert_eq!(all(&run.summary()), [""; 0]);
        assert_eq!(resume(&run.summary()), None);
    }

    #[test]
    fn a_video_that_is_gone_is_sent_again_only_by_name() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.tell(100, "a", JobEvent::FileMissing);
        let failure = Failure::new(FailureKind::NotFound, "not found");
        let charged = None;
        run.tell(200, "a", JobEvent::Failed { failure, charged });
        let summary = run.summary();
        assert_eq!(failures(&summary), None);
        let hint = gone(&summary).unwrap();
        assert!(hint.contains("run spring.csv --resubmit a` pays"), "{hint}");
    }
}
