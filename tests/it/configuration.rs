//! Who says what is to be done, and where the keys come from.

use callsheet::sandbox::{AcceptedKeys, SandboxSettings};

use crate::program::{Answer, FAST, Folder, KEYS, Provider, finish, quick};

const SECRETS: [&str; 4] = [KEYS[0], KEYS[1], "hook-secret", "switch-secret"];

fn setting(json: &serde_json::Value, name: &str) -> (String, String) {
    let settings = json.as_array().unwrap();
    let setting = settings.iter().find(|setting| setting["name"] == name);
    let setting = setting.unwrap_or_else(|| panic!("no {name} in {json:#}"));
    let text = |field: &str| setting[field].as_str().unwrap_or_default().to_owned();
    (text("value"), text("source"))
}

#[test]
fn each_setting_is_told_with_its_source_and_no_secret() {
    let folder = Folder::new();
    // Names need a catalogue, which settings do not.
    folder.write(
        "c.yaml",
        "campaign: spring\nlimits:\n  in_flight: 9\n  max_credits: 90\n  render_timeout: 20m\noutput:\n  ping: https://hc.example/switch-secret\njobs:\n  - text: Hello.\n    persona: Anna\n    aspect_ratio: 1:1\n",
    );
    let arguments = [
        "config",
        "c.yaml",
        "--submit-rate",
        "8/min",
        "--shard",
        "2/4",
        "--share",
    ];
    let run = |further: &[&str]| {
        let mut command = folder.command(&[&arguments[..], further].concat());
        command.env("CALLSHEET_DOWNLOADS", "2");
        command.env("CALLSHEET_NOTIFY", "https://hooks.example/hook-secret");
        finish(command.spawn().unwrap()).expect_code(0)
    };
    let told: serde_json::Value = serde_json::from_str(&run(&["--json"]).stdout).unwrap();
    for (name, value, source) in [
        ("campaign", "spring", "manifest"),
        ("out", "c-output/shard-2-of-4", "default"),
        (
            "submit_rate",
            "8/4min",
            "command line, `--submit-rate`; this shard's part of 8/min",
        ),
        ("downloads", "2", "environment, `CALLSHEET_DOWNLOADS`"),
        ("in_flight", "2", "manifest; this shard's part of 9"),
        ("max_credits", "22.5", "manifest; this shard's part of 90"),
        ("render_timeout", "20m", "manifest"),
        ("settle", "30s", "default"),
        (
            "base_url",
            "http://127.0.0.1:9",
            "environment, `CREATIFY_BASE_URL`",
        ),
        (
            "CREATIFY_API_KEY",
            "(set, hidden)",
            "environment, `CREATIFY_API_KEY`",
        ),
        ("notify", "(set, hidden)", "environment, `CALLSHEET_NOTIFY`"),
        ("ping", "(set, hidden)", "manifest"),
    ] {
        assert_eq!(
            setting(&told, name),
            (value.to_owned(), source.to_owned()),
            "{name}"
        );
    }
    let table = run(&[]);
    assert!(table.stdout.contains("22.5"), "{}", table.stdout);
    for secret in SECRETS {
        assert!(!format!("{told} {table:?}").contains(secret), "{secret}");
    }
    // Without a manifest, as far as can be told.
    let bare = folder.run(&["config", "--json"]).expect_code(0);
    let bare: serde_json::Value = serde_json::from_str(&bare.stdout).unwrap();
    assert_eq!(setting(&bare, "submit_rate").1, "default");
}

#[test]
fn a_variable_that_is_neither_yes_nor_no_is_refused_by_name_and_nothing_is_submitted() {
    let (folder, provider) = (Folder::with_sheet(1), Provider::new());
    for (name, value) in [("CALLSHEET_YES", "maybe"), ("CALLSHEET_FRESH", "2")] {
        for command in ["run", "config"] {
            let arguments = [command, "sheet.csv", "--base-url", provider.base_url()];
            let mut command = folder.command(&arguments);
            command.env(name, value);
            let answer = finish(command.spawn().unwrap()).expect_code(2);
            let source = format!("the value comes from `{name}` in the environment");
            assert!(answer.stderr.contains(value), "{}", answer.stderr);
            assert!(answer.stderr.contains(&source), "{}", answer.stderr);
        }
    }
    assert!(provider.ledger().accepted.is_empty());
    // What is told is what would be done.
    for value in ["off", "on"] {
        let mut command = folder.command(&["config", "--json"]);
        command.env("CALLSHEET_YES", value);
        let told = finish(command.spawn().unwrap()).expect_code(0).stdout;
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            setting(&told, "yes"),
            (value.to_owned(), "environment, `CALLSHEET_YES`".to_owned())
        );
    }
}

/// A provider that takes the keys of the agency alone.
fn agency() -> Provider {
    Provider::with(SandboxSettings {
        credentials: Some(AcceptedKeys {
            id: "agency-id".to_owned(),
            key: "agency-key".to_owned(),
        }),
        ..quick()
    })
}

#[cfg(unix)]
fn run(
    folder: &Folder,
    provider: &Provider,
    further: &[&str],
    variables: &[(&str, &str)],
) -> Answer {
    let named = ["run", "sheet.csv", "--base-url", provider.base_url()];
    let mut command = folder.command(&[&named[..], &FAST, further].concat());
    command.env("CALLSHEET_PROFILES", folder.path("profiles.yaml"));
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name);
        } else {
            command.env(name, value);
        }
    }
    finish(command.spawn().unwrap())
}

#[cfg(unix)]
fn mode(folder: &Folder, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(folder.path(name), mode).unwrap();
}

#[cfg(unix)]
#[test]
fn a_profile_is_an_account_whatever_else_lies_about() {
    let (folder, provider) = (Folder::with_sheet(1), agency());
    folder.write(
        "profiles.yaml",
        "agency:\n  api_id: agency-id\n  credentials_command: echo agency-key\nshop:\n  credentials_file: shop.env\nbroken:\n  credentials_command: [sh, -c, 'echo agency-key; exit 1']\n",
    );
    // The keys of the environment are another account's, and are refused.
    run(&folder, &provider, &[], &[]).expect_code(6);
    let left = run(
        &folder,
        &provider,
        &["--profile", "agency", "--submit-only"],
        &[],
    )
    .expect_code(8);
    assert!(left.stderr.contains("--profile agency"), "{}", left.stderr);
    run(&folder, &provider, &[], &[("CALLSHEET_PROFILE", "agency")]).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 1);

    let address = provider.base_url();
    folder.write(
        ".env",
        &format!("CREATIFY_API_ID=x\nCREATIFY_API_KEY=x\nCREATIFY_BASE_URL={address}\n"),
    );
    let profiles = folder.path("profiles.yaml").display().to_string();
    let variables = [&NO_KEYS[..], &[("CALLSHEET_PROFILES", profiles.as_str())]].concat();
    let arguments = ["run", "sheet.csv", "--profile", "agency"];
    let elsewhere = without_address(&folder, &arguments, &variables).expect_code(2);
    assert!(
        elsewhere.stderr.contains("`CREATIFY_BASE_URL`"),
        "{}",
        elsewhere.stderr
    );
    std::fs::remove_file(folder.path(".env")).unwrap();

    let broken = run(&folder, &provider, &["--profile", "broken"], &[]).expect_code(2);
    assert!(
        broken.stderr.contains("command `sh` failed"),
        "{}",
        broken.stderr
    );
    assert!(!broken.stderr.contains("agency-key"), "{}", broken.stderr);
    let unknown = run(&folder, &provider, &["--profile", "agenci"], &[]).expect_code(2);
    assert!(
        unknown.stderr.contains("only `agency`"),
        "{}",
        unknown.stderr
    );

    folder.write(
        "shop.env",
        "CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=agency-key\n",
    );
    mode(&folder, "shop.env", 0o644);
    let open = run(&folder, &provider, &["--profile", "shop"], &[]).expect_code(2);
    assert!(open.stderr.contains("chmod 600"), "{}", open.stderr);
    mode(&folder, "shop.env", 0o600);
    run(&folder, &provider, &["--profile", "shop"], &[]).expect_code(0);
}

#[cfg(unix)]
#[test]
fn keys_come_from_files_and_commands_of_the_environment() {
    let (folder, provider) = (Folder::with_sheet(1), agency());
    let none = [("CREATIFY_API_ID", ""), ("CREATIFY_API_KEY", "")];
    let with =
        |further: &[(&str, &str)]| run(&folder, &provider, &[], &[&none[..], further].concat());
    with(&[]).expect_code(2);
    let line = "printf 'CREATIFY_API_ID=agency-id\\nCREATIFY_API_KEY=agency-key\\n'";
    with(&[("CALLSHEET_CREDENTIALS_COMMAND", line)]).expect_code(0);

    // As systemd hands them over: readable by a group of which this service is the only member.
    folder.write("handed/key", "agency-key\n");
    mode(&folder, "handed/key", 0o440);
    let key = folder.path("handed/key").display().to_string();
    let handed = folder.path("handed").display().to_string();
    let file = [
        ("CREATIFY_API_ID", "agency-id"),
        ("CREATIFY_API_KEY", ""),
        ("CREATIFY_API_KEY_FILE", key.as_str()),
    ];
    let open = run(&folder, &provider, &[], &file).expect_code(2);
    assert!(open.stderr.contains("mode 440"), "{}", open.stderr);
    let system = [&file[..], &[("CREDENTIALS_DIRECTORY", handed.as_str())]].concat();
    run(&folder, &provider, &[], &system).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 1);
}

/// `arguments` with `variables` besides the test's keys, and with no address but what a file says.
fn without_address(folder: &Folder, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
    let mut command = folder.command(arguments);
    command.env_remove("CREATIFY_BASE_URL");
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name);
        } else {
            command.env(name, value);
        }
    }
    finish(command.spawn().unwrap())
}

const NO_KEYS: [(&str, &str); 2] = [("CREATIFY_API_ID", ""), ("CREATIFY_API_KEY", "")];

#[test]
fn an_address_that_comes_with_a_folder_gets_no_keys_but_the_folders_own() {
    let (folder, provider) = (Folder::with_sheet(1), agency());
    let run = [&["run", "sheet.csv"][..], &FAST].concat();
    let address = format!("CREATIFY_BASE_URL={}\n", provider.base_url());
    let own = format!("CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=agency-key\n{address}");
    let half = format!("CREATIFY_API_ID=agency-id\n{address}");
    let borrowed = format!("CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=${{SECRET}}\n{address}");
    let (key, secret) = (
        [NO_KEYS[0]],
        [NO_KEYS[0], NO_KEYS[1], ("SECRET", "agency-key")],
    );
    for (file, variables) in [
        (&address, &[][..]),
        (&own, &[]),
        (&half, &key),
        (&borrowed, &secret),
    ] {
        folder.write(".env", file);
        for command in [&run[..], &["plan", "sheet.csv", "--online"], &["personas"]] {
            let refused = without_address(&folder, command, variables).expect_code(2);
            for words in ["`.env`", "`CREATIFY_BASE_URL`", "`--base-url`"] {
                assert!(refused.stderr.contains(words), "{}", refused.stderr);
            }
        }
        without_address(&folder, &["plan", "sheet.csv"], variables).expect_code(0);
        without_address(&folder, &["status", "sheet.csv"], variables).expect_code(0);
        let told = without_address(&folder, &["config", "sheet.csv"], variables).expect_code(0);
        assert!(told.stdout.contains("refused"), "{}", told.stdout);
    }
    let asked = provider.ledger().requests;
    assert!(asked.is_empty(), "{asked:#?}");

    // A person's own word is another matter, and so are keys that the file brings along.
    folder.write(
        ".env",
        "CREATIFY_API_ID=agency-id\nCREATIFY_API_KEY=agency-key\n",
    );
    let named = [&run[..], &["--base-url", provider.base_url()]].concat();
    without_address(&folder, &named, &NO_KEYS).expect_code(0);
    folder.write(".env", &own);
    without_address(&folder, &run, &NO_KEYS).expect_code(0);
    assert_eq!(provider.ledger().accepted.len(), 1);
}

#[test]
fn what_else_a_folder_sets_is_ignored_and_said() {
    let folder = Folder::with_sheet(1);
    let address = Provider::new();
    let elsewhere = address.base_url();
    folder.write(
        ".env",
        &format!(
            "CALLSHEET_CREDENTIALS_COMMAND='echo run > was-run'\nCALLSHEET_PROFILE=p\nHOME=.\n\
             CALLSHEET_NOTIFY={elsewhere}/notify\nCALLSHEET_PING={elsewhere}/ping\nHTTP_PROXY={elsewhere}\n"
        ),
    );
    folder.write(
        ".config/callsheet/profiles.yaml",
        "p:\n  credentials_command: echo run > was-run\n",
    );
    for command in ["run", "plan", "config", "approve", "status"] {
        let mut command = folder.command(&[command, "sheet.csv"]);
        for (name, _) in NO_KEYS {
            command.env_remove(name);
        }
        let answer = finish(command.spawn().unwrap());
        let is_told = answer.stderr.contains("`CALLSHEET_CREDENTIALS_COMMAND`")
            && answer.stderr.contains("`.env` sets")
            && answer.stderr.contains("`HOME`");
        // Who only looks asks nobody and tells nobody.
        let only_looks = command
            .get_args()
            .next()
            .is_some_and(|name| name == "status");
        assert_eq!(is_told, !only_looks, "{}", answer.stderr);
        assert!(!folder.path("was-run").exists(), "{}", answer.stderr);
    }
    // A run tells the end, good or bad, to whoever wants to know.
    finish(
        folder
            .command(&["run", "sheet.csv", "--sandbox"])
            .spawn()
            .unwrap(),
    )
    .expect_code(0);
    assert!(address.ledger().requests.is_empty());
}
