//! The names of commands and options, for messages and for command lines that are printed.
//!
//! A test compares them with the definitions of the command line.

use std::fmt;

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each variant is the command or option of that name")]
        pub enum $name { $($variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name as it is typed.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// A command of the program that command lines are printed of.
    CommandName {
        Approve = "approve",
        Collect = "collect",
        Init = "init",
        Personas = "personas",
        Plan = "plan",
        Report = "report",
        Run = "run",
        Status = "status",
        Voices = "voices",
    }
}

names! {
    /// An option that is printed in messages or command lines.
    Flag {
        AllowPartial = "--allow-partial",
        BaseUrl = "--base-url",
        ConfirmAbove = "--confirm-above",
        Date = "--date",
        Delimiter = "--delimiter",
        Downloads = "--downloads",
        Excel = "--excel",
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
        Notify = "--notify",
        Only = "--only",
        OnlyApproved = "--only-approved",
        OnlyFailed = "--only-failed",
        Out = "--out",
        Ping = "--ping",
        PollInterval = "--poll-interval",
        PollRate = "--poll-rate",
        Profile = "--profile",
        RedoChanged = "--redo-changed",
        RedoRejected = "--redo-rejected",
        RenderTimeout = "--render-timeout",
        RequireApproval = "--require-approval",
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
        Xlsx = "--xlsx",
    }
}
