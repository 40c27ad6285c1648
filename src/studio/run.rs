//! Runs: their start, their questions, their end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{oneshot, watch};

use super::error::{ApiError, ApiResult, error_json};
use super::live::{Ended, Live, LiveObserver, LiveWord, Question, Run};
use super::state::{Campaign, Studio, lock};
use super::wanted::Wanted;
use crate::app::{
    self, ApprovalPolicy, Confirm, FinishedRun, Goal, Interrupts, NetworkUse, Notices,
    Notifications, ResumeCommand, RunOptions, RunRequest,
};
use crate::model::{Exit, JobId, StopReason};
use crate::report::summary_text::headline;
use crate::report::{Summary, hints};

/// The interval between two updates of the page.
const TICK: Duration = Duration::from_millis(250);

/// A question that no page shows for this long is answered with no.
const ABSENCE: Duration = Duration::from_secs(120);

/// `POST /api/campaigns/ID/run`
pub(super) async fn run(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(wanted): Json<Wanted>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let campaign = studio.campaign(&id)?;
    let _changes = campaign.changes.lock().await;
    start(&studio, &campaign, wanted)?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

/// Starts a run of a campaign.
///
/// # Errors
/// If one is under way, the studio is ending, or the request has wrong values.
pub(super) fn start(
    studio: &Arc<Studio>,
    campaign: &Arc<Campaign>,
    wanted: Wanted,
) -> ApiResult<()> {
    wanted.check()?;
    let mut current = lock(&campaign.run);
    check_idle(studio, campaign, current.is_some())?;
    let (sender, interrupts) = unbounded_channel();
    let run = Arc::new(Run {
        interrupts: sender,
        collects: AtomicBool::new(false),
        question: Mutex::default(),
        is_declined: AtomicBool::new(false),
        has_ended: watch::Sender::new(false),
    });
    *current = Some(Arc::clone(&run));
    campaign.live.send_replace(Live::begin());
    drop(current);
    let (studio, campaign) = (Arc::clone(studio), Arc::clone(campaign));
    // The loop of a run stays in one thread, which also keeps its writes to disk away from the pages.
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        runtime.block_on(Box::pin(execute(studio, campaign, run, wanted, interrupts)));
    });
    Ok(())
}

/// Checks that a run can begin. `is_running`: one of this studio is under way.
fn check_idle(studio: &Studio, campaign: &Campaign, is_running: bool) -> ApiResult<()> {
    let conflict = |message| Err(ApiError::new(StatusCode::CONFLICT, message));
    if studio.is_ending.load(Ordering::Relaxed) {
        return conflict("the studio is ending");
    }
    if is_running {
        return conflict("a run of this campaign is under way");
    }
    if campaign.live.borrow().state == LiveWord::Running {
        return conflict("another process is running this campaign");
    }
    Ok(())
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    question: u64,
    yes: bool,
}

/// `POST /api/campaigns/ID/answer`
pub(super) async fn answer(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(answer): Json<Answer>,
) -> ApiResult<Json<Value>> {
    let run = studio.campaign(&id)?.current_run()?;
    let mut question = lock(&run.question);
    let Some((_, sender)) = question.take_if(|(number, _)| *number == answer.question) else {
        let message = "this question was answered already";
        return Err(ApiError::new(StatusCode::CONFLICT, message));
    };
    run.is_declined.store(!answer.yes, Ordering::Relaxed);
    // An error means that the run was stopped.
    let _ = sender.send(answer.yes);
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
pub(super) struct Stop {
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    /// Nothing new is submitted, and what is paid for is collected.
    Submitting,
    Now,
}

/// `POST /api/campaigns/ID/stop`
pub(super) async fn stop(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(Stop { how }): Json<Stop>,
) -> ApiResult<Json<Value>> {
    let campaign = studio.campaign(&id)?;
    let run = campaign.current_run()?;
    let collected = run.collects.swap(how == How::Submitting, Ordering::Relaxed);
    if how == How::Now || !collected {
        run.interrupt();
    }
    campaign.live.send_modify(|live| live.state = LiveWord::Stopping);
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
pub(super) struct RedoRequest {
    job: JobId,
    text: Option<String>,
}

/// `POST /api/campaigns/ID/redo`: changes the words of a video, if there are new ones, and starts a run that makes it again.
pub(super) async fn redo(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
    Json(RedoRequest { job, text }): Json<RedoRequest>,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let campaign = studio.campaign(&id)?;
    let _changes = campaign.changes.lock().await;
    check_idle(&studio, &campaign, campaign.is_running())?;
    let lookup = studio.lookup(&campaign, NetworkUse::IfNeeded).await;
    let (options, is_sandbox) = (&campaign.options, campaign.is_sandbox);
    let redo = app::prepare_redo(options, &job, text.as_deref(), &lookup, is_sandbox, app::now());
    let redo = Box::pin(redo).await?;
    campaign.sheet_changed();
    start(&studio, &campaign, Wanted::redo(redo))?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

async fn execute(
    studio: Arc<Studio>,
    campaign: Arc<Campaign>,
    run: Arc<Run>,
    mut wanted: Wanted,
    mut interrupts: Interrupts,
) {
    let over = RunOver { campaign: &campaign, run: &run };
    let ended = loop {
        let goal = wanted.goal();
        let finished = execute_once(&studio, &campaign, &run, &wanted, &mut interrupts).await;
        let is_interrupted = finished
            .as_ref()
            .is_ok_and(|finished| matches!(finished.result, Ok(Some(StopReason::Interrupted))));
        if is_interrupted && goal == Goal::EveryVideo && run.collects.load(Ordering::Relaxed) {
            while interrupts.try_recv().is_ok() {}
            wanted = Wanted::collect();
            continue;
        }
        let is_declined = finished.is_err() && run.is_declined.load(Ordering::Relaxed);
        let ended = ended(&campaign, finished, goal);
        break if is_declined { Ended { exit: ended.exit, ..Ended::default() } } else { ended };
    };
    {
        // A page that sees the end can begin another run.
        let mut current = lock(&campaign.run);
        campaign.live.send_modify(|live| live.end(ended));
        *current = None;
    }
    drop(over);
    // A new view has estimates that are calibrated with the finished run.
    campaign.sheet_changed();
}

/// Lets another run begin, also after a panic.
struct RunOver<'a> {
    campaign: &'a Campaign,
    run: &'a Arc<Run>,
}

impl Drop for RunOver<'_> {
    fn drop(&mut self) {
        // The page may have begun another one.
        lock(&self.campaign.run).take_if(|current| Arc::ptr_eq(current, self.run));
        self.run.has_ended.send_replace(true);
    }
}

async fn execute_once(
    studio: &Arc<Studio>,
    campaign: &Arc<Campaign>,
    run: &Arc<Run>,
    wanted: &Wanted,
    interrupts: &mut Interrupts,
) -> Result<FinishedRun, app::Error> {
    let flags = studio.provider_flags(campaign);
    let live = Arc::clone(&campaign.live);
    let notices = Notices::new(move |severity, text| {
        live.send_modify(|live| live.notice(severity, text));
    });
    let provider = studio.provider(campaign).await?;
    let is_collect = wanted.goal() == Goal::PaidVideos;
    let request = RunRequest {
        selection: Some(wanted.selection()),
        rerun: wanted.rerun()?,
        limits: wanted.limits(),
        run_options: RunOptions { is_unattended: false, ..wanted.run_options() },
        duplicates: wanted.duplicates(),
        confirm: Confirm::Always(ask(Arc::clone(campaign), Arc::clone(run))),
        approval: if is_collect { ApprovalPolicy::Never } else { ApprovalPolicy::ByManifest },
        resume: ResumeCommand {
            provider: flags.arguments(campaign.is_sandbox),
            is_collect,
            ..ResumeCommand::default()
        },
        notices,
        cache_dir: studio.settings.cache_dir.clone(),
        tick: TICK,
        ..RunRequest::new(wanted.campaign(campaign), provider)
    };
    let request = request.observed_by(LiveObserver(Arc::clone(&campaign.live)));
    Box::pin(app::run_with(request, &mut Notifications::none(), interrupts)).await
}

/// Returns the end of a run as the page shows it, and keeps what the terminal is to show.
fn ended(campaign: &Campaign, finished: Result<FinishedRun, app::Error>, goal: Goal) -> Ended {
    let failed = |error: &app::Error| {
        let body = error_json(error);
        Ended {
            exit: error.exit().code(),
            warns: true,
            message: body["error"].as_str().unwrap_or_default().to_owned(),
            hints: error.hints(),
            problems: body["problems"].clone(),
        }
    };
    let finished = match finished {
        Ok(finished) => finished,
        Err(error) => return failed(&error),
    };
    let summary = &finished.summary;
    *lock(&campaign.outstanding) = outstanding(summary);
    match &finished.result {
        Ok(stopped) => {
            let exit = app::exit_code(summary, stopped.as_ref(), goal, false);
            let hints = if exit == Exit::Success { Vec::new() } else { hints(summary) };
            let message = headline(summary);
            let counts = summary.counts();
            let is_well = matches!(stopped, None | Some(StopReason::Interrupted));
            let warns = !is_well || counts.failed + counts.in_doubt > 0;
            Ended { exit: exit.code(), warns, message, hints, problems: Value::Null }
        }
        Err(error) => failed(error),
    }
}

/// Returns what is outstanding at the provider after the run of `summary`, with advice, if anything is.
fn outstanding(summary: &Summary) -> Option<String> {
    let counts = summary.counts();
    (counts.outstanding() + counts.in_doubt > 0).then(|| {
        let hints = hints(summary).into_iter().map(|hint| format!("\nhint: {hint}"));
        headline(summary) + &hints.collect::<String>()
    })
}

/// Returns the function that asks the page.
fn ask(campaign: Arc<Campaign>, run: Arc<Run>) -> app::Ask {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    Box::new(move |proposal, text| {
        let (campaign, run) = (Arc::clone(&campaign), Arc::clone(&run));
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let question = Question::new(number, proposal.as_ref(), text);
        Box::pin(async move {
            let (sender, answer) = oneshot::channel();
            *lock(&run.question) = Some((number, sender));
            campaign.live.send_modify(|live| {
                live.state = LiveWord::Asking;
                live.question = Some(question);
            });
            let _shown = ShownQuestion { campaign: &campaign, run: &run };
            wait(&campaign, answer).await
        })
    })
}

/// Waits for an answer. No answer is a no.
async fn wait(campaign: &Campaign, mut answer: oneshot::Receiver<bool>) -> bool {
    let second = Duration::from_secs(1);
    let mut ticks = tokio::time::interval(second);
    let mut absent = Duration::ZERO;
    loop {
        tokio::select! {
            answer = &mut answer => return answer.unwrap_or(false),
            _ = ticks.tick() => {
                absent = if campaign.feed.has_listeners() { Duration::ZERO } else { absent + second };
                if absent > ABSENCE {
                    return false;
                }
            }
        }
    }
}

/// Removes a question from the page once it is answered, or its run was stopped.
struct ShownQuestion<'a> {
    campaign: &'a Campaign,
    run: &'a Run,
}

impl Drop for ShownQuestion<'_> {
    fn drop(&mut self) {
        *lock(&self.run.question) = None;
        self.campaign.live.send_modify(|live| {
            live.question = None;
            if live.state == LiveWord::Asking {
                live.state = LiveWord::Preparing;
            }
        });
    }
}
