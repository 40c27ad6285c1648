//! The events of a campaign, as a page receives them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use tokio::sync::{broadcast, watch};
use tokio::time::MissedTickBehavior;

use super::error::ApiResult;
use super::feed::Message;
use super::live::Live;
use super::state::{Campaign, Studio};

/// The interval between two readings of the journal.
const INTERVAL: Duration = Duration::from_millis(250);

/// `GET /api/campaigns/ID/events`
pub(super) async fn events(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<String>,
) -> ApiResult<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let campaign = studio.campaign(&id)?;
    let request = studio.view_request(&campaign).await;
    let (first, messages, is_new) = campaign.feed.subscribe(&request).await;
    if is_new {
        tokio::spawn(Box::pin(follow(Arc::clone(&studio), Arc::clone(&campaign))));
    }
    let live = campaign.live.subscribe();
    let stopping = studio.stopping.subscribe();
    let open = VecDeque::from([first, Message::new("live", &*live.borrow())]);
    let connection = Connection { open, messages, live, stopping };
    let events = futures::stream::unfold(connection, async |mut connection| {
        let Message { event, data } = connection.next().await?;
        Some((Ok(Event::default().event(event).data(data)), connection))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The stream of one page.
struct Connection {
    open: VecDeque<Message>,
    messages: broadcast::Receiver<Message>,
    live: watch::Receiver<Live>,
    stopping: watch::Receiver<bool>,
}

impl Connection {
    /// Returns the next message; `None` if the server stops or the page is too slow.
    async fn next(&mut self) -> Option<Message> {
        if let Some(message) = self.open.pop_front() {
            return Some(message);
        }
        tokio::select! {
            _ = self.stopping.wait_for(|is_stopping| *is_stopping) => None,
            message = self.messages.recv() => message.ok(),
            Ok(()) = self.live.changed() => {
                Some(Message::new("live", &*self.live.borrow_and_update()))
            }
        }
    }
}

/// Reads the campaign until no page shows it.
async fn follow(studio: Arc<Studio>, campaign: Arc<Campaign>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let request = studio.view_request(&campaign).await;
        let is_own = campaign.is_running();
        if !campaign.feed.read(&request, &campaign.live, is_own).await {
            return;
        }
    }
}
