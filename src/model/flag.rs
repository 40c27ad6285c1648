//! The names of commands and options, for messages and for command lines that are printed.
//!
//! A test compares them with the definitions of the command line.

use super::parse::text_enum;

text_enum! {
    /// A command of the program that command lines are printed of.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[expect(missing_docs, reason = "each variant is the command of that name")]
    CommandName {
        Approve = "approve",
        Collect = "collect",
        Init = "init",
        Personas = "personas",
        Plan = "plan",
        Report = "report",
        Run = "run",
        Status = "status",
        Studio = "studio",
        Voices = "voices",
    }
}

text_enum! {
    /// An option that is printed in messages or command lines.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[expect(missing_docs, reason = "each variant is the option of that name")]
    Flag {
        AllDates = "--all-dates",
        AllowOutside = "--allow-outside",
        AllowPartial = "--allow-partial",
        AudioSeconds = "--audio-seconds",
        BaseUrl = "--base-url",
        Campaign = "--campaign",
        Column = "--column",
        ConfirmAbove = "--confirm-above",
        Date = "--date",
        Delimiter = "--delimiter",
        Downloads = "--downloads",
        Duplicates = "--duplicates",
        Encoding = "--encoding",
        Excel = "--excel",
        FailOn = "--fail-on",
        Fresh = "--fresh",
        InFlight = "--in-flight",
        Junit = "--junit",
        Limit = "--limit",
        LockWait = "--lock-wait",
        MaxCredits = "--max-credits",
        MaxCreditsRun = "--max-credits-run",
        MaxDuration = "--max-duration",
        MaxFail = "--max-fail",
        Merge = "--merge",
        Metrics = "--metrics",
        MoveAccount = "--move-account",
        Notify = "--notify",
        NotifyOn = "--notify-on",
        Only = "--only",
        OnlyApproved = "--only-approved",
        OnlyFailed = "--only-failed",
        Out = "--out",
        Patience = "--patience",
        Ping = "--ping",
        PollInterval = "--poll-interval",
        PollRate = "--poll-rate",
        Profile = "--profile",
        RedoChanged = "--redo-changed",
        RedoRejected = "--redo-rejected",
        RenderTimeout = "--render-timeout",
        RequireApproval = "--require-approval",
        RequireProof = "--require-proof",
        Resubmit = "--resubmit",
        RetryFailed = "--retry-failed",
        Sample = "--sample",
        Sandbox = "--sandbox",
        Search = "--search",
        Settle = "--settle",
        Shard = "--shard",
        Share = "--share",
        Sheet = "--sheet",
        SkipInvalid = "--skip-invalid",
        SubmitOnly = "--submit-only",
        SubmitRate = "--submit-rate",
        Suspicious = "--suspicious",
        WithoutList = "--without-list",
        Xlsx = "--xlsx",
    }
}
