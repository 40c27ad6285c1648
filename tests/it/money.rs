//! Caps, balances, estimates, confirmations and approvals.

use std::fmt::Write as _;

use callsheet::sandbox::{FaultTrigger, Faults, ResponseFault, SandboxSettings};
use serde_json::Value;

use crate::program::{
    FAST, Folder, PERSONA, Provider, Scenario, expect_nothing_paid_twice, output, quick,
};

/// A scenario whose account has this many credits.
fn with_credits(jobs: usize, credits: f64) -> Scenario {
    let settings = SandboxSettings { credits, charge_delay_millis: 0, ..quick() };
    Scenario::with(jobs, settings)
}

fn plan(scenario: &Scenario) -> Value {
    let address = ["--base-url", scenario.base_url()];
    scenario.json(&[&["plan", "sheet.csv"], &address[..]].concat())
}

fn number(value: &Value) -> f64 {
    let number = value.as_f64();
    number.unwrap_or_else(|| panic!("{value} is not a number"))
}

fn charged(scenario: &Scenario) -> f64 {
    scenario.ledger().credits_charged
}

#[test]
fn a_run_stops_at_its_own_cap_and_the_next_run_continues() {
    let scenario = Scenario::new(6);
    let cap = ["--max-credits-run", "12"];
    let stopped = scenario.run_sheet(&cap).expect_code(5);
    stopped.expect_stderr(&["`--max-credits-run`"]);
    assert_eq!(scenario.accepted(), 2, "5 credits each");
    scenario.run_sheet(&cap).expect_code(5);
    assert_eq!(scenario.accepted(), 4);
    scenario.run_sheet(&cap).expect_code(0);
    scenario.expect_paid_once(6);
}

#[test]
fn a_cap_applies_to_later_runs_until_it_is_lifted() {
    let scenario = Scenario::new(6);
    let credits = |command: &str| scenario.json(&[command, "sheet.csv"])["credits"].clone();
    let note = "the cap of an earlier run applies";
    let run = |further: &[&str], code: i32, accepted: usize| {
        let run = scenario.run_sheet(further).expect_code(code);
        assert_eq!(scenario.accepted(), accepted, "{further:?}");
        run
    };
    run(&["--max-credits", "12"], 5, 2).expect_not_in_stderr(&[note]);
    for command in ["plan", "status"] {
        let credits = credits(command);
        assert_eq!(credits["max_credits"], 12);
        assert_eq!(credits["max_credits_source"], "earlier_run");
        assert_eq!(credits["left"], 2);
        let shown = scenario.run(&[command, "sheet.csv"]).expect_code(0);
        shown.expect_stdout(&["10 spent, 2 left of 12 (cap of an earlier run)"]);
    }
    run(&[], 5, 2)
        .expect_stderr(&[note, "10 of 12 credits are used; `--max-credits none` lifts it"]);
    run(&["--max-credits", "17"], 5, 3).expect_not_in_stderr(&[note]);
    scenario.run_online(&["collect", "sheet.csv"]).expect_code(0).expect_not_in_stderr(&[note]);
    run(&[], 5, 3);
    // A plan changes nothing.
    let lifted = scenario.json(&["plan", "sheet.csv", "--max-credits", "none"])["credits"].clone();
    assert_eq!(
        (&lifted["max_credits"], &lifted["max_credits_source"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(credits("status")["max_credits"], 17);
    run(&["--max-credits", "none", "--limit", "4"], 0, 4);
    assert_eq!(credits("status")["max_credits"], Value::Null);
    run(&[], 0, 6).expect_not_in_stderr(&[note]);
}

#[test]
fn a_manifest_only_lowers_a_remembered_cap() {
    let scenario = Scenario::new(6);
    let run = |cap: &str, further: &[&str]| {
        scenario.write("c.yaml", &manifest(&format!("limits: {{max_credits: {cap}}}")));
        let named = ["run", "c.yaml", "--base-url", scenario.base_url()];
        scenario.run(&[&named[..], &FAST, further].concat()).expect_code(5)
    };
    run("22", &["--max-credits", "12"]);
    for (cap, shown, source) in
        [("22", 12, "earlier_run"), ("none", 12, "earlier_run"), ("6", 6, "manifest")]
    {
        run(cap, &[]);
        assert_eq!(scenario.accepted(), 2, "{cap}");
        let credits = &scenario.json(&["status", "c.yaml"])["credits"];
        assert_eq!(credits["max_credits"], shown);
        assert_eq!(credits["max_credits_source"], source);
    }
}

#[test]
fn nothing_is_submitted_if_the_balance_does_not_cover_the_sheet() {
    let scenario = with_credits(6, 12.0);
    scenario.run_sheet(&[]).expect_code(5).expect_stderr(&[
        "balance of 12 credits does not cover 6 videos for 30 credits",
        "at least 18 are missing",
        "nothing was submitted",
        "--allow-partial",
        "--max-credits 12",
    ]);
    assert!(scenario.ledger().creates.is_empty());
    assert!(!scenario.exists("sheet-output"), "no folder is created");
    scenario.run_sheet(&["--max-credits", "10"]).expect_code(5);
    scenario.expect_paid_once(2);
}

#[test]
fn allow_partial_submits_what_the_balance_covers() {
    let scenario = with_credits(4, 12.0);
    let mut command = scenario.sheet_command(&[]);
    output(command.env("CALLSHEET_ALLOW_PARTIAL", "1"))
        .expect_code(5)
        .expect_stderr(&["warning: the balance of 12 credits"]);
    scenario.expect_paid_once(2);
}

/// Returns a manifest with these sections for the rows of `sheet.csv`.
fn manifest(sections: &str) -> String {
    format!("{sections}\njobs:\n- rows: sheet.csv\n")
}

#[test]
fn a_manifest_can_only_make_a_run_more_careful() {
    let scenario = with_credits(4, 12.0);
    let run = |sections: &str, further: &[&str]| {
        scenario.write("c.yaml", &manifest(sections));
        let named = ["run", "c.yaml", "--base-url", scenario.base_url()];
        scenario.run(&[&named[..], &FAST, further].concat())
    };
    for price in ["standard_block", "aurora_v1_second", "aurora_v1_fast_second"] {
        run(&format!("prices: {{{price}: 0}}"), &[])
            .expect_code(2)
            .expect_stderr(&["`0` is not a price", "nothing was submitted"]);
    }
    run("limits: {allow_partial: yes}", &[]).expect_code(5).expect_stderr(&[
        "c.yaml:1",
        "`allow_partial` has no effect in a manifest",
        "12 credits",
    ]);
    let cheap = "prices: {standard_block: 0.001, standard_block_seconds: 100000}";
    run(cheap, &[]).expect_code(5).expect_stderr(&["12 credits does not cover 4 videos for 20"]);
    assert_eq!(scenario.accepted(), 0);
    // Two jobs of 5 credits reach the cap.
    let capped = run(cheap, &["--max-credits", "10"]).expect_code(5);
    capped.expect_stderr(&["`prices` in a manifest cannot lower an estimate"]);
    assert_eq!(scenario.accepted(), 2);

    scenario.write("c.yaml", &manifest("limits: {confirm_above: 9999, settle: 1s}"));
    let config = scenario.run(&["config", "c.yaml", "--json"]).expect_code(0).json();
    let value = |name: &str| {
        let mut settings = config.as_array().unwrap().iter();
        settings.find(|setting| setting["name"] == name).unwrap()["value"].clone()
    };
    assert_eq!((value("confirm_above"), value("settle")), ("50".into(), "30s".into()));
}

#[test]
fn credits_promised_to_renders_in_flight_are_not_available() {
    let settings = SandboxSettings { credits: 18.0, render_millis: 60_000..=60_000, ..quick() };
    let scenario = Scenario::with(4, settings);
    let two = ["--limit", "2", "--submit-only"];
    scenario.run_sheet(&two).expect_code(8);
    let refused = scenario.run_sheet(&[]).expect_code(5);
    refused.expect_stderr(&["balance of 18 credits, of which 10 are promised"]);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn an_unreadable_balance_is_reported_once_and_does_not_stop_the_run() {
    let faults = Faults {
        catalogue: [(ResponseFault::Unavailable, FaultTrigger::always())].into(),
        ..Faults::default()
    };
    let scenario = Scenario::with_faults(2, faults);
    let run = scenario.run_sheet(&[]).expect_code(0);
    let reports = run.stderr.matches("could not be read").count();
    assert_eq!(reports, 1, "{}", run.stderr);
    let plan = scenario.run_online(&["plan", "sheet.csv", "--online"]);
    let plan = plan.expect_code(0);
    plan.expect_stdout(&["balance: could not be read"]);
}

#[test]
fn no_confirmation_without_a_terminal() {
    let scenario = Scenario::new(2);
    let run = scenario.run_sheet(&["--confirm-above", "0"]);
    run.expect_code(0).expect_not_in_stderr(&["[y/N]"]);
    assert_eq!(scenario.accepted(), 2);
}

#[test]
fn paying_again_is_announced() {
    let scenario = Scenario::new(3);
    let first = scenario.run_sheet(&[]).expect_code(0);
    first.expect_not_in_stderr(&["paying again"]);
    scenario.replace("sheet.csv", "number 2,", "number two,");
    let redo = scenario.run_sheet(&["--redo-changed"]).expect_code(0);
    let note = "note: paying again for 1 video, at 5 credits; it cost 5 before\n";
    assert!(redo.stderr.starts_with(note), "{}", redo.stderr);
    let fresh = scenario.run_sheet(&["--fresh"]).expect_code(0);
    fresh.expect_stderr(&["paying again for 3 videos, at 15 credits; they cost 20 before\n"]);
}

#[test]
fn a_plan_shows_the_balance_and_what_remains() {
    let scenario = with_credits(4, 100.0);
    let balance = &plan(&scenario)["balance"];
    assert_eq!(balance["credits"], 100);
    assert_eq!(balance["left_low"], 80);
    assert_eq!(balance["covers_plan"], true);
    let text = scenario.run_online(&["plan", "sheet.csv"]).expect_code(0);
    text.expect_stdout(&[
        "balance: 100 credits; 80 would be left",
        "estimated at 2.5 words a second",
    ]);

    // It needs neither credentials nor a reachable provider.
    let mut offline = scenario.command(&["plan", "sheet.csv", "--json"]);
    let offline = output(offline.env_remove("CREATIFY_API_KEY")).expect_code(0);
    assert!(offline.json()["balance"].is_null());
    let unreachable = scenario.json(&["plan", "sheet.csv"]);
    assert!(unreachable["balance"]["error"].is_string());
    assert!(!scenario.exists("sheet-output"));
}

/// Returns rows with all models, short and long texts, a language without spaces, and recordings.
fn mixed_sheet(jobs: usize) -> String {
    let mut sheet =
        String::from("id,text,audio,persona,aspect_ratio,model_version,audio_seconds\n");
    for number in 0..jobs {
        let model = ["standard", "aurora_v1", "aurora_v1_fast"][number % 3];
        let words = 12 + (number * 37) % 140;
        let text = match number % 5 {
            4 => "この商品は毎日の暮らしを少しだけ楽しくします。".repeat(1 + number % 4),
            3 => String::new(),
            _ => "We make it easy. ".repeat(words / 4),
        };
        let seconds = 9 + (number * 13) % 60;
        let (audio, seconds) = match (text.is_empty(), number % 2) {
            (false, _) => (String::new(), String::new()),
            (true, 0) => {
                (format!("https://example.com/{number}.mp3?seconds={seconds}"), seconds.to_string())
            }
            (true, _) => (format!("https://example.com/{number}.mp3"), String::new()),
        };
        writeln!(sheet, "job-{number:03},{text},{audio},{PERSONA},9:16,{model},{seconds}").unwrap();
    }
    sheet
}

#[test]
fn estimates_are_within_20_percent_of_the_charge_and_better_after_calibration() {
    let scenario = with_credits(0, 100_000.0);
    scenario.write("sheet.csv", &mixed_sheet(40));
    let before = plan(&scenario);
    assert_eq!(before["assumptions"]["recordings_of_unknown_length"], 4);
    let run = ["--in-flight", "100", "--suspicious", "allow"];
    scenario.run_sheet(&run).expect_code(0);
    let charge = charged(&scenario);
    let estimate = |plan: &Value, bound: &str| number(&plan["credits"][format!("to_do_{bound}")]);
    let [low, likely, high] = ["low", "likely", "high"].map(|bound| estimate(&before, bound));
    let range = format!("{low}, {likely}, {high} of {charge}");
    assert!((likely / charge - 1.0).abs() < 0.2, "{range}");
    assert!((f64::midpoint(low, high) / charge - 1.0).abs() < 0.2, "{range}");
    assert!(low < charge && charge < high, "{range}");

    // The next forty are estimated from the results of the first.
    scenario.write("sheet.csv", &mixed_sheet(80));
    let after = plan(&scenario);
    assert!(number(&after["assumptions"]["learnt_from_jobs"]) > 20.0);
    scenario.run_sheet(&run).expect_code(0);
    let charge = charged(&scenario) - charge;
    let likely = estimate(&after, "likely");
    assert!((likely / charge - 1.0).abs() < 0.1, "{likely} of {charge}");
    let (before, width) = (high - low, estimate(&after, "high") - estimate(&after, "low"));
    assert!(width < before * 0.8, "{width} is not narrower than {before}");
    let is_text =
        |job: &&Value| job["will_submit"] == true && job["seconds_low"] != job["seconds_high"];
    for job in after["jobs"].as_array().unwrap().iter().filter(is_text) {
        let [reserved, high] = ["credits_reserved", "credits_high"].map(|name| number(&job[name]));
        assert!(reserved >= high, "{job}");
    }

    let report = scenario.run(&["report", "sheet.csv"]).expect_code(0);
    report.expect_stdout(&["model", "persona", "aurora_v1_fast", "charged"]);
    let results = scenario.read_json("sheet-output/results.json");
    let models = &results["estimate_against_actual"]["model_version"];
    let used: f64 = ["standard", "aurora_v1", "aurora_v1_fast"]
        .iter()
        .map(|model| number(&models[model]["credits_used"]))
        .sum();
    assert!((used - charged(&scenario)).abs() < 0.01);
}

#[test]
fn a_sheet_cannot_lower_what_is_reserved_for_a_recording() {
    let scenario = Scenario::with_text(&format!(
        "id,audio,persona,aspect_ratio,audio_seconds\n\
         a,https://example.com/a.mp3?seconds=20,{PERSONA},9:16,1\n\
         b,https://example.com/b.mp3?seconds=20,{PERSONA},9:16,\n"
    ));
    let reserved = |further: &[&str]| {
        let plan = scenario.json(&[&["plan", "sheet.csv"], further].concat());
        let jobs = plan["jobs"].as_array().unwrap().iter();
        jobs.map(|job| number(&job["credits_reserved"])).collect::<Vec<_>>()
    };
    assert_eq!(reserved(&[]), [50.0, 50.0], "five minutes");
    assert_eq!(reserved(&["--audio-seconds", "30"]), [5.0, 5.0]);
    let plan = scenario.run(&["plan", "sheet.csv"]).expect_code(0);
    plan.expect_stdout(&[
        "a cap reserves 300 seconds for each recording, unless `--audio-seconds`",
    ]);
    scenario.run_sheet(&["--max-credits", "49"]).expect_code(5);
    assert_eq!(scenario.accepted(), 0);
    // One after the other: the charge of the first is believed.
    scenario.run_sheet(&["--max-credits", "55", "--in-flight", "1"]).expect_code(0);
    assert_eq!(scenario.accepted(), 2);
    let status = scenario.json(&["status", "sheet.csv"]);
    assert_eq!(status["credits"]["withheld"], 0);
}

#[test]
fn a_finished_job_keeps_its_estimate() {
    let scenario = Scenario::with_text(&mixed_sheet(12));
    scenario.run_sheet(&["--limit", "8"]).expect_code(0);
    scenario.run_sheet(&[]).expect_code(0);
    let written = scenario.read("sheet-output/results.csv");
    scenario.run(&["report", "sheet.csv"]).expect_code(0);
    assert_eq!(scenario.read("sheet-output/results.csv"), written);
}

#[test]
fn only_approved_rows_are_submitted_and_an_edit_needs_a_new_approval() {
    let scenario = Scenario::new(5);
    let strict = ["--require-approval"];
    let refused = scenario.run_sheet(&strict).expect_code(2);
    refused.expect_stderr(&["needs an approval", "--sample 3"]);
    assert!(!scenario.exists("sheet-output"), "no folder is created");

    scenario.run_sheet(&["--sample", "3"]).expect_code(0);
    assert_eq!(scenario.accepted(), 3);
    let mut approve = scenario.command(&["approve", "sheet.csv"]);
    output(approve.env("USER", "anna")).expect_code(0).expect_stdout(&[
        "approved by anna: 5 jobs as they are now, 2 still to be made for 10 credits",
    ]);
    let status = scenario.run(&["status", "sheet.csv"]).expect_code(0);
    status.expect_stdout(&["approval  given by anna"]);

    let sheet = scenario.read("sheet.csv");
    scenario.replace("sheet.csv", "number 4,", "number four,");
    let refused = scenario.run_sheet(&strict).expect_code(2);
    refused.expect_stderr(&["changed since: 1 job edited"]);
    let approval = &plan(&scenario)["approval"];
    assert_eq!(approval["state"], "outdated");
    assert_eq!(approval["edited"], 1);
    assert_eq!(scenario.accepted(), 3);

    // The order of the rows does not matter.
    let mut lines: Vec<&str> = sheet.lines().collect();
    lines[1..].reverse();
    scenario.write("sheet.csv", &lines.join("\n"));
    scenario.run_sheet(&strict).expect_code(0);
    assert_eq!(scenario.accepted(), 5);
    let results = scenario.results();
    assert!(results.iter().all(|row| row["status"] == "done"));
}

#[test]
fn samples_do_not_get_round_an_approval() {
    let (folder, provider) = (Folder::with_sheet(24), Provider::new());
    let manifest = "output: { require_approval: yes }\njobs:\n  - rows: sheet.csv\n";
    folder.write("sheet.yaml", manifest);
    let run = |further: &[&str]| {
        let address = ["--base-url", provider.base_url()];
        folder.run(&[&["run", "sheet.yaml"], &address[..], &FAST, further].concat())
    };
    let refused = run(&["--sample", "11"]).expect_code(2);
    refused.expect_stderr(&["needs an approval", "of at most 10", "nothing was submitted"]);
    let first: Vec<String> = (1..=8).map(|number| format!("job-{number:02}")).collect();
    run(&["--sample", "8", "--only", &first.join(",")]).expect_code(0);
    run(&["--sample", "3", "--only", "job-11,job-12,job-13"]).expect_code(2);
    run(&["--sample", "2", "--only", "job-11,job-12"]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 10);
    folder.run(&["approve", "sheet.yaml"]).expect_code(0);
    run(&["--sample", "11"]).expect_code(0);
}

#[test]
fn a_manifest_that_requires_approval_allows_samples() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    let manifest = "campaign: sheet\noutput: { folder: sheet-output, require_approval: yes }\n\
                    jobs:\n  - rows: sheet.csv\n";
    folder.write("campaign.yaml", manifest);
    let run = |further: &[&str]| {
        let address = ["--base-url", provider.base_url()];
        let arguments = [&["run", "campaign.yaml"], &address[..], &FAST, further];
        folder.run(&arguments.concat())
    };
    run(&[]).expect_code(2);
    run(&["--limit", "2"]).expect_code(2);
    run(&["--sample", "1", "--require-approval"]).expect_code(2);
    assert!(provider.ledger().creates.is_empty());
    run(&["--sample", "1"]).expect_code(0);
    folder.run(&["approve", "campaign.yaml"]).expect_code(0);
    run(&[]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 4);
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn a_render_that_fails_for_want_of_credits_stops_the_run_and_is_open_for_the_next() {
    let scenario = Scenario::new(6);
    let sheet = scenario.read("sheet.csv");
    let poor = sheet.replacen("Hello", "[fail: You have run out of credits.] Hello", 1);
    assert_ne!(poor, sheet);
    scenario.write("sheet.csv", &poor);
    let one = ["--in-flight", "1"];
    let stopped = scenario.run_sheet(&one).expect_code(5);
    stopped.expect_stderr(&["out of credits", "6 pending"]);
    let results = scenario.results();
    assert_eq!((&*results[0]["status"], scenario.accepted()), ("pending", 1));
    assert!(results[0]["error"].contains("out of credits"), "{results:?}");

    // It is tried once more. If it fails for the same reason, it is a failed job, and the others are made.
    scenario.run_sheet(&one).expect_code(5);
    scenario.run_sheet(&one).expect_code(3);
    assert_eq!((&*scenario.results()[0]["status"], scenario.accepted()), ("failed", 7));
    scenario.run_sheet(&one).expect_code(0);
    assert_eq!(scenario.accepted(), 7);
}
