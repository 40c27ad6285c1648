//! The limits of the world: full disks, folders that cannot be written, servers that go away, keys that are
//! revoked, pauses of a day.

#[cfg(unix)]
use std::{path::Path, process::Command};

use callsheet::sandbox::{AnswerFault, Faults, FileFault, Revocation, SandboxSettings, When};

#[cfg(unix)]
use crate::program::Answer;
use crate::program::{
    Folder, Provider, campaign, expect_nothing_paid_twice, finish, quick, wait_until,
};

/// A provider that can be stopped and started again, at the same address and with the same jobs.
struct Lasting {
    _state: tempfile::TempDir,
    settings: SandboxSettings,
}

impl Lasting {
    fn new(settings: SandboxSettings) -> Self {
        let state = tempfile::tempdir().unwrap();
        let settings = SandboxSettings {
            state: Some(state.path().join("accepted.jsonl")),
            ..settings
        };
        Self {
            _state: state,
            settings,
        }
    }

    /// The state file remembers the port.
    fn start(&self) -> Provider {
        Provider::with(self.settings.clone())
    }
}

/// `run` where no file may grow beyond `kilobytes`: a full disk, as far as one file is concerned.
#[cfg(unix)]
fn run_with_small_files(folder: &Folder, provider: &Provider, kilobytes: u32) -> Answer {
    let run = folder.command(&campaign("run", provider, &[]));
    let blocks = kilobytes * 2;
    // Without the signal the write fails, as it does on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut command = Command::new("/bin/dash");
    if !Path::new("/bin/dash").exists() {
        command = Command::new("/bin/sh");
    }
    command
        .args(["-c", &script])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(run.get_current_dir().unwrap())
        .env_clear()
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    finish(command.spawn().unwrap())
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_run_and_what_is_paid_comes_home_later() {
    let provider = Provider::with(SandboxSettings {
        padding_bytes: 4 << 20,
        ..quick()
    });
    let folder = Folder::with_sheet(3);
    let answer = run_with_small_files(&folder, &provider, 2048).expect_code(1);
    assert!(answer.stderr.contains("make room"), "{}", answer.stderr);
    let paid = provider.ledger().accepted.len();
    assert!(paid > 0);
    assert!(!folder.path("sheet-output/videos/job-01.mp4").exists());
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 3);
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
}

/// The journal itself cannot be written any more, in the middle of the campaign.
#[cfg(unix)]
#[test]
fn a_journal_that_cannot_grow_ends_the_run_and_costs_nothing() {
    let mut stopped = 0;
    for kilobytes in [40, 60, 90, 130, 180] {
        let (folder, provider) = (Folder::with_sheet(8), Provider::new());
        let answer = run_with_small_files(&folder, &provider, kilobytes);
        // How much it writes depends on how much came at once.
        assert!(
            matches!(answer.code, Some(0 | 1)),
            "{kilobytes} kB: {answer:#?}"
        );
        stopped += u32::from(answer.code == Some(1));
        if answer.stderr.contains("could not be recorded") {
            let names_file = "caused by: the journal `sheet-output/.callsheet/journal.sqlite`";
            assert!(answer.stderr.contains(names_file), "{}", answer.stderr);
        }
        let before = provider.ledger();
        expect_nothing_paid_twice(&before);
        // A submit that was in the air is looked for, and the proof may need a second run.
        let mut last = folder.campaign(&provider, &[]);
        if last.code == Some(4) {
            last = folder.campaign(&provider, &[]);
        }
        assert!(
            matches!(last.code, Some(0 | 4)),
            "{kilobytes} kB: {last:#?}"
        );
        let ledger = provider.ledger();
        expect_nothing_paid_twice(&ledger);
        folder.expect_every_paid_video(&ledger);
    }
    assert!(stopped >= 2, "{stopped} runs met the limit");
}

/// Somebody who may not write there; `None` where nobody can be found who may run the program.
#[cfg(unix)]
fn as_nobody(folder: &Folder, arguments: &[&str]) -> Option<Command> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let run = folder.command(arguments);
    let home = folder.path("");
    if std::fs::metadata(&home).unwrap().uid() != 0 {
        open(&folder.path("sheet-output"), 0o555);
        return Some(run);
    }
    open(&home, 0o755);
    open(&folder.path("sheet-output"), 0o755);
    let mut command = Command::new("setpriv");
    let identity = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let can_run = Command::new("setpriv")
        .args(identity)
        .arg(run.get_program())
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    command
        .args(identity)
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(home)
        .env_clear()
        .envs(
            run.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    can_run.then_some(command)
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_submits_nothing() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    std::fs::create_dir(folder.path("sheet-output")).unwrap();
    let arguments = campaign("run", &provider, &[]);
    let Some(mut command) = as_nobody(&folder, &arguments) else {
        let words = b"skipped: there is no `setpriv`, or nobody else may run the program\n";
        std::io::Write::write_all(&mut std::io::stderr(), words).unwrap();
        return;
    };
    let answer = finish(command.spawn().unwrap()).expect_code(1);
    assert!(answer.stderr.contains("--out DIR"), "{}", answer.stderr);
    assert!(provider.ledger().requests.is_empty());
}

#[test]
fn a_server_that_goes_away_and_comes_back_is_waited_for() {
    let lasting = Lasting::new(SandboxSettings {
        render_millis: 300..=900,
        ..quick()
    });
    let provider = lasting.start();
    let folder = Folder::with_sheet(8);
    let arguments = campaign("run", &provider, &["--submit-rate", "8/s"]);
    let child = folder.command(&arguments).spawn().unwrap();
    wait_until("some submits", || provider.ledger().accepted.len() >= 3);
    provider.stop();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let provider = lasting.start();
    // A submit that was in the air when it went may leave a doubt.
    let answer = finish(child);
    assert!(matches!(answer.code, Some(0 | 4)), "{answer:#?}");
    let mut last = answer;
    for _ in 0..3 {
        if last.code == Some(0) {
            break;
        }
        last = folder.campaign(&provider, &[]);
    }
    let ledger = provider.ledger();
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
    assert_eq!(
        (last.code, ledger.accepted.len()),
        (Some(0), 8),
        "{last:#?}"
    );
}

#[test]
fn a_pause_of_a_day_is_not_slept_through() {
    let faults = Faults {
        create_refused: [(
            AnswerFault::TooManyWithSeconds,
            When::ordinals([3]).amount(86_400),
        )]
        .into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(6);
    let answer = folder.campaign(&provider, &[]).expect_code(5);
    assert!(
        answer
            .stderr
            .contains("the provider asks for a pause until 20"),
        "{}",
        answer.stderr
    );
    let paid = provider.ledger().accepted.len();
    assert!(paid < 6);
    folder.expect_every_paid_video(&provider.ledger());
    // Nor does the next run ask before the time that was named.
    folder.campaign(&provider, &[]).expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), paid);
}

#[test]
fn credits_that_are_gone_half_way_stop_the_submits_and_not_the_collecting() {
    let faults = Faults {
        create_refused: [(
            AnswerFault::PaymentRequired,
            When::ordinals([4, 5, 6, 7, 8]),
        )]
        .into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(8);
    let answer = folder
        .campaign(&provider, &["--submit-rate", "10/s"])
        .expect_code(5);
    assert!(answer.stderr.contains("buy credits"), "{}", answer.stderr);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 3);
    folder.expect_every_paid_video(&ledger);
}

#[test]
fn a_key_that_is_revoked_half_way_stops_the_run_which_goes_on_with_a_good_one() {
    let lasting = Lasting::new(SandboxSettings {
        revocation: Some(Revocation::AfterAccepted(3)),
        ..quick()
    });
    let provider = lasting.start();
    let folder = Folder::with_sheet(6);
    let answer = folder.campaign(&provider, &[]).expect_code(6);
    assert!(
        answer.stderr.contains("CREATIFY_API_KEY"),
        "{}",
        answer.stderr
    );
    assert_eq!(provider.ledger().accepted.len(), 3);
    provider.stop();

    let restored = Lasting {
        settings: SandboxSettings {
            revocation: None,
            ..lasting.settings.clone()
        },
        ..lasting
    };
    let provider = restored.start();
    folder.campaign(&provider, &[]).expect_code(0);
    let ledger = provider.ledger();
    assert_eq!(ledger.accepted.len(), 6);
    expect_nothing_paid_twice(&ledger);
    folder.expect_every_paid_video(&ledger);
}

#[test]
fn a_proxy_in_the_way_is_named() {
    let folder = Folder::new();
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let mut command =
            folder.command(&["personas", "--base-url", "https://api.nowhere.invalid"]);
        command.env(variable, "http://user:word@127.0.0.1:9");
        let answer = finish(command.spawn().unwrap()).expect_code(1);
        let words = "cannot connect to `api.nowhere.invalid` through the proxy `127.0.0.1:9`";
        assert!(answer.stderr.contains(words), "{}", answer.stderr);
        assert!(!answer.stderr.contains("word"), "{}", answer.stderr);
    }
    // A server on this very machine needs none.
    let provider = Provider::new();
    let mut command = folder.command(&["personas", "--base-url", provider.base_url()]);
    command.env("HTTP_PROXY", "http://127.0.0.1:9");
    finish(command.spawn().unwrap()).expect_code(0);
    // Neither does one that `NO_PROXY` names.
    let mut command = folder.command(&["personas", "--base-url", "https://api.nowhere.invalid"]);
    command.env("HTTPS_PROXY", "http://127.0.0.1:9");
    command.env("NO_PROXY", "localhost,.nowhere.invalid");
    let answer = finish(command.spawn().unwrap()).expect_code(1);
    assert!(!answer.stderr.contains("proxy"), "{}", answer.stderr);
}

#[test]
fn results_that_cannot_be_written_hide_nothing_of_what_became_of_the_run() {
    let provider = Provider::new();
    let folder = Folder::with_sheet(2);
    // Nobody, not even root, can put a file there.
    folder.write("sheet-output/results.csv/in-the-way", "");
    let answer = folder.campaign(&provider, &["--json"]).expect_code(1);
    let (told, error) = answer
        .stderr
        .split_once("error: cannot write the results to `sheet-output`")
        .unwrap_or_else(|| panic!("{answer:#?}"));
    assert!(told.contains("2 jobs: 2 done"), "{told}");
    assert!(told.contains("10 spent"), "{told}");
    assert!(error.contains("results.csv"), "{error}");
    assert!(error.contains("`callsheet report sheet.csv"), "{error}");
    assert!(answer.stdout.contains("\"jobs\""), "{answer:#?}");
    folder.expect_every_paid_video(&provider.ledger());

    std::fs::remove_dir_all(folder.path("sheet-output/results.csv")).unwrap();
    let hint = error
        .split('`')
        .find(|part| part.starts_with("callsheet report"));
    let words: Vec<&str> = hint.unwrap().split(' ').skip(1).collect();
    folder.run(&words).expect_code(0);
    assert!(folder.read("sheet-output/results.csv").contains("job-02"));
}

#[test]
fn a_file_that_is_refused_for_ever_is_told_and_collected_later() {
    let faults = Faults {
        files: [(FileFault::DeadLink403, When::ordinals(1..=400))].into(),
        ..Faults::default()
    };
    let provider = Provider::with(SandboxSettings { faults, ..quick() });
    let folder = Folder::with_sheet(1);
    let answer = folder.campaign(&provider, &[]).expect_code(8);
    let told = &answer.stderr;
    assert!(
        told.contains("  left       job-01  paid for, and not downloaded: "),
        "{told}"
    );
    assert!(told.contains("(HTTP 403)"), "{told}");
    assert!(told.contains("1 downloading"), "{told}");
    assert!(
        told.contains("`job-01` is paid for and not downloaded yet: `callsheet collect"),
        "{told}"
    );
    assert!(!told.contains("goes on at the provider"), "{told}");
    let results = crate::program::rows(&folder.read("sheet-output/results.csv"));
    assert_eq!(results[0]["status"], "downloading");
    assert!(results[0]["error"].contains("403"), "{results:?}");
}
