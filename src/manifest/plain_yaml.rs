//! YAML files that are not manifests.

use serde::de::DeserializeOwned;

/// The text is not what was expected; with line and column, and the place shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct YamlError(String);

/// Reads a YAML file that is not a manifest, such as the sandbox's faults.
///
/// # Errors
///
/// The first thing that is wrong with it, and where.
pub fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    serde_yaml::from_str(text).map_err(|error| YamlError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_its_line() {
        let numbers: Result<Vec<u32>, YamlError> = parse_yaml("- 1\n- two\n");
        assert!(numbers.unwrap_err().to_string().contains("line 2"));
        assert_eq!(parse_yaml::<Vec<u32>>("- 1\n"), Ok(vec![1]));
    }
}
