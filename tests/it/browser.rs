//! Headless Chromium, driven through its debugging protocol: JSON messages that end with a NUL byte, on its file
//! descriptors 3 and 4.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than anything takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const ARGUMENTS: [&str; 12] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "about:blank",
];

/// One page of a browser.
pub(crate) struct Browser {
    child: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    last: u64,
    /// Exceptions and errors of the page so far.
    errors: Vec<String>,
    /// Whether the page may have errors.
    pub(crate) allows_errors: bool,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium. Without it, the test is skipped, except in CI (`CI=true`) on Linux, where it is required.
    pub(crate) fn start() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = std::env::split_paths(&path).collect();
        let mut programs = PROGRAMS
            .iter()
            .flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
        let Some(program) = programs.find(|program| program.is_file()) else {
            let is_ci = cfg!(target_os = "linux")
                && std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!is_ci, "CI needs Chromium for the tests of the studio");
            crate::program::skip("this test needs Chromium, which is not installed");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1"])
            .arg(program)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(ARGUMENTS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in answers.split(0) {
                let Ok(message) = message else { return };
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            child,
            requests,
            messages,
            session: None,
            last: 0,
            errors: Vec::new(),
            allows_errors: false,
            _profile: profile,
        };
        let targets = browser.call("Target.getTargets", &json!({}));
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets.iter().find(|target| target["type"] == "page").unwrap();
        let page = json!({ "targetId": page["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", &page);
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser.add_script(include_str!("browser.js"));
        browser.resize(1200, "light");
        Some(browser)
    }

    /// Calls a method of the protocol.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, parameters: &Value) -> Result<Value, String> {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.requests.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let message = self.messages.recv_timeout(TIMEOUT).expect("Chromium answers");
            if message["id"] == self.last {
                return match message.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(message["result"].clone()),
                };
            }
            self.errors.extend(error_of(&message));
        }
    }

    /// Runs a script in each page before its own scripts.
    pub(crate) fn add_script(&mut self, source: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source }));
    }

    pub(crate) fn open(&mut self, address: &str) {
        let answer = self.call("Page.navigate", &json!({ "url": address }));
        assert_eq!(answer["errorText"], Value::Null, "{address}");
    }

    /// Evaluates an expression in the page, which may be a promise.
    fn evaluate(&mut self, expression: &str, by_value: bool) -> Result<Value, String> {
        let parameters = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": by_value, "userGesture": true,
        });
        let answer = self.try_call("Runtime.evaluate", &parameters)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details.to_string()),
            None => Ok(answer["result"].clone()),
        }
    }

    /// Waits until an expression is truthy and returns its value. The page must have had no errors.
    #[track_caller]
    pub(crate) fn until(&mut self, expression: &str) -> Value {
        let started = Instant::now();
        let polled = format!("poll(async () => ({expression}))");
        let mut error = String::new();
        while started.elapsed() < TIMEOUT {
            // The page may be about to be replaced by another.
            match self.evaluate(&polled, true) {
                Ok(answer) if answer["value"].is_object() => {
                    let has_errors = !self.allows_errors && !self.errors.is_empty();
                    assert!(!has_errors, "errors of the page: {:#?}", self.errors);
                    return answer["value"]["value"].clone();
                }
                Ok(answer) => error = answer["value"].to_string(),
                Err(other) => {
                    error = other;
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        let text = self.evaluate("document.body.innerText.slice(0, 3000)", true);
        let text = text.unwrap_or_default()["value"].as_str().unwrap_or_default().to_owned();
        panic!("timed out: {expression}\n{error}\n{:?}\n{text}", self.errors);
    }

    /// Evaluates an expression once.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        self.until(&format!("[await ({expression})]"))[0].clone()
    }

    /// Clicks with the mouse on the visible element of the topmost dialog, or of the page, that matches a selector and
    /// contains a text, once nothing covers it.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str, text: &str) {
        let place = self.until(&format!("target({}, {})", json!(selector), json!(text)));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Presses a key: a character or the name of a key, with `Control+` before it.
    pub(crate) fn press(&mut self, key: &str) {
        let (modifiers, key) = key.strip_prefix("Control+").map_or((0, key), |key| (2, key));
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "End" => 35,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "F2" => 113,
            key => u32::from(key.to_uppercase().as_bytes()[0]),
        };
        let text = if key == "Enter" { "\r" } else { key };
        let is_text = modifiers == 0 && text.len() == 1;
        let mut event = json!({ "type": "rawKeyDown", "key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers });
        if is_text {
            event["type"] = "keyDown".into();
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", &event);
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", &event);
    }

    /// Writes into the element that has the focus, instead of what is in it.
    pub(crate) fn write(&mut self, text: &str) {
        self.value("document.activeElement.select()");
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Chooses a value of a `select` element.
    #[track_caller]
    pub(crate) fn choose(&mut self, selector: &str, value: &str) {
        self.until(&format!("choose({}, {})", json!(selector), json!(value)));
    }

    /// Drops a file on the page, as from a window of files.
    pub(crate) fn drop_file(&mut self, path: &Path) {
        let data = json!({ "items": [], "files": [path], "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": kind, "x": 300, "y": 300, "data": data });
            self.call("Input.dispatchDragEvent", &event);
        }
    }

    /// Chooses a file in a file input.
    pub(crate) fn set_file(&mut self, selector: &str, path: &Path) {
        let expression = format!("document.querySelector({})", json!(selector));
        let input = self.evaluate(&expression, false).unwrap();
        let files = json!({ "files": [path], "objectId": input["objectId"] });
        self.call("DOM.setFileInputFiles", &files);
    }

    /// Makes the page as wide as this, with light or dark colours; as wide as a telephone, it is one.
    pub(crate) fn resize(&mut self, width: u32, scheme: &str) {
        let is_phone = width < 600;
        let metrics =
            json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": is_phone });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        self.call("Emulation.setTouchEmulationEnabled", &json!({ "enabled": is_phone }));
        let features = [("prefers-color-scheme", scheme), ("prefers-reduced-motion", "reduce")];
        let features = features.map(|(name, value)| json!({ "name": name, "value": value }));
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the error that an event of the protocol is about. A refused request is none: the page shows it.
fn error_of(event: &Value) -> Option<String> {
    let parameters = &event["params"];
    let is_error = match event["method"].as_str()? {
        "Runtime.exceptionThrown" | "Page.javascriptDialogOpening" | "Inspector.targetCrashed" => {
            true
        }
        "Runtime.consoleAPICalled" => parameters["type"] == "error",
        "Log.entryAdded" => {
            parameters["entry"]["level"] == "error" && parameters["entry"]["source"] != "network"
        }
        _ => false,
    };
    is_error.then(|| parameters.to_string())
}
