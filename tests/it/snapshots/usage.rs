//! Messages about invalid command lines, variables, keys and profiles.

use super::corpus::{Case, compare};
use crate::program::PERSONA;

fn sheet() -> String {
    format!("id,text,persona,ratio\njob-01,Hello.,{PERSONA},1:1\njob-02,Good bye.,{PERSONA},9:16\n")
}

/// A command line in a folder with a good sheet.
fn line(line: &str) -> Case {
    words(line, &line.split_whitespace().collect::<Vec<_>>())
}

fn words(title: &str, words: &[&str]) -> Case {
    Case::new(title, words).unseen_file("sheet.csv", sheet())
}

#[test]
fn command_lines() {
    let lines = [
        "",
        "dance",
        "rnu sheet.csv",
        "sheet.csv",
        "run",
        "run --dry-run sheet.csv",
        "run sheet.csv --dance",
        "run sheet.csv --max-credit 5",
        "run sheet.csv more",
        "run sheet.csv --out",
        "run sheet.csv --faults f.yaml",
        "run sheet.csv --sandbox --faults f.yaml",
        "run sheet.csv --share",
        "run sheet.csv -q -v",
        "collect sheet.csv --yes",
        "status",
        "why sheet.csv",
        "why sheet.csv a/b",
        "report sheet.csv other",
        "personas anna",
        "personas --gender x",
        "personas --json --open",
        "voices o'brien",
        "voices --gender nb",
        "completions",
        "completions tcsh",
        "init a b",
        "init spring.xlsx",
        "init spring.txt",
        "init nowhere/spring.csv",
        "sandbox --port 99999",
        "sandbox --render 5s-2s",
        "sandbox --render 5s",
        "sandbox --overload explode",
        "sandbox --submit-limit fast",
        "sandbox --faults nowhere.yaml",
        "plan sheet.csv --only job-99",
        "plan sheet.csv --only job-1",
        "run sheet.csv --sandbox --resubmit job-99",
        "plan sheet.csv --only-failed",
        "plan sheet.csv --only-approved nowhere.csv",
        "plan sheet.csv --date tomorow",
        "plan sheet.csv --shard 3/2",
        "plan sheet.csv --shard auto",
        "plan sheet.csv --shard auto/0",
        "why sheet.csv job-99",
        "report sheet.csv",
        "report --merge nowhere",
        "report --merge nowhere --out sheet-output",
    ];
    compare("usage_command_lines", lines.into_iter().map(line).collect());
}

/// Each option with a value that it does not take, on the command line and in the environment.
#[test]
fn values() {
    let of_run = [
        ("--submit-rate", "fast"),
        ("--in-flight", "0"),
        ("--downloads", "0"),
        ("--max-credits", "much"),
        ("--max-credits-run", "-1"),
        ("--confirm-above", "x"),
        ("--max-fail", "200%"),
        ("--poll-rate", "1"),
        ("--poll-interval", "5"),
        ("--render-timeout", "5"),
        ("--max-duration", "long"),
        ("--settle", "soon"),
        ("--lock-wait", "never"),
        ("--limit", "-1"),
        ("--sample", "some"),
        ("--resubmit", "a/b"),
        ("--shard", "2"),
        ("--date", "yesterdy"),
        ("--progress", "loud"),
        ("--log-format", "xml"),
        ("--notify", "nowhere"),
        ("--ping", "ftp://x"),
        ("--base-url", "nonsense"),
        ("--base-url", "http://api.creatify.ai"),
        ("--base-url", "https://user:word@api.creatify.ai"),
        ("--junit", ""),
    ];
    let mut cases: Vec<Case> = of_run
        .into_iter()
        .map(|(option, value)| {
            let value = format!("{option}={value}");
            words(&value, &["run", "sheet.csv", &value]).keys()
        })
        .collect();
    let variables = [
        ("CALLSHEET_SUBMIT_RATE", "fast"),
        ("CALLSHEET_MAX_CREDITS", ""),
        ("CALLSHEET_YES", "perhaps"),
        ("CALLSHEET_SANDBOX", "2"),
        ("CALLSHEET_SHARD", "x"),
        ("CALLSHEET_SETTLE", "5"),
        ("CALLSHEET_SHARE", "yes"),
        ("CALLSHEET_NOTIFY", "nowhere"),
        ("CALLSHEET_PING", "nowhere"),
        ("CREATIFY_BASE_URL", "nonsense"),
    ];
    cases.extend(variables.map(|(name, value)| {
        let title = format!("{name}={value}");
        words(&title, &["run", "sheet.csv"]).keys().variable(name, value)
    }));
    let shards = [
        ("JOB_COMPLETION_INDEX", "0", "auto"),
        ("JOB_COMPLETION_INDEX", "7", "auto/2"),
        ("JOB_COMPLETION_INDEX", "x", "auto/2"),
    ];
    cases.extend(shards.map(|(name, value, shard)| {
        let title = format!("{name}={value} --shard {shard}");
        words(&title, &["plan", "sheet.csv", "--shard", shard]).variable(name, value)
    }));
    cases.push(line("run sheet.csv -v").variable("CALLSHEET_QUIET", "yes"));
    cases.push(
        words("a part of an array", &["plan", "sheet.csv", "--shard", "auto/8"])
            .variable("SLURM_ARRAY_TASK_ID", "2")
            .variable("SLURM_ARRAY_TASK_COUNT", "2"),
    );
    cases.push(
        words(
            "more shards than renders",
            &["run", "sheet.csv", "--shard", "1/30", "--share", "--in-flight", "20"],
        )
        .keys(),
    );
    compare("usage_values", cases);
}

#[test]
fn keys_and_addresses() {
    let run = |title: &str| words(title, &["run", "sheet.csv"]);
    let cases = vec![
        run("no keys"),
        run("an empty key").keys().variable("CREATIFY_API_KEY", " "),
        words("no keys, and a wrong sheet", &["run", "wrong.csv"])
            .file("wrong.csv", "text,persona,ratio\nHi,x,4:3\n"),
        words("no keys, and no sheet", &["collect", "nowhere.csv"]),
        run("a file of keys that is missing").variable("CALLSHEET_CREDENTIALS_FILE", "nowhere"),
        run("a file of keys that others may read")
            .file("keys", "CREATIFY_API_ID=a\n")
            .variable("CALLSHEET_CREDENTIALS_FILE", "keys"),
        run("a file with one key that is missing").variable("CREATIFY_API_KEY_FILE", "nowhere"),
        run("a command that fails").variable("CALLSHEET_CREDENTIALS_COMMAND", "false"),
        run("a command that is missing").variable("CALLSHEET_CREDENTIALS_COMMAND", "/nowhere/pass"),
        run("a command that prints something else")
            .variable("CALLSHEET_CREDENTIALS_COMMAND", "echo what is this"),
        run("a command that prints one half")
            .variable("CALLSHEET_CREDENTIALS_COMMAND", "echo CREATIFY_API_ID=a"),
        run("a profile without a folder for settings").with(&["--profile", "work"]),
        run("a profile without a file")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings"),
        run("a profile that is not there")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings")
            .file("settings/callsheet/profiles.yaml", "home:\n  api_id: a\n"),
        run("a file of profiles that is wrong")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings")
            .file("settings/callsheet/profiles.yaml", "work:\n  api_key: a\n"),
        run("a file of profiles that is no YAML")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings")
            .file("settings/callsheet/profiles.yaml", "work: [\n"),
        run("a profile without a key")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings")
            .file("settings/callsheet/profiles.yaml", "work:\n  api_id: a\n"),
        run("a profile with an empty command")
            .with(&["--profile", "work"])
            .variable("XDG_CONFIG_HOME", "[FOLDER]/settings")
            .file(
                "settings/callsheet/profiles.yaml",
                "work:\n  api_id: a\n  credentials_command: []\n",
            ),
        run("an address that comes with a folder")
            .keys()
            .unset("CREATIFY_BASE_URL")
            .file(".env", "CREATIFY_BASE_URL=https://api.example\n"),
        run("settings in a `.env` file").file(
            ".env",
            "CALLSHEET_YES=1\nCALLSHEET_OUT=x\nHTTPS_PROXY=http://p\nCREATIFY_API_ID=a\n",
        ),
        line("run sheet.csv --sandbox --faults faults.yaml").file("faults.yaml", "creates: {}\n"),
        line("run sheet.csv --sandbox --faults faults.yaml")
            .file("faults.yaml", "poll: {reset: {ordinals: [0]}}\n"),
        line("run sheet.csv --sandbox --faults faults.yaml").file("faults.yaml", "poll: [\n"),
        words("nobody listens to a lookup", &["personas"]).keys(),
        words(
            "nobody listens through a proxy",
            &["personas", "--base-url", "https://api.nowhere.invalid"],
        )
        .keys()
        .variable("HTTPS_PROXY", "http://user:word@127.0.0.1:9"),
    ];
    compare("usage_keys", cases);
}

#[test]
fn marks() {
    let of = |title: &str, marks: &str| {
        words(title, &["plan", "sheet.csv", "--only-approved", "marks.csv"])
            .file("marks.csv", marks)
    };
    let cases = vec![
        of("no column of ids", "id,mark\njob-01,approved\n"),
        of("no column of marks", "job_id,comment\njob-01,x\n"),
        of("marks of a spreadsheet", "job_id;mark\r\njob-01;approved\r\njob-02;aproved\r\n"),
        of("a mark that is no mark", "job_id,mark\njob-01,perhaps\n"),
        of("an id that is missing", "job_id,mark\n,approved\n"),
        of("an unknown job", "job_id,mark\njob-03,approved\n"),
        words("not UTF-8", &["plan", "sheet.csv", "--redo-rejected", "marks.csv"])
            .file("marks.csv", b"job_id,mark\n\xff,rejected\n"),
        words("rejected and never made", &["plan", "sheet.csv", "--redo-rejected", "marks.csv"])
            .file("marks.csv", "job_id,mark\njob-01,rejected\n"),
    ];
    compare("usage_marks", cases);
}
