//! YAML files that are not manifests.

use serde::de::DeserializeOwned;

use super::place::Source;
use super::yaml_fault;

/// The text is not what was expected; with line and column, and the place shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct YamlError(String);

/// Reads a YAML file that is not a manifest, such as the sandbox's faults.
///
/// # Errors
///
/// The first thing that is wrong with it, and where.
pub(crate) fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| {
        let source = Source::of_text("", text.to_owned());
        let Some(fault) = yaml_fault::explain(&source, &error) else {
            // What the value should be, only the type that was asked for can say.
            return YamlError(error.to_string());
        };
        let (line, column) = (fault.place.line(), fault.place.column());
        let place = line
            .zip(column)
            .map(|(line, column)| format!("line {line}, column {column}: "));
        YamlError(format!("{}{}", place.unwrap_or_default(), fault.message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_line() {
        let numbers: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n- two\n");
        assert!(numbers.unwrap_err().to_string().contains("line 2"));
        assert_eq!(parse_yaml::<Vec<u32>>("- 1\n"), Ok(vec![1]));
        let several: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n---\n- 2\n");
        assert_eq!(
            several.unwrap_err().to_string(),
            "line 2, column 1: here a second document begins"
        );
    }
}
