//! The file servers.

use std::io::ErrorKind;

use super::client::send;
use super::*;
use crate::sandbox::random::sha256;
use crate::sandbox::{FaultTrigger, FileFault};

async fn start(rules: impl IntoIterator<Item = (FileFault, FaultTrigger)>) -> Server {
    Server::start(Faults { files: rules.into_iter().collect(), ..Faults::default() }).await
}

#[tokio::test]
async fn files_are_complete_support_ranges_and_differ() {
    let server = start([]).await;
    let ids = server.finished(2).await;
    let url = server.link(&ids[0]).await;
    let whole = fetch(&url).await;
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(&whole.body[4..8], b"ftyp");
    assert_eq!(whole.body, server.video(&ids[0]));
    assert_ne!(server.video(&ids[0]), server.video(&ids[1]));
    let job = &server.ledger().accepted[0];
    assert_eq!(job.sha256, sha256(&whole.body));
    assert_eq!(job.bytes, whole.body.len());

    let range = ("Range", "bytes=1000-");
    let etag = whole.header("etag").unwrap();
    let part = get(&url, &[range, ("If-Range", etag)]).await.unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[1000..]));
    let length = whole.body.len();
    let content_range = format!("bytes 1000-{}/{length}", length - 1);
    assert_eq!(part.header("content-range"), Some(&*content_range));
    let other = get(&url, &[range, ("If-Range", "\"other\"")]).await;
    assert_eq!(other.unwrap().status, 200);
    let beyond = get(&url, &[("Range", "bytes=99999999-")]).await;
    assert_eq!(beyond.unwrap().status, 416);

    assert_eq!(fetch(&url.replace(".mp4", ".webm")).await.status, 404);
    assert_eq!(fetch(&url.replace("videos", "images")).await.status, 404);
    let posted = send("POST", &url, &[], b"").await.unwrap();
    assert_eq!(posted.status, 405);
    assert_eq!(server.ledger().downloads[&ids[0]], 3);
    assert_eq!(server.ledger().credentials_on_files, 0);
    get(&url, &KEYS[..1]).await.unwrap();
    assert_eq!(server.ledger().credentials_on_files, 1);
}

#[tokio::test]
async fn a_video_exists_once_it_is_rendered_and_a_transparent_one_is_webm() {
    let server = start([]).await;
    let mut transparent = body("Hello");
    transparent["transparent_background"] = true.into();
    let created = post(&server.url("/api/lipsyncs/"), &transparent).await;
    let created = created.unwrap().json();
    let id = created["id"].as_str().unwrap();
    let url = format!("{}/videos/{id}.webm", server.files_url());
    assert_eq!(fetch(&url).await.status, 404);
    server.wait_for_renders().await;
    let video = fetch(&url).await;
    assert_eq!(video.header("content-type"), Some("video/webm"));
    assert_eq!(server.link(id).await, url);
}

#[tokio::test]
async fn downloads_can_be_faulty() {
    let rules = [
        (FileFault::Redirect, FaultTrigger::ordinals([1])),
        (FileFault::Unavailable, FaultTrigger::ordinals([2])),
        (FileFault::Html, FaultTrigger::ordinals([3])),
        (FileFault::Reset, FaultTrigger::ordinals([4])),
        (FileFault::Truncated, FaultTrigger::ordinals([5]).amount(100)),
        (FileFault::TooShort, FaultTrigger::ordinals([6]).amount(100)),
        (FileFault::TooLong, FaultTrigger::ordinals([7])),
        (FileFault::RangeIgnored, FaultTrigger::ordinals([8])),
        (FileFault::NewTag, FaultTrigger::ordinals([9])),
        (FileFault::Slow, FaultTrigger::ordinals([10]).amount(200_000)),
    ];
    let server = start(rules).await;
    let ids = server.finished(1).await;
    let url = server.link(&ids[0]).await;
    let video = server.video(&ids[0]);
    let try_fetch = async || get(&url, &[("Range", "bytes=10-")]).await;
    let fetch_part = async || try_fetch().await.unwrap();
    let error = async || try_fetch().await.unwrap_err().kind();

    let moved = fetch_part().await;
    let location = moved.header("location").unwrap();
    assert!(moved.status == 302 && location.starts_with(&server.app.origins.mirror));
    // The request to the mirror counts too, as the second.
    assert_eq!(fetch(location).await.status, 200);
    let html = fetch_part().await;
    let html_type = Some("text/html; charset=utf-8");
    assert_eq!(html.header("content-type"), html_type);
    assert_eq!(error().await, ErrorKind::ConnectionReset);
    assert_eq!(error().await, ErrorKind::UnexpectedEof);
    assert_eq!(fetch_part().await.body, video[10..110]);
    assert_eq!(error().await, ErrorKind::UnexpectedEof);
    let whole = fetch_part().await;
    assert_eq!((whole.status, whole.body.len()), (200, video.len()));
    let (new_tag, slow) = (fetch_part().await, fetch_part().await);
    assert_ne!(new_tag.header("etag"), slow.header("etag"));
    assert_eq!(slow.body, video[10..]);
}

#[tokio::test]
async fn dead_links_stay_dead_until_the_job_is_read_again() {
    for (fault, status) in [
        (FileFault::DeadLink403, 403),
        (FileFault::DeadLink404, 404),
        (FileFault::DeadLink410, 410),
    ] {
        let server = start([(fault, FaultTrigger::ordinals([1]))]).await;
        let ids = server.finished(1).await;
        let url = server.link(&ids[0]).await;
        for _ in 0..2 {
            assert_eq!(fetch(&url).await.status, status);
        }
        let unsigned = url.split('?').next().unwrap();
        assert_eq!(fetch(unsigned).await.status, 403);
        wait(2).await;
        let fresh = server.link(&ids[0]).await;
        assert_eq!(fetch(&fresh).await.status, 200);
    }
}

#[tokio::test]
async fn links_expire() {
    let rules = [
        (FileFault::Expires, FaultTrigger::always().amount(600)),
        (FileFault::Html, FaultTrigger::ordinals([1])),
    ];
    let server = start(rules).await;
    let ids = server.finished(1).await;
    let url = server.link(&ids[0]).await;
    assert!(fetch(&url).await.body.starts_with(b"<!doctype"));
    assert_eq!(fetch(&url).await.status, 200);
    wait(601).await;
    assert_eq!(fetch(&url).await.status, 403);
    let fresh = server.link(&ids[0]).await;
    assert_eq!(fetch(&fresh).await.status, 200);
}

#[tokio::test]
async fn a_stalled_download_sends_a_part_and_ends_with_the_sandbox() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = start([(FileFault::Stall, FaultTrigger::always().amount(100))]).await;
    let ids = server.finished(1).await;
    let host = server.files_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let path = format!("/videos/{}.mp4", ids[0]);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let video = server.video(&ids[0]);
    while !received.ends_with(&video[..100]) {
        assert!(stream.read_buf(&mut received).await.unwrap() > 0);
    }
    let mut more = [0];
    let silence = std::time::Duration::from_millis(100);
    let read = tokio::time::timeout(silence, stream.read(&mut more)).await;
    assert!(read.is_err());
    server.0.stop().await;
    assert!(matches!(stream.read(&mut more).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn thumbnails_have_their_own_faults() {
    let faulty = Faults {
        thumbnails: [(FileFault::DeadLink404, FaultTrigger::always())].into(),
        ..Faults::default()
    };
    for (faults, status) in [(faulty, 404), (Faults::default(), 200)] {
        let server = Server::start(faults).await;
        let ids = server.finished(1).await;
        let job = server.job(&ids[0]).await;
        let thumbnail = fetch(job["video_thumbnail"].as_str().unwrap()).await;
        assert_eq!(thumbnail.status, status);
        if status == 200 {
            assert_eq!(thumbnail.header("content-type"), Some("image/jpeg"));
            assert_eq!(thumbnail.body[..2], [0xff, 0xd8]);
        }
    }
}
