//! Variables of the environment that have the prefix of this program and no meaning, such as misspelled options.

use std::collections::BTreeSet;

use super::credentials::{CREDENTIALS_COMMAND, CREDENTIALS_FILE};
use super::env::{Environment, OWN_PREFIX, SHEET_TOKEN};
use super::profile::PROFILES;
use crate::app::{self, closest_match};

/// Variables besides those of options: secrets, sources of keys, and variables of this project's scripts and tests.
const OTHERS: [&str; 13] = [
    SHEET_TOKEN,
    CREDENTIALS_FILE,
    CREDENTIALS_COMMAND,
    PROFILES,
    "CALLSHEET_NOTIFY",
    "CALLSHEET_PING",
    "CALLSHEET_HOME",
    "CALLSHEET_BIN",
    "CALLSHEET_COMMIT",
    "CALLSHEET_INPUTS",
    "CALLSHEET_SIMULATION_SEEDS",
    "CALLSHEET_STORM",
    "CALLSHEET_STORMS",
];

/// Refuses variables that no option has: a misspelled cap must not be ignored.
///
/// # Errors
/// If there is one; names the variable that was probably meant.
pub(in crate::cli) fn refuse_unknown_variables(
    options: &BTreeSet<String>,
) -> Result<(), app::Error> {
    check(options, &Environment::own_variables())
}

fn check(options: &BTreeSet<String>, set: &[String]) -> Result<(), app::Error> {
    let known = || options.iter().map(String::as_str).chain(OTHERS);
    let is_unknown = |name: &&String| !known().any(|it| it == *name) && !is_service_link(name);
    let unknown: Vec<&String> = set.iter().filter(is_unknown).collect();
    let Some(first) = unknown.first() else {
        return Ok(());
    };
    let names: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
    let (names, is) = match names.len() {
        1 => (names.concat(), "is not a setting"),
        _ => (names.join(", "), "are not settings"),
    };
    let hint = match closest_match(first, known()) {
        Some(near) => {
            format!("did you mean `{near}`? If `{first}` is not for this program, unset it")
        }
        None => format!("unset `{first}`; every option has the variable of its own name"),
    };
    let message = format!("{names} in the environment {is}; nothing was submitted");
    Err(app::Error::usage_with_hint(message, hint))
}

/// Checks whether Kubernetes sets the variable, for a service whose name begins with that of this program.
fn is_service_link(name: &str) -> bool {
    let rest = name.strip_prefix(OWN_PREFIX).unwrap_or_default();
    let parts: Vec<&str> = rest.split('_').collect();
    let is_port = |place: usize| parts.get(place) == Some(&"PORT");
    let has = |first: &str, second: &str| parts.windows(2).any(|pair| pair == [first, second]);
    let has_protocol = parts.iter().any(|part| matches!(*part, "TCP" | "UDP" | "SCTP"));
    has("SERVICE", "HOST")
        || has("SERVICE", "PORT")
        || is_port(parts.len().saturating_sub(1))
        || (has_protocol && parts.contains(&"PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_variables_are_refused_with_the_nearest_name() {
        let options = ["CALLSHEET_MAX_CREDITS", "CALLSHEET_YES"].map(str::to_owned).into();
        let checked = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            check(&options, &names).map_err(|error| crate::cli::error::Error::from(error).render())
        };
        let known = [&["CALLSHEET_YES", "CALLSHEET_MAX_CREDITS"][..], &OTHERS];
        assert_eq!(checked(&known.concat()), Ok(()));
        for name in [
            "CALLSHEET_SERVICE_HOST",
            "CALLSHEET_SERVICE_PORT_HTTP",
            "CALLSHEET_PORT",
            "CALLSHEET_PORT_80_TCP",
            "CALLSHEET_PORT_80_TCP_ADDR",
            "CALLSHEET_API_SERVICE_HOST",
            "CALLSHEET_API_PORT_80_TCP_PORT",
        ] {
            assert_eq!(checked(&[name]), Ok(()), "{name}");
        }
        for (name, hint) in [
            ("CALLSHEET_MAX_CREDIT", "did you mean `CALLSHEET_MAX_CREDITS`?"),
            ("CALLSHEET_NOTIFYY", "did you mean `CALLSHEET_NOTIFY`?"),
            ("CALLSHEET_SOMETHING_ELSE", "unset `CALLSHEET_SOMETHING_ELSE`"),
        ] {
            let error = checked(&["CALLSHEET_YES", name]).unwrap_err();
            assert!(error.contains(hint) && error.contains("nothing was submitted"), "{error}");
        }
    }
}
