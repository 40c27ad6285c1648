//! The next steps for a user: the source of hints, of the page's advice and of the last line of `why`.

use std::collections::BTreeMap;
use std::slice;

use crate::model::{CommandName, Failure, FailureKind, Flag, Phase, StopReason};
use crate::report::campaign::Campaign;
use crate::report::command_line::CommandLine;
use crate::report::format::{credits, date_time};
use crate::report::job_row::JobRow;
use crate::report::summary::Summary;
use crate::util::text::{agree, list, plural};

/// Jobs named in one hint before the rest is counted.
const MAX_NAMES: usize = 5;

/// Jobs that a command names, if it cannot select them otherwise.
const MAX_IDS: usize = 20;

/// A user's next step for a job, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NextStep {
    /// Look for a job in doubt at the provider, or pay again.
    Resolve,
    /// Edit a job that the provider has rejected for its content.
    Edit,
    /// Submit a failed job again.
    Retry,
    /// Pay again for a job whose video exists neither on disk nor at the provider.
    Replace,
    /// Pay for the new version of an edited row.
    Redo,
    /// Download a finished video again, or pay again if its link is dead for good.
    ReplaceLink,
    /// Download a finished video.
    Download,
    /// Download a video when it is rendered.
    Collect,
    /// Submit a pending job.
    Submit,
    /// Nothing.
    Nothing,
}

/// A next step in words, and the command that takes it.
pub(super) struct Advice {
    pub(super) text: String,
    pub(super) command: CommandLine,
}

/// Returns the next step for a job.
pub(super) fn next_step(row: &JobRow) -> NextStep {
    match &row.state.phase {
        Phase::Pending | Phase::Failed { .. } if row.state.is_open() => {
            let is_planned = row.job.in_sheet && row.job.selected;
            if is_planned { NextStep::Submit } else { NextStep::Nothing }
        }
        Phase::Submitting if row.is_submitting => NextStep::Nothing,
        Phase::Submitting | Phase::InDoubt { .. } => NextStep::Resolve,
        Phase::Rendering { .. } | Phase::Downloading { .. } if row.has_dead_link() => {
            NextStep::ReplaceLink
        }
        Phase::Rendering { .. } | Phase::Downloading { .. } if row.state.is_to_be_downloaded() => {
            NextStep::Download
        }
        Phase::Rendering { .. } | Phase::Downloading { .. } => NextStep::Collect,
        Phase::Done { .. } if row.is_outdated() => NextStep::Redo,
        Phase::Failed { .. } if row.is_retried_edited() => NextStep::Submit,
        Phase::Failed { failure, .. } if row.state.is_retried_unnamed() => {
            if is_about_content(failure) { NextStep::Edit } else { NextStep::Retry }
        }
        Phase::Failed { .. } => NextStep::Replace,
        Phase::Pending | Phase::Done { .. } => NextStep::Nothing,
    }
}

/// Words of reasons that are about what is said or shown. The provider publishes no list.
const CONTENT_WORDS: [&str; 9] = [
    "policy",
    "policies",
    "moderat",
    "guideline",
    "inappropriate",
    "prohibited",
    "nsfw",
    "violat",
    "sensitive",
];

/// Checks whether a render failed for its content, so that the same request would fail again.
fn is_about_content(failure: &Failure) -> bool {
    let message = failure.message.to_lowercase();
    failure.kind == FailureKind::RenderFailed
        && (message.starts_with("rejected") || CONTENT_WORDS.iter().any(|it| message.contains(it)))
}

/// Returns the advice about one job.
pub(super) fn job_advice(campaign: &Campaign, row: &JobRow) -> Option<Advice> {
    advice(campaign, next_step(row), slice::from_ref(row), true)
}

/// Returns the advice about failed jobs that share their next step, with a command for exactly these jobs; `None` if each
/// of them is a decision of its own.
pub(super) fn shared_advice(summary: &Summary, rows: &[JobRow]) -> Option<Advice> {
    let step = next_step(rows.first()?);
    let is_retried = |step| matches!(step, NextStep::Retry | NextStep::Edit);
    if !is_retried(step) || rows.iter().any(|row| next_step(row) != step) {
        return None;
    }
    let mut advice = advice(summary.campaign(), step, rows, rows.len() == 1)?;
    let is_all = summary.rows().filter(|row| is_retried(next_step(row))).count() == rows.len();
    if rows.len() > 1 && !is_all {
        let ids: Vec<&str> = rows.iter().map(|row| row.id().as_str()).collect();
        advice.command = advice.command.option(Flag::Only, ids.join(","));
    }
    Some(advice)
}

/// Returns everything worth doing next, the most urgent first.
pub(crate) fn hints(summary: &Summary) -> Vec<String> {
    let campaign = summary.campaign();
    let mut groups = BTreeMap::<NextStep, Vec<JobRow>>::new();
    for row in summary.rows() {
        groups.entry(next_step(&row)).or_default().push(row);
    }
    if summary.stopped().is_some() {
        // The hint about the stop covers the pending jobs.
        groups.remove(&NextStep::Submit);
    }
    let has_rejected = groups.contains_key(&NextStep::Edit);
    let advice = groups.iter().filter_map(|(step, rows)| {
        let Advice { mut text, mut command } = advice(campaign, *step, rows, false)?;
        // Without names, the rejected jobs are paid for again as well.
        if *step == NextStep::Retry && has_rejected && rows.len() <= MAX_IDS {
            let ids: Vec<&str> = rows.iter().map(|row| row.id().as_str()).collect();
            command = command.option(Flag::Only, ids.join(","));
        } else if *step == NextStep::Retry && has_rejected {
            text.push_str(", and the rejected ones with them");
        }
        Some(format!("{text}: `{command}`"))
    });
    let first = stop_hint(summary).into_iter().chain(paid_twice(summary));
    first.chain(advice).chain(first_real_run(summary)).collect()
}

/// Returns the command that resumes a run that was interrupted.
pub(super) fn resume(summary: &Summary) -> Option<CommandLine> {
    let is_interrupted = matches!(summary.stopped(), Some(StopReason::Interrupted));
    is_interrupted.then(|| summary.campaign().resume_command())
}

/// Puts a step into words, for one job that the reader is looking at or for all jobs that share the step.
fn advice(campaign: &Campaign, step: NextStep, rows: &[JobRow], is_single: bool) -> Option<Advice> {
    let (count, first) = (rows.len(), rows.first()?);
    let has_count = matches!(step, NextStep::Retry | NextStep::Collect | NextStep::Submit);
    let subject = if is_single {
        "it".to_owned()
    } else if has_count {
        plural(count, "job")
    } else {
        list(rows.iter().map(|row| row.id().as_str()), MAX_NAMES)
    };
    let (is, was) = (agree(count, "is", "are"), agree(count, "was", "were"));
    let them = agree(count, "it", "them");
    let of = if is_single { String::new() } else { format!(" of {subject}") };
    let videos = format!("the {}{of}", agree(count, "video", "videos"));
    let run = if is_single {
        campaign.command_for(first.id(), CommandName::Run)
    } else {
        campaign.command(CommandName::Run)
    };
    let only_this = |command: CommandLine| {
        if is_single { command.option(Flag::Only, first.id()) } else { command }
    };
    // One job at a time: each payment is a decision of its own.
    let resubmit =
        || campaign.command_for(first.id(), CommandName::Run).option(Flag::Resubmit, first.id());
    let (text, command) = match step {
        NextStep::Resolve => {
            let look = campaign.command(campaign.resuming());
            let name = rows.iter().find_map(|row| Some(row.state.tag.as_ref()?.name_for(row.id())));
            let such = match name.filter(|_| count == 1) {
                Some(name) => format!("only if its dashboard shows no video named `{name}`, pay again"),
                None if count == 1 => {
                    "only if its dashboard shows no video with that name, pay again".to_owned()
                }
                None => "pay again only for a job whose name its dashboard does not show, one at a time, such as"
                    .to_owned(),
            };
            let text = format!(
                "{subject} may have been paid for and {is} not submitted again automatically. `{look}` looks for \
                 {them} at the provider; {such}",
            );
            (text, resubmit())
        }
        NextStep::Edit => {
            let text = format!(
                "{subject} {was} rejected for the content and would be rejected again; edit the {} in the sheet, then \
                 submit {them} again",
                agree(count, "row", "rows"),
            );
            let is_free = rows.iter().all(|row| row.state.has_failed_uncharged());
            (text, only_this(run.flag_if(Flag::RetryFailed, !is_free)))
        }
        NextStep::Retry => {
            let is_refused = |row: &&JobRow| row.state.phase.remote().is_none();
            let refused = rows.iter().filter(is_refused).count();
            let text = if refused == 0 {
                format!("{subject} could not be rendered; pay for {them} again")
            } else if refused == count {
                format!(
                    "{subject} {was} refused before rendering; correct the {} in the sheet, or submit {them} unchanged",
                    agree(count, "row", "rows")
                )
            } else {
                format!(
                    "{subject} failed; correct the rows that were refused before rendering, then submit {them} again"
                )
            };
            (text, only_this(run.flag(Flag::RetryFailed)))
        }
        NextStep::Replace => {
            (format!("{videos} {is} missing on disk and at the provider; pay again"), resubmit())
        }
        NextStep::Redo => {
            let text =
                format!("{subject} {was} edited after being paid for; pay for the new version");
            (text, only_this(run.flag(Flag::RedoChanged)))
        }
        NextStep::ReplaceLink => {
            let collect = campaign.command(CommandName::Collect);
            let most = credits(rows.iter().map(|row| row.job.estimate.high).sum());
            let text = format!(
                "{videos} cannot be downloaded; `{collect}` tries again; only if no link works any more, pay again, up to \
                 {most}"
            );
            (text, resubmit())
        }
        NextStep::Download => {
            let text = format!("{subject} {is} paid for but not downloaded");
            (text, campaign.command(CommandName::Collect))
        }
        NextStep::Collect => {
            let text = format!(
                "{subject} {is} rendering; download what is finished, without submitting anything"
            );
            (text, campaign.command(CommandName::Collect))
        }
        NextStep::Submit => (format!("{subject} {is} not submitted yet"), run),
        NextStep::Nothing => return None,
    };
    Some(Advice { text, command })
}

/// Returns the hint about the reason for which the newest run stopped early.
#[rustfmt::skip] // A table: one arm for each reason.
fn stop_hint(summary: &Summary) -> Option<String> {
    let campaign = summary.campaign();
    let resume = campaign.resume_command();
    let pending = plural(summary.counts().pending, "pending job");
    Some(match summary.stopped()? {
        StopReason::Unauthorised { .. } =>
            format!("check `CREATIFY_API_ID` and `CREATIFY_API_KEY`, then continue: `{resume}`"),
        StopReason::WrongAddress { .. } => format!(
            "check the address in `{}` or `CREATIFY_BASE_URL`; the default is `https://api.creatify.ai`", Flag::BaseUrl),
        StopReason::Unreachable { .. } => format!("check the network and `HTTPS_PROXY`, then continue: `{resume}`"),
        StopReason::InventoryRefused { .. } => format!(
            "the provider may hold paid videos that are not recorded here; try again when its list can be read, or wait \
             longer for it with `{} TIME`: `{resume}`", Flag::Patience),
        StopReason::InventoryUnproven { .. } if campaign.is_collecting => format!(
            "look for the campaign's jobs in the dashboard; those that the list does not show cannot be taken over: \
             `{resume}` tries again"),
        StopReason::InventoryUnproven { .. } => format!(
            "check that the keys belong to the account of this campaign, and look for its jobs in the dashboard; if none \
             is missing here, submit with `{}`: `{resume} {}`",
            Flag::WithoutList, Flag::WithoutList),
        StopReason::DuplicateRun { .. } => format!(
            "if another run is under way, on this machine or another, wait until it has ended; this command then takes \
             over what it paid for and submits only the rest: `{resume}`"),
        StopReason::Local { .. } => format!(
            "free disk space for `{}` or make it writable, then continue: `{resume}`", campaign.out.display()),
        StopReason::OutOfCredits { .. } =>
            format!("buy credits, then submit the rest: `{resume}`"),
        StopReason::CapReached => {
            let enough = campaign.cap_for(summary.money().needed_cap());
            let is_recording = |row: JobRow| {
                matches!(row.state.phase, Phase::Pending) && row.job.in_sheet && row.job.estimate.least.is_some()
            };
            let shorter = if summary.rows().any(is_recording) {
                format!("; `{} N` lowers what is reserved if no recording is longer", Flag::AudioSeconds)
            } else {
                String::new()
            };
            format!("`{} {enough}` would be enough for the {pending}{shorter}", Flag::MaxCredits)
        }
        StopReason::RunCapReached => format!("continue with {pending}: `{resume}`"),
        StopReason::LongHold { until } => format!("continue after {}: `{resume}`", date_time(*until)),
        StopReason::Interrupted
        | StopReason::MaxDuration
        | StopReason::TooManyFailures
        | StopReason::TooManyDoubts => return None,
    })
}

fn paid_twice(summary: &Summary) -> Option<String> {
    let rows: Vec<JobRow> = summary.rows().filter(|row| !row.state.duplicates.is_empty()).collect();
    let first = rows.first()?.state.duplicates.first()?;
    Some(format!(
        "{} {} paid for twice, by another run with another output folder, by a request that was accepted late, or by \
         a copy made in the dashboard: the provider has a second job `{first}`{}",
        list(rows.iter().map(|row| row.id().as_str()), MAX_NAMES),
        agree(rows.len(), "was", "were"),
        agree(rows.len(), "", " and others"),
    ))
}

fn first_real_run(summary: &Summary) -> Option<String> {
    let counts = summary.counts();
    let campaign = summary.campaign();
    let is_complete = counts.done > 0 && counts.finished() == counts.total;
    (campaign.is_sandbox && is_complete).then(|| {
        let text = format!(
            "these are sample videos of the sandbox, and nothing was charged; to make real ones, set \
             `CREATIFY_API_ID` and `CREATIFY_API_KEY` and leave out `{}`",
            Flag::Sandbox
        );
        if campaign.arguments.has(Flag::Out) {
            format!("{text}; they need another `{} DIR`", Flag::Out)
        } else {
            text
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Credits, JobEvent, Timestamp};
    use crate::report::testing::TestRun;

    fn stopped(reason: StopReason) -> TestRun {
        let mut run = TestRun::with_jobs(2);
        run.done(1, "a");
        run.ended(90, Some(reason));
        run
    }

    #[test]
    fn each_stop_reason_that_needs_an_action_has_a_hint() {
        let message = String::from("no");
        let text = || message.clone();
        for (reason, expected) in [
            (StopReason::Unauthorised { message: text() }, "`CREATIFY_API_ID`"),
            (StopReason::WrongAddress { message: text() }, "`--base-url`"),
            (StopReason::Unreachable { message: text() }, "`HTTPS_PROXY`"),
            (StopReason::InventoryRefused { message: text() }, "may hold paid videos"),
            (StopReason::Local { message: text() }, "`spring-output`"),
            (StopReason::DuplicateRun { job: "a".parse().unwrap() }, "wait until it has ended"),
            (StopReason::OutOfCredits { message: text() }, "buy credits"),
            (StopReason::RunCapReached, "continue with 1 pending job"),
            (StopReason::LongHold { until: Timestamp::from_millis(0) }, "1970-01-01 00:00:00Z"),
        ] {
            let hints = hints(&stopped(reason).summary());
            assert_eq!(hints.len(), 1, "{hints:?}");
            assert!(hints[0].contains(expected), "{hints:?}");
        }
    }

    #[test]
    fn a_cap_that_would_be_enough_is_named() {
        let mut run = stopped(StopReason::CapReached);
        run.campaign.max_credits = Some(Credits::whole(5));
        let expected = "`--max-credits 10` would be enough for the 1 pending job";
        assert_eq!(hints(&run.summary()), [expected]);
        // The longest recording is reserved, so the cap may be too low only for that.
        run.campaign.jobs.iter_mut().for_each(|job| job.estimate.least = Some(Credits::whole(5)));
        let expected = format!(
            "{expected}; `--audio-seconds N` lowers what is reserved if no recording is longer"
        );
        assert_eq!(hints(&run.summary()), [expected]);
    }

    fn refused(run: &mut TestRun, job: &str) {
        run.sent(1, job);
        let failure = Failure::new(FailureKind::Rejected, "text too long");
        let charged = Some(Credits::ZERO);
        run.job_event(2, job, JobEvent::Failed { failure, charged });
    }

    #[test]
    fn refused_rows_are_to_be_corrected_and_failed_renders_paid_again() {
        let mut run = TestRun::with_jobs(1);
        refused(&mut run, "a");
        assert_eq!(
            hints(&run.summary()),
            [
                "1 job was refused before rendering; correct the row in the sheet, or submit it unchanged: \
                 `callsheet run spring.csv --retry-failed`"
            ]
        );
        let mut run = TestRun::with_jobs(1);
        run.failed(1, "a", "no face");
        assert_eq!(
            hints(&run.summary()),
            [
                "1 job could not be rendered; pay for it again: `callsheet run spring.csv --retry-failed`"
            ]
        );
        let mut run = TestRun::with_jobs(2);
        refused(&mut run, "a");
        run.failed(1, "b", "no face");
        let hints = hints(&run.summary());
        assert_eq!(hints.len(), 1, "{hints:?}");
        assert!(hints[0].starts_with("2 jobs failed; correct the rows"), "{hints:?}");
    }

    #[test]
    fn paid_jobs_are_to_be_collected() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        run.rendered(2, "b");
        run.campaign.arguments = CommandLine::default().flag(Flag::Sandbox);
        let hints = hints(&run.summary());
        assert_eq!(hints.len(), 2, "{hints:?}");
        for hint in hints {
            let command = ": `callsheet collect spring.csv --sandbox`";
            assert!(hint.ends_with(command), "{hint}");
        }
    }

    #[test]
    fn a_rejected_text_is_edited_and_not_retried() {
        let mut run = TestRun::with_jobs(3);
        run.failed(1, "a", "failed by the provider: content policy");
        run.failed(2, "b", "rejected by the provider: no face");
        let all = hints(&run.summary());
        assert_eq!(
            all[0],
            "`a` and `b` were rejected for the content and would be rejected again; edit the rows in the sheet, then \
             submit them again: `callsheet run spring.csv`"
        );
        run.failed(3, "c", "failed by the provider: out of memory");
        let all = hints(&run.summary());
        assert!(all[1].ends_with("`callsheet run spring.csv --retry-failed --only c`"), "{all:?}");
    }

    #[test]
    fn edited_rows_and_finished_sandboxes_are_mentioned() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.campaign.is_sandbox = true;
        let before = hints(&run.summary());
        assert_eq!(before.len(), 1, "{before:?}");
        assert!(before[0].starts_with("these are sample videos"), "{before:?}");
        Arc::make_mut(&mut run.campaign.jobs[0].spec).fingerprint =
            TestRun::with_jobs(2).campaign.jobs[1].spec.fingerprint.clone();
        let after = hints(&run.summary());
        assert!(after[0].starts_with("`a` was edited"), "{after:?}");
    }

    #[test]
    fn jobs_that_were_paid_for_twice_are_named() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        let remote = "other-1".parse().unwrap();
        run.job_event(2, "a", JobEvent::PaidTwice { remote });
        let hints = hints(&run.summary());
        assert!(hints[0].starts_with("`a` was paid for twice"), "{hints:?}");
        assert!(hints[0].contains("`other-1`"), "{hints:?}");
    }

    #[test]
    fn a_complete_run_has_no_hints() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.ended(90, None);
        assert_eq!(hints(&run.summary()), [""; 0]);
        assert_eq!(resume(&run.summary()), None);
    }

    #[test]
    fn a_missing_video_is_paid_for_again_only_by_name() {
        let mut run = TestRun::with_jobs(1);
        run.done(1, "a");
        run.job_event(100, "a", JobEvent::FileMissing);
        let failure = Failure::new(FailureKind::NotFound, "not found");
        let charged = None;
        run.job_event(200, "a", JobEvent::Failed { failure, charged });
        let hints = hints(&run.summary());
        assert_eq!(hints.len(), 1, "{hints:?}");
        assert!(hints[0].ends_with("`callsheet run spring.csv --resubmit a`"), "{hints:?}");
    }

    #[test]
    fn a_render_without_credits_is_open_and_a_dead_link_has_a_way_out() {
        let mut run = TestRun::with_jobs(2);
        run.accepted(1, "a");
        let failure = Failure::new(FailureKind::OutOfCredits, "failed: out of credits");
        let charged = Some(Credits::ZERO);
        run.job_event(2, "a", JobEvent::Failed { failure, charged });
        run.accepted(3, "b");
        run.job_event(4, "b", JobEvent::Observed { status: "done".into() });
        let failure = Failure::new(FailureKind::NoOutput, "no video");
        run.job_event(5, "b", JobEvent::DownloadGivenUp { failure });
        let summary = run.summary();
        let counts = summary.counts();
        assert_eq!((counts.pending, counts.failed, counts.downloading), (1, 0, 1));
        assert_eq!(summary.rows().next().unwrap().status(), "pending");
        assert_eq!(
            hints(&summary),
            [
                "the video of `b` cannot be downloaded; `callsheet collect spring.csv` tries again; only if no link \
                 works any more, pay again, up to 5 credits: `callsheet run spring.csv --resubmit b`",
                "1 job is not submitted yet: `callsheet run spring.csv`",
            ]
        );
    }

    #[test]
    fn advice_about_one_job_names_only_that_job() {
        let mut run = TestRun::with_jobs(5);
        run.failed(1, "a", "no face");
        run.lost(2, "b");
        run.accepted(3, "c");
        run.done(4, "d");
        let summary = run.summary();
        let advice: Vec<Option<Advice>> =
            summary.rows().map(|row| job_advice(summary.campaign(), &row)).collect();
        let commands = advice.iter().map(|advice| {
            let advice = advice.as_ref()?;
            Some(advice.command.to_string())
        });
        let expected = [
            Some("callsheet run spring.csv --retry-failed --only a"),
            Some("callsheet run spring.csv --resubmit b"),
            Some("callsheet collect spring.csv"),
            None,
            Some("callsheet run spring.csv"),
        ];
        assert!(commands.eq(expected.map(|command| command.map(str::to_owned))));
    }
}
