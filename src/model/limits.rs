//! Limits: what the user may set, and what the engine keeps to.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::{Credits, InFlight};

/// The limits of one run, all resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Submits in a window of time. The provider publishes no figure; 15 a minute is what a careful
    /// client in the field imposes on itself.
    pub submit_rate: Rate,
    /// Renders at the provider at one time.
    pub in_flight: InFlight,
    /// Polls, looks and lists in a window of time.
    pub poll_rate: Rate,
    /// Downloads at one time.
    pub downloads: u32,
    /// The campaign never spends or promises more than this.
    pub max_credits: Option<Credits>,
    /// What one run submits never costs or promises more than this.
    pub max_credits_run: Option<Credits>,
    /// A person is asked before a run that may spend more than this; kept to by the command that asks,
    /// not by the engine. The default is the price of ten short videos.
    pub confirm_above: Credits,
    /// Begin even though the balance does not cover all of it; kept to by the command.
    pub allow_partial: bool,
    /// How long a render may take before this run stops waiting for it.
    pub render_timeout: Duration,
    /// How long the run may take before it leaves renders to a later `collect`.
    pub max_duration: Option<Duration>,
    /// How many failures end the submitting.
    pub max_fail: Option<FailureAllowance>,
    /// How far apart two listings must be for their silence to count as proof of absence. A run that has
    /// nothing else to do looks for proof twenty times as long (ten minutes by default), then leaves
    /// the job to a person; where no proof is possible, twice as long.
    pub settle: Duration,
    /// The shortest time between two looks at the same render.
    pub poll_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            submit_rate: Rate {
                count: 15,
                per: Duration::from_secs(60),
            },
            in_flight: InFlight::AUTO,
            poll_rate: Rate {
                count: 1,
                per: Duration::from_secs(1),
            },
            downloads: 4,
            max_credits: None,
            max_credits_run: None,
            confirm_above: Credits::whole(50),
            allow_partial: false,
            render_timeout: Duration::from_secs(30 * 60),
            max_duration: None,
            max_fail: None,
            settle: Duration::from_secs(30),
            poll_interval: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The fast limits that suit the embedded sandbox.
    pub fn sandbox() -> Self {
        Self {
            submit_rate: Rate {
                count: 5,
                per: Duration::from_secs(1),
            },
            in_flight: InFlight::Auto { from: 20 },
            poll_rate: Rate {
                count: 10,
                per: Duration::from_secs(1),
            },
            settle: Duration::from_secs(2),
            poll_interval: Duration::from_millis(300),
            ..Self::default()
        }
    }

    /// These limits with every value that `settings` makes.
    #[must_use]
    pub fn with(mut self, settings: &LimitSettings) -> Self {
        fn set<T: Clone>(place: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        set(&mut self.submit_rate, settings.submit_rate.as_ref());
        set(&mut self.in_flight, settings.in_flight.as_ref());
        set(&mut self.poll_rate, settings.poll_rate.as_ref());
        set(&mut self.downloads, settings.downloads.as_ref());
        set(&mut self.render_timeout, settings.render_timeout.as_ref());
        set(&mut self.settle, settings.settle.as_ref());
        set(&mut self.poll_interval, settings.poll_interval.as_ref());
        set(&mut self.confirm_above, settings.confirm_above.as_ref());
        set(&mut self.allow_partial, settings.allow_partial.as_ref());
        self.max_credits = settings.max_credits.or(self.max_credits);
        self.max_credits_run = settings.max_credits_run.or(self.max_credits_run);
        self.max_duration = settings.max_duration.or(self.max_duration);
        self.max_fail = settings.max_fail.or(self.max_fail);
        self
    }
}

/// What one source (command line, environment, manifest) sets; the rest is left to the next.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is the optional form of its namesake in `Limits`"
)]
pub struct LimitSettings {
    pub submit_rate: Option<Rate>,
    pub in_flight: Option<InFlight>,
    pub poll_rate: Option<Rate>,
    pub downloads: Option<u32>,
    pub max_credits: Option<Credits>,
    pub max_credits_run: Option<Credits>,
    pub confirm_above: Option<Credits>,
    pub allow_partial: Option<bool>,
    pub render_timeout: Option<Duration>,
    pub max_duration: Option<Duration>,
    pub max_fail: Option<FailureAllowance>,
    pub settle: Option<Duration>,
    pub poll_interval: Option<Duration>,
}

/// So many in so much time: `15/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many; at least 1.
    pub count: u32,
    /// In what time; more than zero.
    pub per: Duration,
}

impl Rate {
    /// The time from one to the next when they are spread evenly.
    pub fn interval(self) -> Duration {
        (self.per / self.count.max(1)).max(Duration::from_nanos(1))
    }
}

/// How many failed jobs are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureAllowance {
    /// More than this many.
    Count(u32),
    /// More than this share of the selected jobs, in percent.
    Percent(u32),
}

impl FailureAllowance {
    /// Whether `failed` of `total` jobs is more than allowed.
    pub fn is_passed(self, failed: usize, total: usize) -> bool {
        match self {
            Self::Count(count) => failed > count as usize,
            Self::Percent(percent) => failed * 100 > total * percent as usize,
        }
    }
}

/// The text is not what a limit looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseLimitError {
    text: String,
    expected: &'static str,
}

impl FromStr for Rate {
    type Err = ParseLimitError;
    /// Reads `15/min`, `2/s`, `600/h`, and `3/10s`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLimitError {
            text: text.to_owned(),
            expected: "a rate such as `15/min`, `2/s` or `600/h`",
        };
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
        // In the largest unit of which it is a whole number, as people write it: `15/min`, `8/4min`.
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
    type Err = ParseLimitError;
    /// Reads `5` and `3%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseLimitError {
            text: text.to_owned(),
            expected: "a number of jobs such as `5` or a share such as `3%`",
        };
        let trimmed = text.trim();
        match trimmed.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.trim().parse().map_err(|_| error())?;
                (percent <= 100)
                    .then_some(Self::Percent(percent))
                    .ok_or_else(error)
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

/// Reads `90s`, `30m`, `1h 30m`, `250ms`.
pub fn parse_duration(text: &str) -> Result<Duration, ParseLimitError> {
    let error = || ParseLimitError {
        text: text.to_owned(),
        expected: "a duration such as `90s`, `30m` or `1h 30m`",
    };
    let signed: jiff::SignedDuration = text.trim().parse().map_err(|_| error())?;
    Duration::try_from(signed).map_err(|_| error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        for (text, interval) in [
            ("15/min", 4000),
            ("2/s", 500),
            ("600/h", 6000),
            ("3/10s", 3333),
            (" 1 / s ", 1000),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!(rate.interval().as_millis(), interval, "{text}");
        }
        for wrong in ["", "15", "0/s", "-1/s", "1/0s", "1/fortnight"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_shown_as_people_write_them_and_read_back() {
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
        assert!("3%".parse::<FailureAllowance>().unwrap().is_passed(4, 100));
        assert!(!"3%".parse::<FailureAllowance>().unwrap().is_passed(3, 100));
        assert!("0".parse::<FailureAllowance>().unwrap().is_passed(1, 100));
        assert!("101%".parse::<FailureAllowance>().is_err());
    }
}
