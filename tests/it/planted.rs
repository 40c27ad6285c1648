//! Output folders, sheets and settings that someone else has prepared: links, pipes, foreign files and journals that do
//! more than record.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use crate::program::{FAST, Folder, Provider, Scenario, output, sheet};

/// Every name that the program writes in an output folder, besides names with the time in them. A link at a name of one
/// group may end the run, so each group is planted alone.
const FILES: &[&[&str]] = &[
    &[".callsheet/lock"],
    &[".callsheet/journal.sqlite"],
    &[".callsheet/journal.sqlite-wal"],
    &[".callsheet/journal.sqlite-shm"],
    &[".callsheet/journal.sqlite-journal"],
    &[".callsheet/approval.json"],
    &["results.csv", "results.json", "report.html"],
    &[
        ".callsheet/holder",
        ".callsheet/journal.new",
        ".callsheet/journal.new-wal",
        ".callsheet/journal.new-shm",
        ".callsheet/journal.new-journal",
        ".callsheet/names.json",
        ".callsheet/address.json",
        ".callsheet/edits.json",
        "sheet.csv",
        "edited-sheet.csv",
        "edited-sheet.yaml",
        "marks.csv",
        "results.xlsx",
        "junit.xml",
        "videos/job-01.mp4",
        "videos/job-01.mp4.part",
        "videos/job-01.mp4.part.json",
        "videos/job-01.mp4.part.json.new",
        "thumbnails/job-01.jpg",
    ],
];

const FOLDERS: &[&str] = &[".callsheet", ".callsheet/logs", ".sandbox", "videos", "thumbnails"];

const OPTIONS: [&str; 4] = ["--xlsx", "--excel", "--junit", "sheet-output/junit.xml"];

/// Puts a link to `target` at `name` in the output folder.
fn plant(folder: &Folder, name: &str, target: &Path) {
    let link = folder.path("sheet-output").join(name);
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    symlink(target, link).unwrap();
}

#[test]
fn no_planted_link_is_followed_when_something_is_written() {
    let provider = Provider::new();
    for is_first in [true, false] {
        for names in FILES {
            let folder = Folder::with_sheet(1);
            folder.write("secret", "untouched");
            if !is_first {
                folder.campaign(&provider, &OPTIONS).expect_code(0);
            }
            for name in *names {
                let path = folder.path("sheet-output").join(name);
                if path.exists() {
                    std::fs::remove_file(path).unwrap();
                }
                plant(&folder, name, &folder.path("secret"));
            }
            folder.campaign(&provider, &OPTIONS);
            let further: &[&str] = if is_first {
                &["approve", "sheet.csv"]
            } else {
                &["report", "sheet.csv", "--xlsx"]
            };
            folder.run(further);
            assert_eq!(folder.read("secret"), "untouched", "{names:?}");
        }
    }
}

#[test]
fn a_link_in_place_of_a_folder_is_refused_before_anything_is_paid() {
    let scenario = Scenario::new(1);
    for name in FOLDERS {
        for target in ["elsewhere", "nowhere"] {
            std::fs::create_dir_all(scenario.path("elsewhere")).unwrap();
            plant(&scenario, name, &scenario.path(target));
            let refused = scenario.run_sheet(&[]).expect_code(1);
            let shown = format!("sheet-output/{name}` is a symbolic link");
            refused.expect_stderr(&[&shown, "nothing was submitted"]);
            let mut written = std::fs::read_dir(scenario.path("elsewhere")).unwrap();
            let written = written.next().map(|file| file.unwrap().file_name());
            assert_eq!(written, None, "{name} {target}");
            assert!(!scenario.exists("nowhere"), "{name}");
            scenario.remove("sheet-output");
        }
    }
    assert_eq!(scenario.accepted(), 0);
}

#[test]
fn a_linked_output_folder_is_refused_unless_the_user_has_named_it() {
    let scenario = Scenario::new(2);
    let dated = "campaign: daily-{{ date }}\njobs: [{ rows: sheet.csv }]\n";
    scenario.write("dated.yaml", dated);
    std::fs::create_dir(scenario.path("elsewhere")).unwrap();
    let run = |manifest: &str, further: &[&str]| {
        let base = ["--base-url", scenario.base_url()];
        scenario.run(&[&["run", manifest][..], &base, &FAST, further].concat())
    };
    let day = ["--date", "2026-12-01"];
    for (link, manifest, options) in [
        ("sheet-output", "sheet.csv", &[][..]),
        ("sheet-output/shard-1-of-2", "sheet.csv", &["--shard", "1/2"]),
        ("named/shard-1-of-2", "sheet.csv", &["--out", "named", "--shard", "1/2"]),
        ("dated-output", "dated.yaml", &day),
        ("dated-output/2026-12-01", "dated.yaml", &day),
    ] {
        let path = scenario.path(link);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(scenario.path("elsewhere"), &path).unwrap();
        let refused = run(manifest, options).expect_code(2);
        let shown = format!("`{link}` is a symbolic link");
        refused.expect_stderr(&[&shown, "nothing was submitted", "`--out DIR`"]);
        scenario.run(&[&["report", manifest][..], options].concat()).expect_code(2);
        scenario.run(&[&["approve", manifest][..], options].concat());
        let mut written = std::fs::read_dir(scenario.path("elsewhere")).unwrap();
        assert!(written.next().is_none(), "{link}");
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(scenario.accepted(), 0);
    symlink(scenario.path("elsewhere"), scenario.path("mine")).unwrap();
    run("sheet.csv", &["--out", "mine"]).expect_code(0);
    assert!(scenario.exists("elsewhere/results.csv"));
}

#[test]
fn a_file_or_folder_in_the_place_of_another_is_named() {
    let scenario = Scenario::new(1);
    scenario.write("c.yaml", "output: { folder: sheet.csv }\njobs: [{ rows: sheet.csv }]\n");
    for command in ["plan", "approve", "run"] {
        let refused = scenario.run(&[command, "c.yaml"]).expect_code(2);
        refused.expect_stderr(&["the output folder `sheet.csv` is a file", "`--out DIR`"]);
    }
    std::fs::create_dir_all(scenario.path("sheet-output/.callsheet/names.json")).unwrap();
    let refused = scenario.run_sheet(&[]).expect_code(2);
    refused.expect_stderr(&[".callsheet/names.json`", "nothing was submitted", "move away"]);
    assert_eq!(scenario.accepted(), 0);
}

#[test]
fn journal_and_logs_that_others_can_read_are_private_again_after_a_run() {
    let scenario = Scenario::new(1);
    scenario.run_sheet(&[]).expect_code(0);
    let state = scenario.path("sheet-output/.callsheet");
    let files = || {
        let folders = [state.clone(), state.join("logs")];
        let entries = folders.into_iter().flat_map(|it| std::fs::read_dir(it).unwrap());
        let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        files
            .filter(|path| path.starts_with(state.join("logs")) || path.ends_with("journal.sqlite"))
    };
    for file in files() {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    scenario.write("sheet.csv", &sheet(2));
    scenario.run_sheet(&[]).expect_code(0);
    let modes: Vec<u32> = files().map(|file| file.metadata().unwrap().mode() & 0o777).collect();
    assert_eq!(modes, [0o600; 3]);
}

#[test]
fn files_of_the_user_are_not_replaced_by_results() {
    let scenario = Scenario::new(1);
    for name in ["results.csv", "results.json", "report.html"] {
        let file = format!("sheet-output/{name}");
        scenario.write(&file, "[mine]");
        let refused = scenario.run_sheet(&[]).expect_code(2);
        refused.expect_stderr(&[&file, "did not write it", "--out"]);
        assert_eq!(scenario.read(&file), "[mine]");
        scenario.remove(&file);
    }
    let workbook = "sheet-output/results.xlsx";
    scenario.write(workbook, "[mine]");
    let refused = scenario.run_sheet(&["--xlsx"]).expect_code(2);
    refused.expect_stderr(&[workbook, "did not write it", "--out"]);
    assert_eq!(scenario.accepted(), 0);
    scenario.run_sheet(&[]).expect_code(0);
    let report = scenario.run(&["report", "sheet.csv", "--xlsx"]).expect_code(1);
    report.expect_stderr(&["results.xlsx` is not a file of this program"]);
    assert_eq!(scenario.read(workbook), "[mine]");
    scenario.remove(workbook);
    for _ in 0..2 {
        scenario.run(&["report", "sheet.csv", "--xlsx"]).expect_code(0);
    }
    // Its own results are replaced even if the journal is lost.
    scenario.remove("sheet-output/.callsheet");
    scenario.run_sheet(&["--settle", "1s"]).expect_code(0);
    scenario.expect_paid_once(1);
}

#[test]
fn a_folder_in_place_of_an_unfinished_download_stops_no_other_download() {
    for suffix in [".part", ".part.json"] {
        let scenario = Scenario::new(3);
        let place = format!("sheet-output/videos/job-01.mp4{suffix}");
        scenario.write(&format!("{place}/mine.txt"), "mine");
        let refused = scenario.run_sheet(&[]).expect_code(2);
        refused.expect_stderr(&[&place, "nothing was submitted"]);
        assert_eq!(scenario.accepted(), 0);
        // An empty one is removed.
        scenario.remove(&format!("{place}/mine.txt"));
        scenario.run_sheet(&[]).expect_code(0);
        scenario.expect_paid_once(3);
    }
}

#[test]
fn a_manifest_names_an_output_folder_below_its_own_only() {
    let folder = Folder::new();
    let jobs = "jobs:\n- { text: Hello, persona: 1c5d0d5e-8a58-4b5c-9d5e-0a1b2c3d4e5f, aspect_ratio: 1x1 }\n";
    let manifest = |out: &str| format!("campaign: spring\noutput: {{ folder: \"{out}\" }}\n{jobs}");
    std::fs::create_dir_all(folder.path("home/inner")).unwrap();
    std::fs::create_dir_all(folder.path("other")).unwrap();
    symlink(folder.path("other"), folder.path("home/link")).unwrap();
    let absolute = folder.path("other").display().to_string();
    for out in ["../other", "a/../../other", "link", "link/deeper", &absolute] {
        folder.write("home/spring.yaml", &manifest(out));
        let refused = folder.run(&["plan", "home/spring.yaml"]).expect_code(2);
        refused.expect_stderr(&["output.folder", out, "--out", "nothing was submitted"]);
        folder.run(&["plan", "home/spring.yaml", "--out", "other"]).expect_code(0);
    }
    for out in ["inner", "new/deeper", "."] {
        folder.write("home/spring.yaml", &manifest(out));
        folder.run(&["plan", "home/spring.yaml"]).expect_code(0);
    }
}

#[test]
fn journal_and_logs_are_private() {
    let scenario = Scenario::new(1);
    scenario.run_sheet(&[]).expect_code(0);
    let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
    let state = scenario.path("sheet-output/.callsheet");
    assert_eq!((mode(&state), mode(&state.join("logs"))), (0o700, 0o700));
    assert_eq!(mode(&state.join("journal.sqlite")), 0o600);
    for log in std::fs::read_dir(state.join("logs")).unwrap() {
        assert_eq!(mode(&log.unwrap().path()), 0o600);
    }
}

#[test]
fn pipes_and_devices_are_refused_in_place_of_input_files() {
    let folder = Folder::with_sheet(1);
    let pipe = |name: &str| {
        let path = folder.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    pipe("pipe.csv");
    folder.run(&["plan", "pipe.csv"]).expect_code(2).expect_stderr(&["a named pipe"]);
    folder.run(&["plan", "/dev/zero"]).expect_code(2).expect_stderr(&["a device"]);
    let marks = ["plan", "sheet.csv", "--redo-rejected", "pipe.csv"];
    folder.run(&marks).expect_code(2).expect_stderr(&["a named pipe"]);
    let faults = ["run", "sheet.csv", "--sandbox", "--faults", "pipe.csv"];
    let refused = folder.run(&faults);
    assert_ne!(refused.code, Some(0));
    refused.expect_stderr(&["a named pipe"]);
    for name in ["SSL_CERT_FILE", "CREATIFY_API_KEY_FILE", "CALLSHEET_PROFILES"] {
        let mut command = folder.command(&["run", "sheet.csv", "--yes"]);
        command.env(name, "pipe.csv");
        if name == "CREATIFY_API_KEY_FILE" {
            command.env_remove("CREATIFY_API_KEY");
        } else if name == "CALLSHEET_PROFILES" {
            command.args(["--profile", "spring"]);
        }
        let refused = output(&mut command).expect_code(2);
        refused.expect_stderr(&["a named pipe", "nothing was submitted"]);
    }
    pipe(".env");
    let noted = folder.run(&["plan", "sheet.csv"]).expect_code(0);
    noted.expect_stderr(&[".env` is not read: it is a named pipe"]);
}

#[test]
fn a_shell_may_pass_a_sheet_as_an_open_file() {
    let folder = Folder::with_sheet(2);
    let mut plan = folder.command(&["plan", "/dev/stdin", "--json", "--campaign", "spring"]);
    let sheet = std::fs::File::open(folder.path("sheet.csv")).unwrap();
    plan.stdin(sheet);
    let plan = crate::program::finish(plan.spawn().unwrap()).expect_code(0).json();
    assert_eq!(plan["jobs"].as_array().unwrap().len(), 2);
}

#[test]
fn an_output_folder_whose_name_looks_like_a_uri_is_a_folder() {
    let scenario = Scenario::new(1);
    let mut run = scenario.sheet_command(&["--out", "file:out?mode=memory"]);
    output(&mut run).expect_code(0);
    assert!(scenario.exists("file:out?mode=memory/.callsheet/journal.sqlite"));
}
