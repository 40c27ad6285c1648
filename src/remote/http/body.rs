//! Reading responses within time limits.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{HeaderValue, LOCATION};

use super::classify::transport_failure;
use crate::model::{Failure, FailureKind};

/// Longest error body that is read, in bytes: only its beginning is shown.
const MAX_ERROR_BODY: usize = 64 << 10;

/// Returns the next chunk of a response from `peer`; `None` at its end.
pub(crate) async fn next_chunk(
    response: &mut Response,
    limit: Duration,
    peer: &str,
) -> Result<Option<impl AsRef<[u8]> + Into<Vec<u8>> + use<>>, Failure> {
    match tokio::time::timeout(limit, response.chunk()).await {
        Ok(Ok(chunk)) => Ok(chunk),
        Ok(Err(error)) => Err(transport_failure(&error.without_url(), peer)),
        Err(_elapsed) => {
            let seconds = limit.as_secs_f32();
            let message = format!("no data from {peer} for {seconds} s");
            Err(Failure::new(FailureKind::Lost, message))
        }
    }
}

/// Returns the beginning of an error body, as far as it can be read within `limit`. The failure depends only on the status.
pub(crate) async fn read_error_body(response: &mut Response, limit: Duration) -> Vec<u8> {
    let mut body = Vec::new();
    let reading = async {
        while body.len() < MAX_ERROR_BODY
            && let Ok(Some(chunk)) = response.chunk().await
        {
            body.extend_from_slice(&chunk);
        }
    };
    let _ = tokio::time::timeout(limit, reading).await;
    body.truncate(MAX_ERROR_BODY);
    body
}

/// Returns where a response redirects to.
pub(crate) fn redirect_location(response: &Response) -> Option<&HeaderValue> {
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => response.headers().get(LOCATION),
        _ => None,
    }
}
