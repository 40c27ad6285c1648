//! Which commit this is, for `--version` of a release. Where neither git nor the package tells, it is left out.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told everything by its environment"
)]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CALLSHEET_COMMIT");
    let given = std::env::var("CALLSHEET_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    // Not while somebody is at work on it: each commit would have everything built again.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given.or_else(|| {
        let root = is_release.then(|| std::env::var("CARGO_MANIFEST_DIR").ok())??;
        commit(&root).or_else(|| packaged(&root))
    });
    let shown = commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    println!("cargo::rustc-env=CALLSHEET_COMMIT={shown}");
}

/// The commit and its day, if this is a checkout of our own and not a package inside another one.
fn commit(root: &str) -> Option<String> {
    if !Path::new(root).join(".git").exists() {
        return None;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    for file in ["HEAD", "logs/HEAD"] {
        // In a linked worktree these lie elsewhere. What is not there is not watched: Cargo would build
        // again each time.
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            let path = Path::new(root).join(path);
            if path.exists() {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
    }
    git(&["log", "-1", "--format=%h %cs"]).filter(|commit| !commit.is_empty())
}

/// The commit that Cargo notes down in a package, unless more went into it than was committed.
fn packaged(root: &str) -> Option<String> {
    let note = std::fs::read_to_string(Path::new(root).join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = note.split_once("\"sha1\"")?;
    let commit = rest.split('"').nth(1)?.get(..7)?;
    (!note.contains("\"dirty\": true")).then(|| commit.to_owned())
}
