//! The architecture, checked: who may import whom, which crate only one layer may name, how large a
//! file may grow.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each layer may import of ours.
const MAY_IMPORT: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("manifest", &["model"]),
    ("engine", &["model"]),
    ("remote", &["model"]),
    ("journal", &["model"]),
    ("report", &["model"]),
    ("sandbox", &["remote"]),
    (
        "driver",
        &["model", "engine", "remote", "journal", "report"],
    ),
    (
        "cli",
        &[
            "model", "manifest", "engine", "remote", "journal", "report", "sandbox", "driver",
        ],
    ),
];

/// Outside crates that only these layers may name.
const ONLY_NAMED_BY: [(&str, &[&str]); 17] = [
    ("csv", &["manifest", "report"]),
    // `report` reads back, in its tests, the workbook that it writes.
    ("calamine", &["manifest", "report"]),
    ("rust_xlsxwriter", &["report"]),
    ("serde_yaml", &["manifest"]),
    ("encoding_rs", &["manifest"]),
    ("minijinja", &["manifest", "report"]),
    ("sanitise_file_name", &["manifest"]),
    ("governor", &["engine"]),
    ("reqwest", &["remote"]),
    ("rustls", &["remote"]),
    ("hyper_util", &["remote"]),
    ("rusqlite", &["journal"]),
    ("indicatif", &["report"]),
    ("axum", &["sandbox"]),
    ("futures", &["app", "driver", "remote", "sandbox"]),
    ("clap", &["cli"]),
    ("anyhow", &["cli"]),
];

struct Source {
    path: PathBuf,
    layer: String,
    /// Without comments and without what stands in string literals' lines of documentation.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text
                    .lines()
                    .map(|line| line.split("//").next().unwrap_or_default())
                    .collect::<Vec<_>>()
                    .join("\n");
                let relative = path.strip_prefix(&root).unwrap();
                let first = relative.iter().next().unwrap().to_string_lossy();
                sources.push(Source {
                    layer: first.trim_end_matches(".rs").to_owned(),
                    path: relative.to_owned(),
                    code,
                });
            }
        }
    }
    assert!(sources.len() > 60, "the sources were not found");
    sources
}

/// The layers that `code` names after `crate::`, also inside braces: `use crate::{a, b::c};`.
fn layers_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (start, _) in code.match_indices("crate::") {
        let rest = &code[start + "crate::".len()..];
        let items: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        };
        for item in items {
            let word = item
                .trim()
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            named.extend(word.map(str::to_owned));
        }
    }
    named
}

#[test]
fn a_layer_imports_only_what_it_may() {
    let layers: Vec<&str> = MAY_IMPORT.iter().map(|(layer, _)| *layer).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((layer, may)) = MAY_IMPORT.iter().find(|(layer, _)| *layer == source.layer) else {
            continue;
        };
        for named in layers_named(&source.code) {
            if layers.contains(&named.as_str()) && named != *layer && !may.contains(&&*named) {
                wrong.push(format!("{} imports {named}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_knows_the_wire_and_nothing_else_of_ours() {
    for source in sources().iter().filter(|source| source.layer == "sandbox") {
        for (start, _) in source.code.match_indices("crate::remote") {
            let rest = &source.code[start..];
            assert!(
                rest.starts_with("crate::remote::api::wire"),
                "{}: {}",
                source.path.display(),
                rest.lines().next().unwrap()
            );
        }
    }
}

#[test]
fn every_folder_of_the_design_exists() {
    let found: BTreeSet<String> = sources().into_iter().map(|source| source.layer).collect();
    for (layer, _) in MAY_IMPORT {
        assert!(found.contains(layer), "{layer}");
    }
}

#[test]
fn outside_crates_are_named_only_where_they_belong() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, layers) in ONLY_NAMED_BY {
            let is_named = source.code.contains(&format!("{name}::"))
                || source.code.contains(&format!("use {name}"));
            let is_ours = source.code.contains(&format!("::{name}::"));
            if is_named && !is_ours && !layers.contains(&source.layer.as_str()) {
                wrong.push(format!("{} names {name}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_check_sees_a_planted_import() {
    let code = "use crate::engine::Batch;\nuse crate::{model::JobId, journal};";
    let named: Vec<String> = layers_named(code).into_iter().collect();
    assert_eq!(named, ["engine", "journal", "model"]);
}
