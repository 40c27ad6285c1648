//! The sources of settings and credentials.

use callsheet::sandbox::{AcceptedKeys, SandboxSettings};
use serde_json::Value;

#[cfg(unix)]
use crate::program::Scenario;
use crate::program::{FAST, Folder, KEYS, Output, Provider, output, quick};

const SECRETS: [&str; 4] = [KEYS[0], KEYS[1], "hook-secret", "switch-secret"];

/// Both variables of the test's credentials, unset.
const NO_KEYS: [(&str, &str); 2] = [("CREATIFY_API_ID", ""), ("CREATIFY_API_KEY", "")];

/// Returns the value and the source of a setting in the output of `config --json`.
fn setting(json: &Value, name: &str) -> (String, String) {
    let mut settings = json.as_array().unwrap().iter();
    let setting = settings.find(|setting| setting["name"] == name);
    let setting = setting.unwrap_or_else(|| panic!("no {name} in {json:#}"));
    let text = |field: &str| setting[field].as_str().unwrap_or_default().to_owned();
    (text("value"), text("source"))
}

#[test]
fn a_long_env_file_is_not_read() {
    let folder = Folder::with_sheet(1);
    let line = "CREATIFY_API_ID=a\n";
    let lines = |bytes: usize| line.repeat(bytes / line.len());
    let config = |text: &str| {
        folder.write(".env", text);
        run_with(&folder, &["config", "sheet.csv"], &NO_KEYS).expect_code(0)
    };
    config(&lines(1_000_000)).expect_stdout(&["in `.env`"]);
    config(&lines(1_000_100))
        .expect_stderr(&["note: `.env` is not read: it is longer than 1.0 MB"]);
}

/// Runs the program with these variables; an empty value unsets one.
fn run_with(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = folder.command(arguments);
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name);
        } else {
            command.env(name, value);
        }
    }
    output(&mut command)
}

#[test]
fn config_shows_each_setting_with_its_source_and_no_secret() {
    let folder = Folder::new();
    // A name that needs no catalogue here.
    folder.write(
        "c.yaml",
        "campaign: spring\nlimits:\n  in_flight: 9\n  max_credits: 90\n  render_timeout: 20m\n\
         output:\n  ping: https://hc.example/switch-secret\n\
         jobs:\n  - text: Hello.\n    persona: Anna\n    aspect_ratio: 1:1\n",
    );
    let config = "config c.yaml --submit-rate 8/min --shard 2/4 --share";
    let config: Vec<&str> = config.split(' ').collect();
    let variables =
        [("CALLSHEET_DOWNLOADS", "2"), ("CALLSHEET_NOTIFY", "https://hooks.example/hook-secret")];
    let json = [&config[..], &["--json"]].concat();
    let json = run_with(&folder, &json, &variables).expect_code(0).json();
    for (name, value, source) in [
        ("campaign", "spring", "manifest"),
        ("out", "c-output/shard-2-of-4", "default"),
        ("submit_rate", "8/4min", "command line, `--submit-rate`; this shard's part of 8/min"),
        ("downloads", "2", "environment, `CALLSHEET_DOWNLOADS`"),
        ("in_flight", "2", "manifest; this shard's part of 9"),
        ("max_credits", "22.5", "manifest; this shard's part of 90"),
        ("render_timeout", "20m", "manifest"),
        ("settle", "30s", "default"),
        ("base_url", "http://127.0.0.1:9", "environment, `CREATIFY_BASE_URL`"),
        ("CREATIFY_API_KEY", "(set, hidden)", "environment, `CREATIFY_API_KEY`"),
        ("notify", "(set, hidden)", "environment, `CALLSHEET_NOTIFY`"),
        ("ping", "(set, hidden)", "manifest"),
    ] {
        let expected = (value.to_owned(), source.to_owned());
        assert_eq!(setting(&json, name), expected, "{name}");
    }
    let table = run_with(&folder, &config, &variables).expect_code(0);
    let table = table.expect_stdout(&["22.5"]);
    for secret in SECRETS {
        assert!(!format!("{json} {table:?}").contains(secret), "{secret}");
    }
    // Without a manifest, settings of the other sources are shown.
    let bare = folder.json(&["config"]);
    assert_eq!(setting(&bare, "submit_rate").1, "default");
}

#[test]
fn the_environment_names_the_encoding_of_a_sheet() {
    let folder = Folder::new();
    // `voilà` in code page 850.
    let sheet = b"text,persona,aspect_ratio\nvoil\x85,7350375b-9a98-51b8-934d-14d46a645dc2,1:1\n";
    std::fs::write(folder.path("a.csv"), sheet).unwrap();
    folder
        .run(&["plan", "a.csv"])
        .expect_code(2)
        .expect_stderr(&["cp850`         voilà", "windows-1252`  voil…"]);
    let plan = run_with(&folder, &["plan", "a.csv", "--json"], &[("CALLSHEET_ENCODING", "cp850")]);
    assert_eq!(plan.expect_code(0).json()["jobs"][0]["text"], "voilà");
}

#[test]
fn an_invalid_boolean_variable_is_refused_and_nothing_is_submitted() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    for (name, value) in [("CALLSHEET_YES", "maybe"), ("CALLSHEET_FRESH", "2")] {
        for command in ["run", "config"] {
            let arguments = [command, "sheet.csv", "--base-url", provider.base_url()];
            let source = format!("the value comes from `{name}` in the environment");
            run_with(&folder, &arguments, &[(name, value)])
                .expect_code(2)
                .expect_stderr(&[value, &source]);
        }
    }
    assert!(provider.ledger().accepted.is_empty());
    for value in ["off", "on"] {
        let config = ["config", "--json"];
        let config = run_with(&folder, &config, &[("CALLSHEET_YES", value)]);
        let (shown, source) = setting(&config.expect_code(0).json(), "yes");
        assert_eq!((&*shown, &*source), (value, "environment, `CALLSHEET_YES`"));
    }
}

/// Settings of a provider that accepts only the credentials of `agency`.
fn agency() -> SandboxSettings {
    SandboxSettings {
        credentials: Some(AcceptedKeys {
            id: "agency-id".to_owned(),
            key: "agency-key".to_owned(),
        }),
        ..quick()
    }
}

#[cfg(unix)]
#[test]
fn a_profile_replaces_all_other_credentials() {
    let scenario = Scenario::with(1, agency());
    scenario.write(
        "profiles.yaml",
        "agency:\n  api_id: agency-id\n  credentials_command: echo agency-key\n\
         shop:\n  credentials_file: shop.env\n\
         broken:\n  credentials_command: [sh, -c, 'echo agency-key; exit 1']\n",
    );
    let profiles = scenario.path("profiles.yaml").display().to_string();
    let profiles = ("CALLSHEET_PROFILES", profiles.as_str());
    let address = scenario.base_url();
    let named = [&["run", "sheet.csv", "--base-url", address][..], &FAST].concat();
    let run = |further: &[&str]| run_with(&scenario, &[&named[..], further].concat(), &[profiles]);
    // The credentials in the environment are of another account.
    run(&[]).expect_code(6);
    let left = run(&["--profile", "agency", "--submit-only"]).expect_code(8);
    left.expect_stderr(&["--profile agency"]);
    let variables = [profiles, ("CALLSHEET_PROFILE", "agency")];
    run_with(&scenario, &named, &variables).expect_code(0);
    assert_eq!(scenario.accepted(), 1);

    let env = format!("CREATIFY_API_ID=x\nCREATIFY_API_KEY=x\nCREATIFY_BASE_URL={address}\n");
    scenario.write(".env", &env);
    let unset = [&NO_KEYS[..], &[profiles, ("CREATIFY_BASE_URL", "")]].concat();
    run_with(&scenario, &["run", "sheet.csv", "--profile", "agency"], &unset)
        .expect_code(2)
        .expect_stderr(&["`CREATIFY_BASE_URL`"]);
    scenario.remove(".env");

    run(&["--profile", "broken"])
        .expect_code(2)
        .expect_stderr(&["command of profile `broken` failed"])
        .expect_not_in_stderr(&["agency-key"]);
    let unknown = run(&["--profile", "agenci"]).expect_code(2);
    unknown.expect_stderr(&["only `agency`"]);

    let keys = "CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=agency-key\n";
    scenario.write("shop.env", keys);
    scenario.set_mode("shop.env", 0o644);
    let readable = run(&["--profile", "shop"]).expect_code(2);
    readable.expect_stderr(&["chmod 600"]);
    scenario.set_mode("shop.env", 0o600);
    run(&["--profile", "shop"]).expect_code(0);
}

#[cfg(unix)]
#[test]
fn credentials_are_read_from_files_and_commands() {
    let scenario = Scenario::with(1, agency());
    let address = scenario.base_url();
    let named = [&["run", "sheet.csv", "--base-url", address][..], &FAST].concat();
    let run = |variables: &[(&str, &str)]| {
        run_with(&scenario, &named, &[&NO_KEYS[..], variables].concat())
    };
    run(&[]).expect_code(2);
    let line = "printf 'CREATIFY_API_ID=agency-id\\nCREATIFY_API_KEY=agency-key\\n'";
    run(&[("CALLSHEET_CREDENTIALS_COMMAND", line)]).expect_code(0);

    // systemd provides files that a group can read whose only member is the service.
    scenario.write("handed/key", "agency-key\n");
    scenario.set_mode("handed/key", 0o440);
    let key = scenario.path("handed/key").display().to_string();
    let folder = scenario.path("handed").display().to_string();
    let file = [("CREATIFY_API_ID", "agency-id"), ("CREATIFY_API_KEY_FILE", key.as_str())];
    run(&file).expect_code(2).expect_stderr(&["mode 440"]);
    let systemd = [&file[..], &[("CREDENTIALS_DIRECTORY", folder.as_str())]].concat();
    run(&systemd).expect_code(0);
    assert_eq!(scenario.accepted(), 1);
}

#[cfg(unix)]
#[test]
fn other_programs_start_without_keys_and_no_core_is_dumped() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::with_sheet(1);
    let secrets = [
        ("CREATIFY_API_ID", "agency-id"),
        ("CREATIFY_API_KEY_FILE", ""),
        ("CALLSHEET_SHEET_TOKEN", "sheet-secret"),
        ("CALLSHEET_NOTIFY", "http://127.0.0.1:9/hook-secret"),
        ("CREATIFY_API_KEY", ""),
    ];
    let line = "env > command.env; ulimit -c > command.core; echo CREATIFY_API_KEY=agency-key";
    let variables = [&secrets[..], &[("CALLSHEET_CREDENTIALS_COMMAND", line)]].concat();
    let json = run_with(&folder, &["config", "--json"], &variables).expect_code(0).json();
    let (_, source) = setting(&json, "CREATIFY_API_KEY");
    assert_eq!(source, "command of `CALLSHEET_CREDENTIALS_COMMAND`");
    assert_eq!(folder.read("command.core"), "0\n");

    for name in ["bin/xdg-open", "bin/open"] {
        let script = "#!/bin/sh\nenv > opener.tmp; mv opener.tmp opener.env\n";
        folder.write(name, script);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(name), executable).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", folder.path("bin").display());
    let home = folder.path("home").display().to_string();
    let further = [("PATH", path.as_str()), ("HOME", home.as_str())];
    run_with(&folder, &["plan", "sheet.csv", "--open"], &[&variables[..], &further].concat())
        .expect_code(0);
    crate::program::wait_until("the opener", || folder.exists("opener.env"));
    for file in ["command.env", "opener.env"] {
        let text = folder.read(file);
        assert!(text.contains("PATH="), "{text}");
        for name in ["CREATIFY_API", "SHEET_TOKEN", "agency", "secret"] {
            // The command's own line is part of its environment.
            let others = text.lines().filter(|line| !line.contains("CREDENTIALS_COMMAND"));
            assert!(!others.clone().any(|line| line.contains(name)), "{file}: {text}");
        }
    }
}

#[test]
fn an_address_in_a_folder_gets_only_credentials_of_that_folder() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::with(agency()));
    let run_with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let unset = [("CREATIFY_BASE_URL", "")];
        run_with(&folder, arguments, &[&unset, variables].concat())
    };
    let run = [&["run", "sheet.csv"][..], &FAST].concat();
    let address = format!("CREATIFY_BASE_URL={}\n", provider.base_url());
    let id = "CREATIFY_API_ID=agency-id\n";
    let both = format!("{id}CREATIFY_API_KEY=agency-key\n");
    let own = format!("{both}{address}");
    let borrowed = format!("{id}CREATIFY_API_KEY=${{SECRET}}\n{address}");
    let secret = [NO_KEYS[0], NO_KEYS[1], ("SECRET", "agency-key")];
    for (file, variables) in [
        (&address, &[][..]),
        (&own, &[]),
        (&format!("{id}{address}"), &NO_KEYS[..1]),
        (&borrowed, &secret),
    ] {
        folder.write(".env", file);
        for command in [&run[..], &["plan", "sheet.csv", "--online"], &["personas"]] {
            let refused = run_with(command, variables).expect_code(2);
            refused.expect_stderr(&["`.env`", "`CREATIFY_BASE_URL`", "`--base-url`"]);
        }
        for command in ["plan", "status"] {
            run_with(&[command, "sheet.csv"], variables).expect_code(0);
        }
        let config = run_with(&["config", "sheet.csv"], variables);
        config.expect_code(0).expect_stdout(&["refused"]);
    }
    let requests = provider.ledger().requests;
    assert!(requests.is_empty(), "{requests:#?}");

    // An address on the command line is accepted, as are an address and credentials of the same file.
    folder.write(".env", &both);
    let named = [&run[..], &["--base-url", provider.base_url()]].concat();
    run_with(&named, &NO_KEYS).expect_code(0);
    folder.write(".env", &own);
    run_with(&run, &NO_KEYS).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 1);
}

/// Keys from a file, a command or a `_FILE` fill what a `.env` leaves open. Its address must not get them.
#[cfg(unix)]
#[test]
fn half_and_empty_keys_in_a_folder_do_not_send_other_keys_to_its_address() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::with(agency()));
    folder.write("private/key", "agency-key");
    let lines = "CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=agency-key\n";
    folder.write("private/keys", lines);
    for file in ["private/key", "private/keys"] {
        folder.set_mode(file, 0o600);
    }
    let address = format!("CREATIFY_BASE_URL={}\n", provider.base_url());
    let (id, key) = ("CREATIFY_API_ID=agency-id\n", "CREATIFY_API_KEY=agency-key\n");
    let run = [&["run", "sheet.csv"][..], &FAST].concat();
    let command = "cat private/keys";
    for further in [
        ("CALLSHEET_CREDENTIALS_FILE", "private/keys"),
        ("CALLSHEET_CREDENTIALS_COMMAND", command),
        ("CREATIFY_API_KEY_FILE", "private/key"),
    ] {
        for file in [
            format!("{address}{id}"),
            format!("{address}{id}CREATIFY_API_KEY=\n"),
            format!("{address}{id}CREATIFY_API_KEY='  '\n"),
            format!("{address}{id}{key}CREATIFY_API_KEY=\n"),
        ] {
            folder.write(".env", &file);
            let variables = [&NO_KEYS[..], &[("CREATIFY_BASE_URL", ""), further]].concat();
            for command in [&run[..], &["collect", "sheet.csv"], &["personas"]] {
                run_with(&folder, command, &variables)
                    .expect_code(2)
                    .expect_stderr(&["`.env` sets `CREATIFY_BASE_URL`", "nothing was submitted"]);
            }
        }
    }
    let requests = provider.ledger().requests;
    assert!(requests.is_empty(), "{requests:#?}");
}

#[cfg(unix)]
#[test]
fn a_readable_file_of_keys_is_noted_by_every_command_that_uses_it() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    folder.write(".env", "CREATIFY_API_ID=a\nCREATIFY_API_KEY=b\n");
    let note = "note: `.env` holds keys and can be read by other users: `chmod 600 '.env'`";
    for mode in [0o644, 0o600] {
        folder.set_mode(".env", mode);
        for command in ["run", "plan", "collect", "config", "approve", "personas", "voices"] {
            let has_sheet = !matches!(command, "personas" | "voices");
            let sheet = has_sheet.then_some("sheet.csv");
            let words: Vec<&str> = [command].into_iter().chain(sheet).collect();
            let words = [&words[..], &["--base-url", provider.base_url()]].concat();
            let variables = [&NO_KEYS[..], &[("CALLSHEET_SETTLE", "200ms")]].concat();
            let output = run_with(&folder, &words, &variables);
            assert_eq!(output.stderr.contains(note), mode == 0o644, "{command}: {output:?}");
        }
    }
}

#[test]
fn an_unknown_variable_is_refused_and_nothing_is_submitted() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    let misspelled = [("CALLSHEET_MAX_CREDIT", "5")];
    for command in ["run", "plan", "collect", "status", "report", "approve", "config"] {
        run_with(&folder, &[command, "sheet.csv"], &misspelled).expect_code(2).expect_stderr(&[
            "`CALLSHEET_MAX_CREDIT` in the environment is not a setting; nothing was submitted",
            "did you mean `CALLSHEET_MAX_CREDITS`?",
        ]);
    }
    let help = [("CALLSHEET_MAX_CREDIT", "5")];
    run_with(&folder, &["run", "--help"], &help).expect_code(0);
    run_with(&folder, &["init", "other.csv"], &help).expect_code(0);
    // Variables of other commands, of secrets and of tests.
    let known = [
        ("CALLSHEET_MAX_CREDITS", "5"),
        ("CALLSHEET_SEARCH", ""),
        ("CALLSHEET_TEXTS", "yes"),
        ("CALLSHEET_SHEET_TOKEN", "t"),
        ("CALLSHEET_SIMULATION_SEEDS", "1"),
        ("CALLSHEET_PORT_80_TCP", "tcp://10.0.0.1:80"),
    ];
    run_with(&folder, &["status", "sheet.csv"], &known).expect_code(0);
    assert!(provider.ledger().requests.is_empty());
}

#[test]
fn other_settings_in_a_folder_are_ignored_with_a_warning() {
    let folder = Folder::with_sheet(1);
    let server = Provider::new();
    let address = server.base_url();
    folder.write(
        ".env",
        &format!(
            "CALLSHEET_CREDENTIALS_COMMAND='echo run > was-run'\nCALLSHEET_PROFILE=p\nHOME=.\n\
             CALLSHEET_NOTIFY={address}/notify\nCALLSHEET_PING={address}/ping\nHTTP_PROXY={address}\n"
        ),
    );
    folder.write(
        ".config/callsheet/profiles.yaml",
        "p:\n  credentials_command: echo run > was-run\n",
    );
    for command in ["run", "plan", "config", "approve", "status"] {
        let stderr = run_with(&folder, &[command, "sheet.csv"], &NO_KEYS).stderr;
        let warning = ["`CALLSHEET_CREDENTIALS_COMMAND`", "`.env` sets", "`HOME`"];
        let is_warned = warning.iter().all(|part| stderr.contains(part));
        // `status` uses neither credentials nor webhooks.
        assert_eq!(is_warned, command != "status", "{stderr}");
        assert!(!folder.exists("was-run"), "{stderr}");
    }
    // A run sends webhooks when it ends.
    folder.run(&["run", "sheet.csv", "--sandbox"]).expect_code(0);
    assert!(server.ledger().requests.is_empty());
}
