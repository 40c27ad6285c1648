//! Limits: the settings of the user, and the resulting values for the engine.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{CreditCap, Credits, ParseError, ValueOrigin};

/// Defines [`Limits`] with its defaults, and [`LimitSettings`] with the optional form of each limit. A limit without a
/// default is optional in both.
macro_rules! limits {
    (
        defaults { $($(#[$meta:meta])* $limit:ident: $type:ty = $default:expr,)* }
        optional { $($(#[$optional_meta:meta])* $optional:ident: $optional_type:ty,)* }
    ) => {
        /// The resolved limits of one run.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Limits {
            $($(#[$meta])* pub $limit: $type,)*
            $($(#[$optional_meta])* pub $optional: Option<$optional_type>,)*
        }

        /// The limits of one source: command line, environment or manifest. Missing values are left to the next source.
        #[derive(Debug, Clone, Default, PartialEq)]
        #[expect(missing_docs, reason = "each field is the optional form of its namesake in `Limits`")]
        pub struct LimitSettings {
            $(pub $limit: Option<$type>,)*
            $(pub $optional: Option<$optional_type>,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($limit: $default,)* $($optional: None,)* }
            }
        }

        impl Limits {
            /// Replaces the values that `settings` has.
            fn replaced_by(self, settings: &LimitSettings) -> Self {
                Self {
                    $($limit: settings.$limit.unwrap_or(self.$limit),)*
                    $($optional: settings.$optional.or(self.$optional),)*
                }
            }

            /// Returns these limits as settings, for display.
            pub fn settings(&self) -> LimitSettings {
                LimitSettings { $($limit: Some(self.$limit),)* $($optional: self.$optional,)* }
            }
        }
    };
}

limits! {
    defaults {
        /// Submits in a window of time. The provider publishes no limit; 15 a minute is what a careful client uses.
        submit_rate: Rate = Rate { count: 15, per: Duration::from_secs(60) },
        /// Concurrent renders at the provider.
        in_flight: InFlight = InFlight::AUTO,
        /// Concurrent downloads.
        downloads: u32 = 4,
        /// A person is asked before a run that may spend more than this. Applied by the command, not by the engine. The
        /// default is the price of ten short videos.
        confirm_above: Credits = Credits::whole(50),
        /// Whether to begin although the balance does not cover everything. Applied by the command.
        allow_partial: bool = false,
        /// How long a run waits for a render.
        render_timeout: Duration = Duration::from_secs(30 * 60),
        /// The minimum interval between two listings that together prove an absence. A run that is otherwise finished
        /// looks for proof for twenty times as long (ten minutes by default), or twice as long where no proof is
        /// possible; then the job is left to a person.
        settle: Duration = Duration::from_secs(30),
        /// The interval between two polls of a render until it is known how long renders take. Then it depends on that.
        poll_interval: Duration = Duration::from_secs(5),
        /// The maximum that the campaign spends or promises, all runs together.
        max_credits: CreditCap = CreditCap::Unlimited,
    }
    optional {
        /// Polls, single queries and lists in a window of time. By default one a second, or a quarter of the submits if
        /// that is more.
        poll_rate: Rate,
        /// The maximum that the submits of one run cost or promise.
        max_credits_run: Credits,
        /// How long a run waits for a provider that cannot be reached, or for a list that it must read before it
        /// submits. By default ten minutes (30 seconds if the provider has not answered in this run), and two settle
        /// times for the list.
        patience: Duration,
        /// The maximum duration of a run before it leaves renders to a later `collect`.
        max_duration: Duration,
        /// The number of failures that ends submitting.
        max_fail: FailureAllowance,
    }
}

impl Limits {
    /// Returns what the caps leave after `committed` credits, or `None` without a cap.
    pub(crate) fn left(&self, committed: Credits) -> Option<Credits> {
        let of_campaign = self.max_credits.credits().map(|cap| cap.less(committed));
        of_campaign.into_iter().chain(self.max_credits_run).min()
    }

    /// Replaces the values that `settings` has, as far as their origin may. Settings that came along cannot raise the
    /// cap of the campaign or the amount above which a person is asked, begin without enough balance, or weaken the proof
    /// that a job is absent.
    #[must_use]
    pub fn with(self, settings: &LimitSettings, origin: ValueOrigin<'_>) -> Self {
        let mut settings = settings.clone();
        if let ValueOrigin::CameAlong(_) = origin {
            let lower = settings.confirm_above.map(|given| given.min(self.confirm_above));
            settings.confirm_above = lower;
            settings.settle = settings.settle.map(|given| given.max(self.settle));
            settings.max_credits = settings.max_credits.map(|given| given.min(self.max_credits));
            settings.allow_partial = None;
        }
        self.replaced_by(&settings)
    }

    /// Returns how many polls, single queries and lists there may be in a window of time.
    pub fn read_rate(&self) -> Rate {
        let usual = (self.submit_rate.interval() * 4).min(Duration::from_secs(1));
        self.poll_rate.unwrap_or(Rate { count: 1, per: usual })
    }

    /// Returns fast limits for the embedded sandbox.
    pub fn sandbox() -> Self {
        Self {
            submit_rate: Rate { count: 5, per: Duration::from_secs(1) },
            in_flight: InFlight::Auto { from: 20 },
            poll_rate: Some(Rate { count: 10, per: Duration::from_secs(1) }),
            settle: Duration::from_secs(2),
            poll_interval: Duration::from_millis(300),
            ..Self::default()
        }
    }
}

/// A number in a window of time: `15/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number, at least 1.
    pub count: u32,
    /// The window, more than zero.
    pub per: Duration,
}

impl Rate {
    /// Returns the interval of an even spread.
    pub fn interval(self) -> Duration {
        (self.per / self.count.max(1)).max(Duration::from_nanos(1))
    }
}

/// The number of failed jobs that is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureAllowance {
    /// A number of jobs.
    Count(u32),
    /// A share of the selected jobs, in percent.
    Percent(u32),
}

impl FailureAllowance {
    /// Checks whether `failed` of `total` jobs exceeds the allowance.
    pub fn is_exceeded(self, failed: usize, total: usize) -> bool {
        match self {
            Self::Count(count) => failed > count as usize,
            Self::Percent(percent) => failed * 100 > total * percent as usize,
        }
    }
}

impl FromStr for Rate {
    type Err = ParseError;
    /// Parses `15/min`, `2/s`, `600/h` and `3/10s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseError::new(text, "a rate such as `15/min`, `2/s` or `600/h`");
        let (count, per) = text.split_once('/').ok_or_else(error)?;
        let count: u32 = count.trim().parse().map_err(|_| error())?;
        let per = match per.trim() {
            "s" | "sec" | "second" => Duration::from_secs(1),
            "m" | "min" | "minute" => Duration::from_secs(60),
            "h" | "hour" => Duration::from_secs(3600),
            other => parse_duration(other).map_err(|_| error())?,
        };
        if count == 0 || per.is_zero() {
            return Err(error());
        }
        Ok(Self { count, per })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In the largest unit without a remainder: `15/min`, `8/4min`.
        let millis = self.per.as_millis();
        let (unit, of) = [("h", 3_600_000), ("min", 60_000), ("s", 1000)]
            .into_iter()
            .find(|(_, of)| millis.is_multiple_of(*of))
            .unwrap_or(("ms", 1));
        match millis / of {
            1 if of > 1 => write!(formatter, "{}/{unit}", self.count),
            number => write!(formatter, "{}/{number}{unit}", self.count),
        }
    }
}

impl FromStr for FailureAllowance {
    type Err = ParseError;
    /// Parses `5` and `3%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error =
            || ParseError::new(text, "a number of jobs such as `5` or a share such as `3%`");
        let trimmed = text.trim();
        match trimmed.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim().parse().map_err(|_| error())?;
                (percent <= 100).then_some(Self::Percent(percent)).ok_or_else(error)
            }
            None => trimmed.parse().map(Self::Count).map_err(|_| error()),
        }
    }
}

impl fmt::Display for FailureAllowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(formatter, "{count}"),
            Self::Percent(percent) => write!(formatter, "{percent}%"),
        }
    }
}

/// Parses `90s`, `30m`, `1h 30m`, `250ms`.
pub fn parse_duration(text: &str) -> Result<Duration, ParseError> {
    let error = || ParseError::new(text, "a duration such as `90s`, `30m` or `1h 30m`");
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| error())?;
    Duration::try_from(signed).map_err(|_| error())
}

/// The limit of concurrent renders at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFlight {
    /// Learned from how the provider treats renders, starting with this number (at least 1).
    Auto {
        /// The initial number.
        from: u32,
    },
    /// Never more than this number (at least 1), jobs in doubt included; fewer while the provider refuses.
    AtMost(u32),
}

impl InFlight {
    /// The provider publishes no limit. Ten is what careful clients use.
    pub const AUTO: Self = Self::Auto { from: 10 };
}

impl FromStr for InFlight {
    type Err = ParseError;
    /// Parses `auto` and whole numbers from 1.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("auto") {
            return Ok(Self::AUTO);
        }
        match trimmed.parse() {
            Ok(most) if most > 0 => Ok(Self::AtMost(most)),
            Ok(_) | Err(_) => {
                Err(ParseError::new(text, "a number of renders; it must be at least 1, or `auto`"))
            }
        }
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto { .. } => formatter.write_str("auto"),
            Self::AtMost(most) => write!(formatter, "{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_came_along_make_a_run_only_more_careful() {
        let settings = |confirm_above, seconds| LimitSettings {
            confirm_above: Some(Credits::whole(confirm_above)),
            allow_partial: Some(true),
            settle: Some(Duration::from_secs(seconds)),
            max_credits: Some(CreditCap::AtMost(Credits::whole(7))),
            ..LimitSettings::default()
        };
        let cap = |limits: &Limits| limits.max_credits.credits();
        let origin = ValueOrigin::CameAlong(std::path::Path::new("c.yaml"));
        for (given, expected) in [((9999, 0), (50, 30)), ((0, 60), (0, 60))] {
            let limits = Limits::default().with(&settings(given.0, given.1), origin);
            assert_eq!(limits.confirm_above, Credits::whole(expected.0));
            assert_eq!(limits.settle, Duration::from_secs(expected.1));
            assert!(!limits.allow_partial);
            assert_eq!(cap(&limits), Some(Credits::whole(7)));
            // The user decides.
            let limits = limits.with(&settings(given.0, given.1), ValueOrigin::User);
            assert_eq!(limits.confirm_above, Credits::whole(given.0));
            assert_eq!(limits.settle, Duration::from_secs(given.1));
            assert!(limits.allow_partial);
        }
        for (remembered, expected) in [(5, 5), (9, 7)] {
            let max_credits = CreditCap::AtMost(Credits::whole(remembered));
            let limits = Limits { max_credits, ..Limits::default() };
            let limits = limits.with(&settings(0, 0), origin);
            assert_eq!(cap(&limits), Some(Credits::whole(expected)));
            let lifted = LimitSettings {
                max_credits: Some(CreditCap::Unlimited),
                ..LimitSettings::default()
            };
            assert_eq!(cap(&limits.with(&lifted, ValueOrigin::User)), None);
        }
    }

    #[test]
    fn rates_are_parsed() {
        for (text, interval) in
            [("15/min", 4000), ("2/s", 500), ("600/h", 6000), ("3/10s", 3333), (" 1 / s ", 1000)]
        {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.interval().as_millis(), interval, "{text}");
        }
        for wrong in ["", "15", "0/s", "-1/s", "1/0s", "1/fortnight"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_formatted_in_the_largest_unit() {
        for (count, millis, shown) in [
            (15, 60_000, "15/min"),
            (2, 1000, "2/s"),
            (600, 3_600_000, "600/h"),
            (8, 240_000, "8/4min"),
            (3, 10_000, "3/10s"),
            (1, 7_200_000, "1/2h"),
            (5, 90_000, "5/90s"),
            (4, 1500, "4/1500ms"),
            (1, 1, "1/1ms"),
        ] {
            let per = Duration::from_millis(millis);
            let rate = Rate { count, per };
            assert_eq!(rate.to_string(), shown);
            assert_eq!(shown.parse::<Rate>().unwrap(), rate, "{shown}");
        }
    }

    #[test]
    fn durations_and_allowances() {
        assert_eq!(parse_duration("1h 30m").unwrap(), Duration::from_secs(5400));
        assert!(parse_duration("-1s").is_err() && parse_duration("5").is_err());
        assert!("3%".parse::<FailureAllowance>().unwrap().is_exceeded(4, 100));
        assert!(!"3%".parse::<FailureAllowance>().unwrap().is_exceeded(3, 100));
        assert!("0".parse::<FailureAllowance>().unwrap().is_exceeded(1, 100));
        assert!("101%".parse::<FailureAllowance>().is_err());
    }

    #[test]
    fn parses_what_it_formats_and_nothing_else() {
        for (text, limit) in [
            ("auto", InFlight::AUTO),
            (" Auto ", InFlight::AUTO),
            ("1", InFlight::AtMost(1)),
            ("50", InFlight::AtMost(50)),
        ] {
            assert_eq!(text.parse(), Ok(limit), "{text}");
            assert_eq!(limit.to_string().parse(), Ok(limit));
        }
        for wrong in ["", "0", "-1", "1.5", "many", "4294967296"] {
            let error = wrong.parse::<InFlight>().unwrap_err().to_string();
            assert!(error.contains("at least 1, or `auto`"), "{error}");
        }
    }
}
