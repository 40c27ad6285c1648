//! Failures of the environment: full disks, read-only folders, unavailable servers, revoked credentials,
//! proxies.

use callsheet::sandbox::{FaultTrigger, Faults, FileFault, ResponseFault, SandboxSettings};

use crate::program::{
    Folder, Provider, Scenario, expect_nothing_paid_twice, finish, output, quick,
};
#[cfg(unix)]
use crate::program::{Output, executed_by, skip};
#[cfg(unix)]
use std::{path::Path, process::Command};

/// Runs the sheet with a maximum file size, which acts on each file like a full disk.
#[cfg(unix)]
fn run_with_small_files(scenario: &Scenario, kilobytes: u32) -> Output {
    // The limit is in blocks of 512 bytes. Without the signal, the write fails as on a full disk.
    let blocks = kilobytes * 2;
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let dash = "/bin/dash";
    let shell = if Path::new(dash).exists() { dash } else { "/bin/sh" };
    let run = scenario.sheet_command(&[]);
    output(&mut executed_by(shell, &["-c", &script], &run))
}

#[cfg(unix)]
#[test]
fn a_full_disk_stops_the_run_and_paid_videos_are_downloaded_later() {
    let settings = SandboxSettings { padding_bytes: 4 << 20, ..quick() };
    let scenario = Scenario::with(3, settings);
    let stopped = run_with_small_files(&scenario, 2048).expect_code(1);
    stopped.expect_stderr(&["free disk space"]);
    assert!(scenario.accepted() > 0);
    assert!(!scenario.exists("sheet-output/videos/job-01.mp4"));
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(3);
}

/// A terminal that cannot move its cursor.
#[test]
fn a_bar_is_replaced_by_lines_where_the_cursor_cannot_move() {
    let scenario = Scenario::new(1);
    for (terminal, is_replaced) in [("dumb", true), ("", true), ("xterm", false)] {
        let mut run = scenario.sheet_command(&["--progress", "bar"]);
        let run = output(run.env("TERM", terminal)).expect_code(0);
        let note = "note: progress is shown in lines";
        assert_eq!(run.stderr.contains(note), is_replaced, "{terminal}: {}", run.stderr);
        assert_eq!(run.stderr.contains('\u{1b}'), !is_replaced, "{terminal}: {}", run.stderr);
    }
}

/// `/dev/full` is a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_run_that_can_report_nothing_does_not_end_as_a_success() {
    for options in [&[][..], &["--log-format", "json"]] {
        let scenario = Scenario::new(1);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut run = scenario.sheet_command(options);
        assert_eq!(run.stderr(full).status().unwrap().code(), Some(1), "{options:?}");
        scenario.expect_paid_once(1);
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_files_is_named_and_does_not_kill_the_program() {
    let limited = |scenario: &Scenario, limit: &str| {
        let script = format!("{limit}; exec \"$0\" \"$@\"");
        output(&mut executed_by("/bin/sh", &["-c", &script], &scenario.sheet_command(&[])))
    };
    let settings = SandboxSettings { padding_bytes: 4 << 20, ..quick() };
    let scenario = Scenario::with(2, settings);
    // In blocks of 512 bytes or, in bash, of 1024.
    let stopped = limited(&scenario, "ulimit -f 1024").expect_code(1);
    stopped.expect_stderr(&["videos/job-0", "the limit on the size of files (`ulimit -f`)"]);
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(2);

    let scenario = Scenario::new(1);
    let stopped = limited(&scenario, "ulimit -f 8").expect_code(1);
    stopped.expect_stderr(&["journal.sqlite`", "the limit on the size of files (`ulimit -f`)"]);

    let stopped = limited(&Scenario::new(1), "ulimit -n 20").expect_code(1);
    stopped.expect_stderr(&["open files", "allows 20", "nothing was submitted", "`ulimit -n`"]);
    // A soft limit is raised.
    let scenario = Scenario::new(1);
    limited(&scenario, "ulimit -S -n 20").expect_code(0);
    scenario.expect_paid_once(1);
}

#[cfg(unix)]
#[test]
fn a_journal_that_cannot_grow_ends_the_run_and_nothing_is_paid_twice() {
    let limits = [40, 60, 90, 130, 180];
    let stopped = std::thread::scope(|scope| {
        let runs =
            limits.map(|kilobytes| scope.spawn(move || run_until_journal_is_full(kilobytes)));
        let stopped = runs.map(|run| run.join().unwrap());
        stopped.into_iter().filter(|stopped| *stopped).count()
    });
    assert!(stopped >= 2, "{stopped} runs reached the limit");
}

/// Runs a campaign with a maximum file size and then without. Returns whether the first run stopped.
#[cfg(unix)]
fn run_until_journal_is_full(kilobytes: u32) -> bool {
    let scenario = Scenario::new(8);
    let first = run_with_small_files(&scenario, kilobytes);
    // How much is written depends on how many events arrive at once.
    assert!(matches!(first.code, Some(0 | 1)), "{kilobytes} kB: {first:#?}");
    if first.stderr.contains("could not be recorded") {
        let cause = "caused by: cannot write the journal `sheet-output/.callsheet/journal.sqlite`: the limit on the size";
        assert!(first.stderr.contains(cause), "{}", first.stderr);
    }
    expect_nothing_paid_twice(&scenario.ledger());
    // The proof about a submit in doubt may need a second run.
    let mut last = scenario.run_sheet(&[]);
    if last.code == Some(4) {
        last = scenario.run_sheet(&[]);
    }
    assert!(matches!(last.code, Some(0 | 4)), "{kilobytes} kB: {last:#?}");
    let ledger = scenario.ledger();
    expect_nothing_paid_twice(&ledger);
    scenario.expect_every_paid_video(&ledger);
    first.code == Some(1)
}

/// Returns `run` as a user who cannot write to `sheet-output`; `None` if there is no such user.
#[cfg(unix)]
pub(crate) fn without_write_permission(folder: &Folder, run: Command) -> Option<Command> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata(folder.path("")).unwrap().uid() != 0 {
        folder.set_mode("sheet-output", 0o555);
        return Some(run);
    }
    folder.set_mode("", 0o755);
    folder.set_mode("sheet-output", 0o755);
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let version = folder.command(&["--version"]);
    let can_run = executed_by("setpriv", &nobody, &version)
        .output()
        .is_ok_and(|output| output.status.success());
    can_run.then(|| executed_by("setpriv", &nobody, &run))
}

#[cfg(unix)]
#[test]
fn nothing_is_submitted_if_the_output_folder_is_not_writable() {
    let scenario = Scenario::new(2);
    std::fs::create_dir(scenario.path("sheet-output")).unwrap();
    let run = scenario.sheet_command(&[]);
    let Some(mut command) = without_write_permission(&scenario, run) else {
        return skip("no `setpriv`, or another user cannot execute the program");
    };
    output(&mut command).expect_code(1).expect_stderr(&["--out DIR"]);
    assert!(scenario.ledger().requests.is_empty());
}

#[test]
fn a_run_continues_after_the_server_was_unavailable() {
    let settings = SandboxSettings { render_millis: 300..=900, ..quick() };
    let mut scenario = Scenario::with(8, settings.clone());
    let child = scenario.spawn_sheet(&["--submit-rate", "8/s"]);
    scenario.wait_for_accepted(3);
    scenario.provider.stop();
    std::thread::sleep(std::time::Duration::from_millis(700));
    scenario.provider.restart(settings);
    // A submit in progress when the server stopped may be in doubt.
    let mut last = finish(child);
    assert!(matches!(last.code, Some(0 | 4)), "{last:#?}");
    for _ in 0..3 {
        if last.code == Some(0) {
            break;
        }
        last = scenario.run_sheet(&[]);
    }
    last.expect_code(0);
    scenario.expect_paid_once(8);
}

#[test]
fn a_run_does_not_wait_out_a_pause_of_a_day() {
    let fault = ResponseFault::TooManyWithSeconds;
    let faults = Faults {
        create_refused: [(fault, FaultTrigger::ordinals([3]).amount(86_400))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(6, faults);
    let stopped = scenario.run_sheet(&[]).expect_code(5);
    stopped.expect_stderr(&["the provider asked for a pause until 20"]);
    let paid = scenario.accepted();
    assert!(paid < 6);
    scenario.expect_every_paid_video(&scenario.ledger());
    // The next run does not submit before that time either.
    scenario.run_sheet(&[]).expect_code(5);
    assert_eq!(scenario.accepted(), paid);
}

#[test]
fn running_out_of_credits_stops_submits_but_not_downloads() {
    let fault = ResponseFault::PaymentRequired;
    let faults = Faults {
        create_refused: [(fault, FaultTrigger::ordinals([4, 5, 6, 7, 8]))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(8, faults);
    scenario.run_sheet(&["--submit-rate", "10/s"]).expect_code(5).expect_stderr(&["buy credits"]);
    scenario.expect_paid_once(3);
}

#[test]
fn revoked_credentials_stop_the_run_and_valid_ones_continue_it() {
    let settings = SandboxSettings { revoked_after: Some(3), ..quick() };
    let mut scenario = Scenario::with(6, settings);
    let stopped = scenario.run_sheet(&[]).expect_code(6);
    stopped.expect_stderr(&["CREATIFY_API_KEY"]);
    assert_eq!(scenario.accepted(), 3);
    scenario.provider.restart(quick());
    scenario.run_sheet(&[]).expect_code(0);
    scenario.expect_paid_once(6);
}

/// Starts a SOCKS proxy that leads every connection to `target`, and returns its address.
fn socks_proxy(target: String) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, target) = (client.unwrap(), target.clone());
            std::thread::spawn(move || {
                // Version 5, with an IPv4 address (RFC 1928).
                let mut greeting = [0; 2];
                client.read_exact(&mut greeting).unwrap();
                client.read_exact(&mut vec![0; greeting[1].into()]).unwrap();
                client.write_all(&[5, 0]).unwrap();
                let mut request = [0; 10];
                client.read_exact(&mut request).unwrap();
                assert_eq!(request[..8], [5, 1, 0, 1, 10, 255, 255, 1]);
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
                let mut server = std::net::TcpStream::connect(target).unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let _ = std::io::copy(&mut server, &mut client);
            });
        }
    });
    address
}

#[test]
fn a_socks_proxy_is_used() {
    let (folder, provider) = (Folder::new(), Provider::new());
    let proxy = socks_proxy(provider.base_url().replace("http://", ""));
    let mut command = folder.command(&["personas", "--json", "--base-url", "http://10.255.255.1"]);
    command.env("ALL_PROXY", format!("socks5h://{proxy}"));
    let found = output(&mut command).expect_code(0).json();
    assert!(!found.as_array().unwrap().is_empty());
}

#[test]
fn a_proxy_that_would_be_ignored_is_refused_before_any_request() {
    let (folder, provider) = (Folder::new(), Provider::new());
    for proxy in ["socks://word:word@127.0.0.1:9", "SOCKS5://word@127.0.0.1:9", "ht!tp://word"] {
        let mut command = folder.command(&["personas", "--base-url", provider.base_url()]);
        let refused = output(command.env("HTTPS_PROXY", proxy)).expect_code(2);
        let refused =
            refused.expect_stderr(&["`HTTPS_PROXY`", "`socks5h://`", "nothing was submitted"]);
        refused.expect_not_in_stderr(&["word"]);
        // The sandbox of the program itself needs no proxy.
        let mut command = folder.command(&["personas", "--sandbox", "--json"]);
        output(command.env("HTTPS_PROXY", proxy).env("NO_PROXY", "*")).expect_code(0);
    }
}

#[test]
fn an_error_behind_a_proxy_names_the_proxy() {
    let folder = Folder::new();
    let unknown_host = ["personas", "--base-url", "https://api.nowhere.invalid"];
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let mut command = folder.command(&unknown_host);
        output(command.env(variable, "http://user:word@127.0.0.1:9"))
            .expect_code(10)
            .expect_stderr(&[
                "cannot connect to `api.nowhere.invalid` through the proxy `127.0.0.1:9`",
            ])
            .expect_not_in_stderr(&["word"]);
    }
    // No proxy is used for this machine, nor for hosts in `NO_PROXY`.
    let provider = Provider::new();
    let mut command = folder.command(&["personas", "--base-url", provider.base_url()]);
    output(command.env("HTTP_PROXY", "http://127.0.0.1:9")).expect_code(0);
    let mut command = folder.command(&unknown_host);
    command.env("HTTPS_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "localhost,.nowhere.invalid");
    let failed = output(&mut command).expect_code(10);
    failed.expect_not_in_stderr(&["proxy"]);
}

#[test]
fn a_summary_is_printed_even_if_the_results_cannot_be_written() {
    let scenario = Scenario::new(2);
    scenario.run_sheet(&["--limit", "1"]);
    scenario.remove("sheet-output/results.csv");
    // Not even root can replace a folder with a file.
    scenario.write("sheet-output/results.csv/blocking", "");
    let failed = scenario.run_sheet(&["--json"]).expect_code(1);
    let (summary, error) = failed
        .stderr
        .split_once("error: cannot write the results to `sheet-output`")
        .unwrap_or_else(|| panic!("{failed:#?}"));
    for part in ["2 jobs: 2 done", "10 spent"] {
        assert!(summary.contains(part), "{summary}");
    }
    for part in ["results.csv", "`callsheet report sheet.csv"] {
        assert!(error.contains(part), "{error}");
    }
    assert!(failed.stdout.contains("\"jobs\""), "{failed:#?}");
    scenario.expect_every_paid_video(&scenario.ledger());

    scenario.remove("sheet-output/results.csv");
    let hint = error.split('`').find(|part| part.starts_with("callsheet report"));
    let words: Vec<&str> = hint.unwrap().split(' ').skip(1).collect();
    scenario.run(&words).expect_code(0);
    assert_eq!(scenario.results()[1]["job_id"], "job-02");
}

#[test]
fn a_file_that_stays_forbidden_is_reported_and_left_for_collect() {
    let faults = Faults {
        files: [(FileFault::DeadLink403, FaultTrigger::ordinals(1..=400))].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(1, faults);
    scenario
        .run_sheet(&[])
        .expect_code(8)
        .expect_stderr(&[
            "  left       job-01  paid for but not downloaded: ",
            "(HTTP 403)",
            "1 downloading",
            "the video of `job-01` cannot be downloaded; `callsheet collect",
        ])
        .expect_not_in_stderr(&["is rendering; download"]);
    let results = scenario.results();
    assert_eq!(results[0]["status"], "downloading");
    assert!(results[0]["error"].contains("403"), "{results:?}");
}

/// Returns an archive with these parts.
#[cfg(target_os = "linux")]
fn archive(parts: &[(&str, String)]) -> Vec<u8> {
    let mut writer = zip::write::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Each of these small workbooks stands for gigabytes.
#[cfg(target_os = "linux")]
#[test]
fn a_workbook_that_grows_is_refused_in_little_memory() {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id='{id}' Type='{office}/{kind}' Target='{target}'/>")
    };
    let xlsx = |rows: &str, merged: &str, strings: &str| {
        let relations =
            [relation("a", "worksheet", "a.xml"), relation("b", "sharedStrings", "b.xml")];
        let sheet = format!("<sheetData>{rows}</sheetData><mergeCells>{merged}</mergeCells>");
        archive(&[
            ("_rels/.rels", format!("<a>{}</a>", relation("a", "officeDocument", "xl/w.xml"))),
            ("xl/_rels/w.xml.rels", format!("<a>{}</a>", relations.concat())),
            (
                "xl/w.xml",
                "<workbook><sheets><sheet name='A' r:id='a'/></sheets></workbook>".to_owned(),
            ),
            ("xl/a.xml", format!("<worksheet>{sheet}</worksheet>")),
            ("xl/b.xml", strings.to_owned()),
        ])
    };
    let ods = |cells: &str| {
        let table = format!(
            "<table:table><table:table-row table:number-rows-repeated='1048576'>{cells}</table:table-row></table:table>"
        );
        let body =
            format!("<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>");
        archive(&[(
            "content.xml",
            format!("<office:document-content>{body}</office:document-content>"),
        )])
    };
    let corners = "<row><c r='A1' t='str'><v>a</v></c></row><row><c r='XFD1048576' t='str'><v>b</v></c></row>";
    let shared = "<c t='s'><v>0</v></c>".repeat(16_000);
    let folder = Folder::new();
    for (name, content, message) in [
        (
            "count.xlsx",
            xlsx("", "", "<sst count='4294967295' uniqueCount='4294967295'/>"),
            "the sheet is empty",
        ),
        ("corners.xlsx", xlsx(corners, "<mergeCell ref='A1:XFD1048576'/>", "<sst/>"), "`text`"),
        (
            "merged.xlsx",
            xlsx(corners, &"<mergeCell ref='A1:A1048575'/>".repeat(2_000), "<sst/>"),
            "larger than",
        ),
        (
            "strings.xlsx",
            xlsx(
                &format!("<row>{shared}</row>"),
                "",
                &format!("<sst><si><t>{}</t></si></sst>", "a".repeat(32_000)),
            ),
            "larger than",
        ),
        (
            "spaces.ods",
            ods(
                "<table:table-cell><text:p>a<text:s text:c='2000000000'/></text:p></table:table-cell>",
            ),
            "larger than",
        ),
        (
            "cells.ods",
            ods(
                "<table:table-cell table:number-columns-repeated='16384'><text:p>a</text:p></table:table-cell>",
            ),
            "larger than",
        ),
    ] {
        std::fs::write(folder.path(name), content).unwrap();
        let plan = folder.command(&["plan", name]);
        let script = "ulimit -v 524288; exec \"$0\" \"$@\"";
        let refused = output(&mut executed_by("/bin/sh", &["-c", script], &plan));
        refused.expect_code(2).expect_stderr(&[name, message, "nothing was submitted"]);
    }
}
