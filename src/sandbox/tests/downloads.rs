//! The file hosts.

use std::io::ErrorKind;

use super::*;
use crate::sandbox::random::sha256;
use crate::sandbox::{FileFault, Rules, When};

fn files(rules: impl IntoIterator<Item = (FileFault, When)>) -> Faults {
    Faults {
        files: rules.into_iter().collect(),
        ..Faults::default()
    }
}

/// The link to the video of a job that has ended.
async fn link(sandbox: &Sandbox, id: &str) -> String {
    let job = get(sandbox, &format!("/api/lipsyncs/{id}/")).await.json();
    job["output"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn files_are_whole_come_in_parts_and_differ() {
    let sandbox = start(Faults::default()).await;
    let ids = finished(&sandbox, 2).await;
    let url = link(&sandbox, &ids[0]).await;
    let whole = client::get(&url, &[]).await.unwrap();
    assert_eq!(whole.header("content-type"), Some("video/mp4"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(&whole.body[4..8], b"ftyp");
    assert_eq!(Some(&whole.body), sandbox.video(&ids[0]).as_ref());
    assert_ne!(sandbox.video(&ids[0]), sandbox.video(&ids[1]));
    let job = &sandbox.ledger().accepted[0];
    assert_eq!(
        (&job.sha256, job.bytes),
        (&sha256(&whole.body), whole.body.len())
    );

    let tag = whole.header("etag").unwrap();
    let part = client::get(&url, &[("Range", "bytes=1000-"), ("If-Range", tag)])
        .await
        .unwrap();
    assert_eq!((part.status, &part.body[..]), (206, &whole.body[1000..]));
    let words = format!("bytes 1000-{}/{}", whole.body.len() - 1, whole.body.len());
    assert_eq!(part.header("content-range"), Some(&*words));
    let other = [("Range", "bytes=1000-"), ("If-Range", "\"other\"")];
    assert_eq!(client::get(&url, &other).await.unwrap().status, 200);
    let beyond = client::get(&url, &[("Range", "bytes=99999999-")])
        .await
        .unwrap();
    assert_eq!(beyond.status, 416);

    assert_eq!(
        client::get(&url.replace(".mp4", ".webm"), &[])
            .await
            .unwrap()
            .status,
        404
    );
    assert_eq!(
        client::get(&url.replace("videos", "images"), &[])
            .await
            .unwrap()
            .status,
        404
    );
    assert_eq!(
        client::send("POST", &url, &[], b"").await.unwrap().status,
        405
    );
    assert_eq!(sandbox.ledger().downloads[&ids[0]], 3);
    assert_eq!(sandbox.ledger().credentials_on_files, 0);
    client::get(&url, &client::KEYS[..1]).await.unwrap();
    assert_eq!(sandbox.ledger().credentials_on_files, 1);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_video_is_there_only_once_it_is_rendered_and_transparent_ones_are_webm() {
    let sandbox = start(Faults::default()).await;
    let mut wanted = body("Hello");
    wanted["transparent_background"] = true.into();
    let url = format!("{}/api/lipsyncs/", sandbox.base_url());
    let id = client::post(&url, &wanted).await.unwrap().json()["id"].clone();
    let url = format!(
        "{}/videos/{}.webm",
        sandbox.files_url(),
        id.as_str().unwrap()
    );
    assert_eq!(client::get(&url, &[]).await.unwrap().status, 404);
    wait(sandbox.ledger().accepted[0].ends_at - clock::now()).await;
    let video = client::get(&url, &[]).await.unwrap();
    assert_eq!(video.header("content-type"), Some("video/webm"));
    assert_eq!(link(&sandbox, id.as_str().unwrap()).await, url);
    sandbox.stop().await;
}

#[tokio::test]
async fn downloads_break_in_every_way() {
    let turns = [
        (FileFault::Redirect, When::ordinals([1])),
        (FileFault::Unavailable, When::ordinals([2])),
        (FileFault::Html, When::ordinals([3])),
        (FileFault::Reset, When::ordinals([4])),
        (FileFault::Truncated, When::ordinals([5]).amount(100)),
        (FileFault::TooShort, When::ordinals([6]).amount(100)),
        (FileFault::TooLong, When::ordinals([7])),
        (FileFault::RangeIgnored, When::ordinals([8])),
        (FileFault::NewTag, When::ordinals([9])),
        (FileFault::Slow, When::ordinals([10]).amount(200_000)),
    ];
    let sandbox = start(files(turns)).await;
    let ids = finished(&sandbox, 1).await;
    let url = link(&sandbox, &ids[0]).await;
    let video = sandbox.video(&ids[0]).unwrap();
    let fetch = async || client::get(&url, &[("Range", "bytes=10-")]).await;
    let broken = |answer: std::io::Result<Answer>| answer.unwrap_err().kind();

    let moved = fetch().await.unwrap();
    let elsewhere = moved.header("location").unwrap();
    assert!(moved.status == 302 && elsewhere.starts_with(sandbox.mirror_url()));
    assert_eq!(client::get(elsewhere, &[]).await.unwrap().status, 200);
    // The mirror counted too: the next two ordinals.
    assert_eq!(
        fetch().await.unwrap().header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(broken(fetch().await), ErrorKind::ConnectionReset);
    assert_eq!(broken(fetch().await), ErrorKind::UnexpectedEof);
    assert_eq!(fetch().await.unwrap().body, video[10..110]);
    assert_eq!(broken(fetch().await), ErrorKind::UnexpectedEof);
    let ignored = fetch().await.unwrap();
    assert_eq!((ignored.status, ignored.body.len()), (200, video.len()));
    let tags = (fetch().await.unwrap(), fetch().await.unwrap());
    assert_ne!(tags.0.header("etag"), tags.1.header("etag"));
    assert_eq!(tags.1.body, video[10..]);
    sandbox.stop().await;
}

#[tokio::test]
async fn dead_links_stay_dead_until_a_fresh_one_is_asked_for() {
    for (fault, status) in [
        (FileFault::DeadLink403, 403),
        (FileFault::DeadLink404, 404),
        (FileFault::DeadLink410, 410),
    ] {
        let sandbox = start(files([(fault, When::ordinals([1]))])).await;
        let ids = finished(&sandbox, 1).await;
        let url = link(&sandbox, &ids[0]).await;
        for _ in 0..2 {
            assert_eq!(client::get(&url, &[]).await.unwrap().status, status);
        }
        let bare = url.split('?').next().unwrap();
        assert_eq!(client::get(bare, &[]).await.unwrap().status, 403);
        wait(2).await;
        let fresh = link(&sandbox, &ids[0]).await;
        assert_eq!(client::get(&fresh, &[]).await.unwrap().status, 200);
        sandbox.stop().await;
    }
}

#[tokio::test]
async fn links_expire() {
    let rules = [
        (FileFault::Expires, When::always().amount(600)),
        (FileFault::Html, When::ordinals([1])),
    ];
    let sandbox = start(files(rules)).await;
    let ids = finished(&sandbox, 1).await;
    let url = link(&sandbox, &ids[0]).await;
    assert!(
        client::get(&url, &[])
            .await
            .unwrap()
            .body
            .starts_with(b"<!doctype")
    );
    assert_eq!(client::get(&url, &[]).await.unwrap().status, 200);
    wait(601).await;
    assert_eq!(client::get(&url, &[]).await.unwrap().status, 403);
    let fresh = link(&sandbox, &ids[0]).await;
    assert_eq!(client::get(&fresh, &[]).await.unwrap().status, 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn a_stalled_download_sends_its_part_and_ends_with_the_sandbox() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let sandbox = start(files([(FileFault::Stall, When::always().amount(100))])).await;
    let ids = finished(&sandbox, 1).await;
    let host = sandbox.files_url().trim_start_matches("http://").to_owned();
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "GET /videos/{}.mp4 HTTP/1.1\r\nHost: {host}\r\n\r\n",
        ids[0]
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    let video = sandbox.video(&ids[0]).unwrap();
    while !seen.ends_with(&video[..100]) {
        assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
    }
    let mut more = [0];
    let silence = std::time::Duration::from_millis(100);
    assert!(
        tokio::time::timeout(silence, stream.read(&mut more))
            .await
            .is_err()
    );
    sandbox.stop().await;
    assert!(matches!(stream.read(&mut more).await, Ok(0) | Err(_)));
}

#[tokio::test]
async fn thumbnails_have_faults_of_their_own() {
    let rules = Rules::from([(FileFault::DeadLink404, When::always())]);
    let sandbox = start(Faults {
        thumbnails: rules,
        ..Faults::default()
    })
    .await;
    let ids = finished(&sandbox, 1).await;
    let job = get(&sandbox, &format!("/api/lipsyncs/{}/", ids[0]))
        .await
        .json();
    let thumbnail = client::get(job["video_thumbnail"].as_str().unwrap(), &[]).await;
    assert_eq!(thumbnail.unwrap().status, 404);
    sandbox.stop().await;
    let sandbox = start(Faults::default()).await;
    let ids = finished(&sandbox, 1).await;
    let job = get(&sandbox, &format!("/api/lipsyncs/{}/", ids[0]))
        .await
        .json();
    let thumbnail = client::get(job["video_thumbnail"].as_str().unwrap(), &[])
        .await
        .unwrap();
    assert_eq!(thumbnail.header("content-type"), Some("image/jpeg"));
    assert_eq!(thumbnail.body[..2], [0xff, 0xd8]);
    sandbox.stop().await;
}
