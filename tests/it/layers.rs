//! The architecture, checked: which layer may import which, which crate belongs to which layer, and no
//! circles between the files of one layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::source::{self, SourceFile};

/// What each layer may import.
const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("util", &[]),
    ("manifest", &["model", "util"]),
    ("engine", &["model", "util"]),
    ("journal", &["model", "util"]),
    ("remote", &["model", "util"]),
    ("report", &["model", "util"]),
    ("driver", &["model", "util", "manifest", "engine", "journal", "remote", "report"]),
    (
        "app",
        &[
            "model", "util", "manifest", "engine", "journal", "remote", "report", "driver",
            // Trying a campaign without an account is a use case of both edges.
            "sandbox",
        ],
    ),
    // Only the types of the wire, see `the_sandbox_imports_only_wire_types`.
    ("sandbox", &["util", "remote"]),
    ("cli", &["app", "model", "report", "util", "sandbox", "studio"]),
    ("studio", &["app", "model", "report", "util", "sandbox"]),
];

/// The edges. What `app` re-exports is part of its interface, so for them the layer named in the path counts, not the
/// one that defines the item.
const EDGES: [&str; 2] = ["cli", "studio"];

/// Outside crates that only these layers may name.
const ONLY_NAMED_BY: [(&str, &[&str]); 17] = [
    ("csv", &["manifest", "report"]),
    ("calamine", &["report"]),
    ("rust_xlsxwriter", &["report"]),
    ("serde_yaml", &["manifest"]),
    ("encoding_rs", &["manifest", "remote"]),
    ("chardetng", &["manifest"]),
    ("minijinja", &["manifest", "report"]),
    ("sanitise_file_name", &["manifest"]),
    ("reqwest", &["remote"]),
    ("rustls", &["remote"]),
    ("hyper_util", &["remote"]),
    ("rusqlite", &["journal"]),
    ("console", &["report", "util"]),
    ("axum", &["sandbox", "studio"]),
    ("futures", &["app", "driver", "remote", "sandbox", "studio"]),
    ("clap", &["cli"]),
    ("anyhow", &["app", "cli", "studio"]),
];

/// Layers that may write to the terminal.
const MAY_PRINT: [&str; 3] = ["report", "cli", "studio"];

/// Macros that do.
const PRINTING: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];

fn layer_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or_default();
    first.trim_end_matches(".rs")
}

/// The imports that [`MAY_IMPORT`] forbids: the layer, the layer it imports, a description.
fn forbidden_imports(files: &[SourceFile]) -> BTreeSet<(&str, &str, String)> {
    let mut wrong = BTreeSet::new();
    for file in files {
        let layer = layer_of(&file.path);
        let Some((_, may)) = MAY_IMPORT.iter().find(|(name, _)| *name == layer) else {
            continue;
        };
        for reference in &file.references {
            let Some(target) = reference.file else {
                continue;
            };
            let named = match reference.path.as_slice() {
                [root, named, ..] if EDGES.contains(&layer) && root == "crate" => named.as_str(),
                [..] if EDGES.contains(&layer) => continue,
                [..] => layer_of(&files[target].path),
            };
            if named != layer && named != "lib" && !may.contains(&named) {
                let import = format!("{} imports {}", file.path, reference.path.join("::"));
                wrong.insert((layer, named, import));
            }
        }
    }
    wrong
}

/// The imports inside each layer: which file refers to what of which other. Tests are left out.
fn imports_within_layers(files: &[SourceFile]) -> BTreeMap<(&str, &str), BTreeSet<String>> {
    let mut imports: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for file in files {
        for reference in &file.references {
            let Some(target) = reference.file.filter(|_| !reference.is_test) else {
                continue;
            };
            let target = &files[target];
            if target.path != file.path && layer_of(&target.path) == layer_of(&file.path) {
                imports
                    .entry((&file.path, &target.path))
                    .or_default()
                    .insert(reference.path.last().cloned().unwrap_or_default());
            }
        }
    }
    imports
}

/// The groups of files that can all be reached from each other.
fn circles<'a>(imports: &BTreeMap<(&'a str, &'a str), BTreeSet<String>>) -> BTreeSet<Vec<&'a str>> {
    let reached_from = |start: &'a str| {
        let mut reached = BTreeSet::new();
        let mut open = vec![start];
        while let Some(file) = open.pop() {
            for (_, target) in imports.keys().filter(|(from, _)| *from == file) {
                if reached.insert(*target) {
                    open.push(target);
                }
            }
        }
        reached
    };
    let files: BTreeSet<&str> = imports.keys().map(|(from, _)| *from).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        files.iter().map(|file| (*file, reached_from(file))).collect();
    let circle = |file: &&'a str| {
        let with = reached[file]
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)));
        with.copied().collect::<Vec<_>>()
    };
    let circles = files.iter().map(circle);
    circles.filter(|circle| circle.len() > 1).collect()
}

/// Planted source files.
fn planted(files: &[(&str, &str)]) -> Vec<SourceFile> {
    source::parse(&|path: &Path| {
        let path = path.to_string_lossy().replace('\\', "/");
        let (_, text) = files.iter().find(|(name, _)| *name == path)?;
        Some((*text).to_owned())
    })
}

#[test]
fn every_folder_is_a_layer() {
    let files = source::program();
    assert!(files.len() > 60, "the sources were not found");
    for file in files {
        let layer = layer_of(&file.path);
        let is_listed = MAY_IMPORT.iter().any(|(name, _)| *name == layer);
        assert!(is_listed || layer == "lib", "{} has no layer", file.path);
    }
}

#[test]
fn a_layer_imports_only_what_it_may() {
    let wrong = forbidden_imports(source::program());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_sandbox_imports_only_wire_types() {
    let files = source::program();
    for file in files {
        for reference in &file.references {
            let target = reference.file.map(|target| &*files[target].path);
            if layer_of(&file.path) == "sandbox"
                && let Some(target) = target.filter(|target| layer_of(target) == "remote")
            {
                let path = reference.path.join("::");
                assert!(target.ends_with("/wire.rs"), "{}: {path}", file.path);
            }
        }
    }
}

#[test]
fn outside_crates_are_named_only_where_they_belong() {
    let files = source::program();
    let mut wrong = BTreeSet::new();
    for file in files {
        for reference in &file.references {
            let is_ours = reference.file.is_some() || reference.path.len() < 2;
            let only = ONLY_NAMED_BY.iter().find(|(name, _)| *name == reference.path[0]);
            if let Some((name, layers)) = only
                && !is_ours
                && !layers.contains(&layer_of(&file.path))
            {
                wrong.insert(format!("{} names {name}", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_edges_and_the_report_print() {
    let files = source::program();
    let mut wrong = BTreeSet::new();
    for file in files {
        if MAY_PRINT.contains(&layer_of(&file.path)) {
            continue;
        }
        for reference in &file.references {
            let is_macro = reference.path.len() == 1 && PRINTING.contains(&&*reference.path[0]);
            let is_stream = reference.path.iter().any(|name| name == "stdout" || name == "stderr");
            if (is_macro || is_stream) && reference.file.is_none() && !reference.is_test {
                wrong.insert(format!("{}: {}", file.path, reference.path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_of_a_layer_import_each_other_in_a_circle() {
    let files = source::program();
    let imports = imports_within_layers(files);
    let mut report = String::new();
    for circle in circles(&imports) {
        writeln!(report, "\n{circle:#?}, made by").unwrap();
        for ((from, to), names) in &imports {
            if circle.contains(from) && circle.contains(to) {
                writeln!(report, "  {from} -> {to}: {names:?}").unwrap();
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn a_planted_import_is_seen() {
    let files = planted(&[
        ("lib.rs", "pub mod engine; pub mod journal; pub mod model; pub mod util;"),
        ("engine/mod.rs", "pub struct Batch;"),
        ("journal/mod.rs", "mod store; pub use store::Journal;"),
        ("journal/store.rs", "pub struct Journal;"),
        (
            "model/mod.rs",
            "use crate::{engine::Batch, util};
             fn a() { let _: Vec<crate::journal::Journal> = Vec::new(); }
             fn b() { assert_eq!(super::engine::Batch, util::X); }
             /// crate::journal in words.
             #[cfg(test)]
             mod tests { #[serde(with = \"x\", y = super::super::engine)] struct S; }",
        ),
        ("util/mod.rs", "pub const X: u8 = 1;"),
    ]);
    let wrong = forbidden_imports(&files).into_iter();
    let wrong: Vec<String> = wrong.map(|(_, _, import)| import).collect();
    assert_eq!(
        wrong,
        [
            "model/mod.rs imports crate::engine::Batch",
            "model/mod.rs imports super::engine::Batch",
            "model/mod.rs imports super::super::engine",
            "model/mod.rs imports crate::journal::Journal",
            "model/mod.rs imports crate::util",
            "model/mod.rs imports util::X",
        ]
    );
}

#[test]
fn a_planted_circle_is_seen_through_reexports() {
    let found = |parent: &str, second: &str| {
        let files = planted(&[
            ("lib.rs", "mod engine;"),
            ("engine/mod.rs", parent),
            ("engine/first.rs", "use super::deep::Second; pub struct First(Second);"),
            ("engine/deep/mod.rs", "mod second; pub use self::second::*;"),
            ("engine/deep/second.rs", second),
        ]);
        circles(&imports_within_layers(&files))
            .into_iter()
            .map(|circle| circle.join(" "))
            .collect::<Vec<_>>()
    };
    let parent = "mod deep; mod first; pub use first::First;";
    let circle = ["engine/deep/second.rs engine/first.rs"];
    let second = "use super::super::First; pub struct Second;";
    assert_eq!(found(parent, second), circle);
    let second = "pub struct Second; fn f(_: &crate::engine::first::First) {}";
    assert_eq!(found(parent, second), circle);
    // Neither tests, visibilities, nor re-exports alone count.
    let second =
        "pub(in crate::engine) struct Second; #[cfg(test)] mod tests { use crate::engine::First; }";
    assert!(found(parent, second).is_empty());
    // A parent that uses what it exports does.
    let parent = "mod deep; mod first; pub use first::First; fn f(_: First) {} pub struct Of;";
    let second = "use crate::engine::Of; pub struct Second;";
    assert_eq!(found(parent, second), ["engine/deep/second.rs engine/first.rs engine/mod.rs"]);
}
