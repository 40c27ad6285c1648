//! What is shown, asked and bounded before and while money is spent.

use std::fmt::Write as _;

use callsheet::sandbox::{AnswerFault, Faults, Ledger, SandboxSettings, When};
use serde_json::Value;

use crate::program::{Folder, PERSONA, Provider, campaign, expect_nothing_paid_twice, quick, rows};

fn poor(credits: f64) -> Provider {
    Provider::with(SandboxSettings {
        credits,
        charge_delay_millis: 0,
        ..quick()
    })
}

fn plan_of(folder: &Folder, provider: &Provider, further: &[&str]) -> Value {
    let plan = [
        "plan",
        "sheet.csv",
        "--json",
        "--base-url",
        provider.base_url(),
    ];
    let plan = folder.run(&[&plan, further].concat()).expect_code(0);
    serde_json::from_str(&plan.stdout).unwrap()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_run_stops_at_its_own_cap_and_the_next_goes_on() {
    let (folder, provider) = (Folder::with_sheet(6), Provider::new());
    let cap = ["--max-credits-run", "12"];
    let answer = folder.campaign(&provider, &cap).expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), 2, "5 credits each");
    assert!(
        answer.stderr.contains("`--max-credits-run`"),
        "{}",
        answer.stderr
    );
    folder.campaign(&provider, &cap).expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), 4);
    folder.campaign(&provider, &cap).expect_code(0);
    folder.expect_every_paid_video(&provider.ledger());
    expect_nothing_paid_twice(&provider.ledger());
}

#[test]
fn a_balance_that_does_not_cover_the_sheet_stops_the_run_before_its_first_submit() {
    let (folder, provider) = (Folder::with_sheet(6), poor(12.0));
    let answer = folder.campaign(&provider, &[]).expect_code(5);
    assert!(provider.ledger().creates.is_empty());
    for part in [
        "balance of 12 credits does not cover 6 videos for 30 credits",
        "at least 18 are missing",
        "nothing was submitted",
        "--allow-partial",
        "--max-credits 12",
    ] {
        assert!(answer.stderr.contains(part), "{part}: {}", answer.stderr);
    }
    // A run that never began leaves no trace.
    assert!(!folder.path("sheet-output").exists());
    let answer = folder
        .campaign(&provider, &["--max-credits", "10"])
        .expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), 2, "{}", answer.stderr);
    folder.expect_every_paid_video(&provider.ledger());
}

#[test]
fn as_much_as_the_balance_covers_is_made_on_request() {
    let (folder, provider) = (Folder::with_sheet(4), poor(12.0));
    let mut command = folder.command(&campaign("run", &provider, &[]));
    command.env("CALLSHEET_ALLOW_PARTIAL", "1");
    let answer = crate::program::finish(command.spawn().unwrap()).expect_code(5);
    assert_eq!(provider.ledger().accepted.len(), 2);
    assert!(
        answer.stderr.contains("warning: the balance of 12 credits"),
        "{}",
        answer.stderr
    );
    folder.expect_every_paid_video(&provider.ledger());
}

#[test]
fn what_is_promised_to_renders_under_way_is_not_there_to_be_spent() {
    let folder = Folder::with_sheet(4);
    let provider = Provider::with(SandboxSettings {
        credits: 18.0,
        render_millis: 60_000..=60_000,
        ..quick()
    });
    folder
        .campaign(&provider, &["--limit", "2", "--submit-only"])
        .expect_code(8);
    let answer = folder.campaign(&provider, &[]).expect_code(5);
    let words = "balance of 18 credits, of which 10 are promised";
    assert!(answer.stderr.contains(words), "{}", answer.stderr);
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn a_balance_that_cannot_be_read_is_said_once_and_stops_nothing() {
    let faults = Faults {
        catalogue: [(AnswerFault::Unavailable, When::always())].into(),
        ..Faults::default()
    };
    let (folder, provider) = (
        Folder::with_sheet(2),
        Provider::with(SandboxSettings { faults, ..quick() }),
    );
    let answer = folder.campaign(&provider, &[]).expect_code(0);
    assert_eq!(
        answer.stderr.matches("could not be read").count(),
        1,
        "{}",
        answer.stderr
    );
    let plan = [
        "plan",
        "sheet.csv",
        "--online",
        "--base-url",
        provider.base_url(),
    ];
    let plan = folder.run(&plan).expect_code(0).stdout;
    assert!(plan.contains("balance: could not be read"), "{plan}");
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let (folder, provider) = (Folder::with_sheet(2), Provider::new());
    let answer = folder
        .campaign(&provider, &["--confirm-above", "0"])
        .expect_code(0);
    assert!(!answer.stderr.contains("[y/N]"), "{}", answer.stderr);
    assert_eq!(provider.ledger().accepted.len(), 2);
}

#[test]
fn what_will_be_paid_for_again_is_said_first() {
    let (folder, provider) = (Folder::with_sheet(3), Provider::new());
    let first = folder.campaign(&provider, &[]).expect_code(0);
    assert!(!first.stderr.contains("paying again"), "{}", first.stderr);
    let edited = folder.read("sheet.csv").replace("number 2,", "number two,");
    folder.write("sheet.csv", &edited);
    let answer = folder
        .campaign(&provider, &["--redo-changed"])
        .expect_code(0);
    let words = "note: paying again for 1 video, at 5 credits; it cost 5 before\n";
    assert!(answer.stderr.starts_with(words), "{}", answer.stderr);
    let answer = folder.campaign(&provider, &["--fresh"]).expect_code(0);
    let words = "paying again for 3 videos, at 15 credits; they cost 20 before\n";
    assert!(answer.stderr.contains(words), "{}", answer.stderr);
}

#[test]
fn a_plan_shows_the_balance_and_what_would_be_left() {
    let (folder, provider) = (Folder::with_sheet(4), poor(100.0));
    let plan = plan_of(&folder, &provider, &[]);
    assert_eq!(plan["balance"]["credits"], 100);
    assert_eq!(plan["balance"]["left_low"], 80);
    assert_eq!(plan["balance"]["covers_plan"], true);
    let plan = folder
        .run(&["plan", "sheet.csv", "--base-url", provider.base_url()])
        .expect_code(0);
    let words = "balance: 100 credits; 80 would be left";
    assert!(plan.stdout.contains(words), "{}", plan.stdout);
    assert!(
        plan.stdout.contains("estimated at 2.5 words a second"),
        "{}",
        plan.stdout
    );

    // Without keys it needs nothing; without a provider it says so.
    let mut offline = folder.command(&["plan", "sheet.csv", "--json"]);
    offline.env_remove("CREATIFY_API_KEY");
    let offline = crate::program::finish(offline.spawn().unwrap()).expect_code(0);
    let offline: Value = serde_json::from_str(&offline.stdout).unwrap();
    assert!(offline["balance"].is_null());
    let unreached = folder.run(&["plan", "sheet.csv", "--json"]).expect_code(0);
    let unreached: Value = serde_json::from_str(&unreached.stdout).unwrap();
    assert!(unreached["balance"]["error"].is_string());
    assert!(!folder.path("sheet-output").exists());
}

/// A campaign as they are: all models, short and long texts, a language without spaces, recordings.
fn mixed(from: usize, to: usize) -> String {
    let mut sheet =
        String::from("id,text,audio,persona,aspect_ratio,model_version,audio_seconds\n");
    for number in from..to {
        let model = ["standard", "aurora_v1", "aurora_v1_fast"][number % 3];
        let words = 12 + (number * 37) % 140;
        let text = match number % 5 {
            4 => "この商品は毎日の暮らしを少しだけ楽しくします。".repeat(1 + number % 4),
            3 => String::new(),
            _ => "We make it easy. ".repeat(words / 4),
        };
        let (audio, seconds) = if text.is_empty() {
            let seconds = 9 + (number * 13) % 60;
            let stated = if number % 2 == 0 {
                seconds.to_string()
            } else {
                String::new()
            };
            let query = if number % 2 == 0 {
                format!("?seconds={seconds}")
            } else {
                String::new()
            };
            (format!("https://example.com/{number}.mp3{query}"), stated)
        } else {
            (String::new(), String::new())
        };
        writeln!(
            sheet,
            "job-{number:03},{text},{audio},{PERSONA},9:16,{model},{seconds}"
        )
        .unwrap();
    }
    sheet
}

fn charged(ledger: &Ledger) -> f64 {
    ledger.accepted.iter().map(|job| job.charge).sum()
}

#[test]
fn estimates_of_a_mixed_campaign_are_within_a_fifth_of_the_charge_and_better_once_learnt() {
    let folder = Folder::new();
    let provider = Provider::with(SandboxSettings {
        credits: 100_000.0,
        ..quick()
    });
    folder.write("sheet.csv", &mixed(0, 40));
    let before = plan_of(&folder, &provider, &[]);
    assert_eq!(before["assumptions"]["recordings_of_unknown_length"], 4);
    folder
        .campaign(&provider, &["--in-flight", "100"])
        .expect_code(0);
    let charge = charged(&provider.ledger());
    let credits = &before["credits"];
    let (low, likely, high) = (
        number(&credits["to_do_low"]),
        number(&credits["to_do_likely"]),
        number(&credits["to_do_high"]),
    );
    assert!((likely / charge - 1.0).abs() < 0.2, "{likely} of {charge}");
    assert!(
        (f64::midpoint(low, high) / charge - 1.0).abs() < 0.2,
        "{low} to {high} of {charge}"
    );
    assert!(low < charge && charge < high, "{low} to {high} of {charge}");

    // The next forty are estimated by what the first have taught.
    folder.write("sheet.csv", &mixed(0, 80));
    let after = plan_of(&folder, &provider, &[]);
    assert!(number(&after["assumptions"]["learnt_from_jobs"]) > 20.0);
    let first = charge;
    folder
        .campaign(&provider, &["--in-flight", "100"])
        .expect_code(0);
    let charge = charged(&provider.ledger()) - first;
    let credits = &after["credits"];
    let learnt = number(&credits["to_do_likely"]);
    assert!((learnt / charge - 1.0).abs() < 0.1, "{learnt} of {charge}");
    let width = number(&credits["to_do_high"]) - number(&credits["to_do_low"]);
    assert!(
        width < (high - low) * 0.8,
        "{width} is hardly narrower than {}",
        high - low
    );
    let is_text =
        |job: &&Value| job["will_submit"] == true && job["seconds_low"] != job["seconds_high"];
    for job in after["jobs"].as_array().unwrap().iter().filter(is_text) {
        assert!(
            number(&job["credits_reserved"]) >= number(&job["credits_high"]),
            "{job}"
        );
    }

    let report = folder.run(&["report", "sheet.csv"]).expect_code(0).stdout;
    for word in ["model", "persona", "aurora_v1_fast", "charged"] {
        assert!(report.contains(word), "{word}: {report}");
    }
    let results: Value = serde_json::from_str(&folder.read("sheet-output/results.json")).unwrap();
    let models = &results["estimate_against_actual"]["model_version"];
    let used: f64 = ["standard", "aurora_v1", "aurora_v1_fast"]
        .iter()
        .map(|model| number(&models[model]["credits_used"]))
        .sum();
    assert!((used - charged(&provider.ledger())).abs() < 0.01);
}

#[test]
fn a_finished_job_keeps_the_estimate_it_was_submitted_with() {
    let (folder, provider) = (Folder::new(), Provider::new());
    folder.write("sheet.csv", &mixed(0, 12));
    folder.campaign(&provider, &["--limit", "8"]).expect_code(0);
    folder.campaign(&provider, &[]).expect_code(0);
    let written = folder.read("sheet-output/results.csv");
    folder.run(&["report", "sheet.csv"]).expect_code(0);
    assert_eq!(folder.read("sheet-output/results.csv"), written);
}

#[test]
fn only_what_was_approved_is_made_and_an_edit_needs_another_word() {
    let (folder, provider) = (Folder::with_sheet(5), Provider::new());
    let strict = ["--require-approval"];
    let answer = folder.campaign(&provider, &strict).expect_code(2);
    assert!(
        answer.stderr.contains("needs an approval"),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("--sample 3"), "{}", answer.stderr);
    assert!(
        !folder.path("sheet-output").exists(),
        "nothing is left behind"
    );

    folder
        .campaign(&provider, &["--sample", "3"])
        .expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 3);
    let mut command = folder.command(&["approve", "sheet.csv"]);
    let answer = crate::program::finish(command.env("USER", "anna").spawn().unwrap());
    let answer = answer.expect_code(0);
    let words = "approved by anna: 5 jobs as they are now, 2 still to be made for 10 credits";
    assert!(answer.stdout.contains(words), "{}", answer.stdout);
    let status = folder.run(&["status", "sheet.csv"]).expect_code(0).stdout;
    assert!(status.contains("approval  given by anna"), "{status}");

    let sheet = folder.read("sheet.csv");
    folder.write("sheet.csv", &sheet.replace("number 4,", "number four,"));
    let answer = folder.campaign(&provider, &strict).expect_code(2);
    assert!(
        answer.stderr.contains("changed since: 1 job edited"),
        "{}",
        answer.stderr
    );
    let plan = plan_of(&folder, &provider, &[]);
    assert_eq!(plan["approval"]["state"], "outdated");
    assert_eq!(plan["approval"]["edited"], 1);
    assert_eq!(provider.ledger().accepted.len(), 3);

    // Another order of the rows is still the same sheet.
    let mut lines: Vec<&str> = sheet.lines().collect();
    lines[1..].reverse();
    folder.write("sheet.csv", &lines.join("\n"));
    folder.campaign(&provider, &strict).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 5);
    let done = rows(&folder.read("sheet-output/results.csv"));
    assert!(done.iter().all(|row| row["status"] == "done"));
}

#[test]
fn a_manifest_that_wants_an_approval_lets_samples_pass() {
    let (folder, provider) = (Folder::with_sheet(4), Provider::new());
    let manifest = "campaign: sheet\noutput: { folder: sheet-output, require_approval: yes }\n\
                    jobs:\n  - rows: sheet.csv\n";
    folder.write("campaign.yaml", manifest);
    let run = |further: &[&str]| {
        let fast = ["--base-url", provider.base_url()];
        let arguments = [
            &["run", "campaign.yaml"],
            &fast[..],
            &crate::program::FAST,
            further,
        ];
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
}
