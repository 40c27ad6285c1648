//! Which commit this is, for `--version` of a release. Without git, or from a package, it is left out.

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
    let commit = given.or_else(|| is_release.then(commit).flatten());
    let shown = commit.map_or_else(String::new, |commit| format!(" ({commit})"));
    println!("cargo::rustc-env=CALLSHEET_COMMIT={shown}");
}

/// The commit and its day, if this is a checkout of our own and not a package inside another one.
fn commit() -> Option<String> {
    let root = std::env::var("CARGO_MANIFEST_DIR").ok()?;
    if !Path::new(&root).join(".git").exists() {
        return None;
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(&root)
            .args(arguments)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    for file in ["HEAD", "logs/HEAD"] {
        // In a linked worktree these lie elsewhere. What is not there is not watched: Cargo would build
        // again each time.
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            let path = Path::new(&root).join(path);
            if path.exists() {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
    }
    git(&["log", "-1", "--format=%h %cs"]).filter(|commit| !commit.is_empty())
}
