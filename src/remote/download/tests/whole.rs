//! Complete files.

use super::replace;
use super::*;

#[tokio::test]
async fn a_video_and_its_thumbnail_are_downloaded_without_credentials() {
    let out = tempfile::tempdir().unwrap();
    let content = video(300_000);
    let server = ScriptedServer::start([
        Action::Answer(answer("200 OK", "", &content)),
        Action::Answer(answer("200 OK", "", b"\xff\xd8\xff\xe0 a picture")),
    ])
    .await;
    let mut order = order(&format!("{}/v.mp4?Signature=s", server.address));
    order.thumbnail_url = Some(format!("{}/t.png", server.address));
    let progress = Arc::default();
    let artifact =
        fetch_with_progress(&server.client(out.path()), &order, &progress).await.unwrap();
    assert_eq!(artifact.bytes, 300_000);
    assert_eq!(artifact.sha256, hex(&Sha256::digest(&content)));
    assert_eq!(artifact.thumbnail.as_deref(), Some("thumbnails/a.jpg"));
    assert_eq!(files(out.path()), ["thumbnails/a.jpg", "videos/a.mp4"]);
    assert_eq!(std::fs::read(out.path().join("videos/a.mp4")).unwrap(), content);
    assert_eq!((progress.received(), progress.expected()), (300_000, Some(300_000)));
    for seen in server.requests() {
        let all = format!("{seen:?}").to_lowercase();
        assert!(!all.contains("x-api") && !all.contains("k3y") && !all.contains("my-account"));
    }
    assert_eq!(server.requests()[0].line, "GET /v.mp4?Signature=s HTTP/1.1");
}

#[tokio::test]
async fn announced_lengths_are_checked() {
    let out = tempfile::tempdir().unwrap();
    let content = video(1000);
    let tag = "ETag: \"v1\"\r\n";
    let server = ScriptedServer::start([
        Action::Close(cut("200 OK", tag, &content, 600)),
        // A part of the rest, and then more than was announced.
        Action::Answer(answer(
            "206 Partial Content",
            "Content-Range: bytes 600-799/1000\r\nETag: \"v1\"\r\n",
            &content[600..800],
        )),
        Action::Answer(
            [
                b"HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n".as_slice(),
                b"Content-Range: bytes 800-999/1000\r\n\r\n12c\r\n",
                &[7; 300],
                b"\r\n0\r\n\r\n",
            ]
            .concat(),
        ),
    ])
    .await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    for (kind, files_left) in
        [(FailureKind::Lost, 2), (FailureKind::Lost, 2), (FailureKind::BadContent, 0)]
    {
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert_eq!(files(out.path()).len(), files_left);
    }
    assert_eq!(server.requests()[1].headers["range"], "bytes=600-");
    assert_eq!(server.requests()[2].headers["range"], "bytes=800-");
}

#[tokio::test]
async fn the_thumbnail_of_an_earlier_video_is_kept() {
    let out = tempfile::tempdir().unwrap();
    let (old, new) = (video(1000), video(2000));
    let server = ScriptedServer::start([
        Action::Answer(answer("200 OK", "", &old)),
        Action::Answer(answer("200 OK", "", b"\xff\xd8\xff\xe0 the old one")),
        Action::Answer(answer("200 OK", "", &new)),
        Action::Answer(answer("200 OK", "", b"\xff\xd8\xff\xe0 the new one")),
    ])
    .await;
    let mut order = order(&format!("{}/v.mp4", server.address));
    order.thumbnail_url = Some(format!("{}/t.jpg", server.address));
    let remote = server.client(out.path());
    for _ in 0..2 {
        fetch(&remote, &order).await.unwrap();
    }
    assert_eq!(
        files(out.path()),
        [
            "thumbnails/a.earlier-1.jpg",
            "thumbnails/a.jpg",
            "videos/a.earlier-1.mp4",
            "videos/a.mp4"
        ]
    );
    let kept = std::fs::read(out.path().join("thumbnails/a.earlier-1.jpg")).unwrap();
    assert!(kept.ends_with(b"the old one"));
}

#[tokio::test]
async fn a_failed_thumbnail_does_not_fail_the_download() {
    let jpeg = b"\xff\xd8\xff\xe0 a picture";
    for action in [
        json("404 Not Found", ""),
        json("200 OK", "<html>"),
        Action::Close(cut("200 OK", "", jpeg, 8)),
        Action::Hang(Vec::new()),
        Action::Answer(answer("200 OK", "", vec![0xff; (10 << 20) + 1])),
    ] {
        let out = tempfile::tempdir().unwrap();
        let server = ScriptedServer::start([
            Action::Answer(answer("200 OK", "", video(100))),
            action.clone(),
        ])
        .await;
        let mut order = order(&format!("{}/v.mp4", server.address));
        order.thumbnail_url = Some(format!("{}/t.jpg", server.address));
        let artifact = fetch(&server.client(out.path()), &order).await.unwrap();
        assert_eq!(artifact.thumbnail, None);
        assert_eq!(files(out.path()), ["videos/a.mp4"]);
    }
}

#[tokio::test]
async fn a_video_never_overwrites_another_one() {
    let out = tempfile::tempdir().unwrap();
    let (first, second) = (video(1000), video(1001));
    let tag = "ETag: \"v1\"\r\n";
    let server = ScriptedServer::start([
        Action::Answer(answer("200 OK", tag, &first)),
        Action::Answer(answer("200 OK", tag, &first)),
        Action::Answer(answer("200 OK", tag, &second)),
    ])
    .await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    for _ in 0..2 {
        fetch(&remote, &order).await.unwrap();
        assert_eq!(files(out.path()), ["videos/a.mp4"], "identical");
    }
    fetch(&remote, &order).await.unwrap();
    let names = ["videos/a.earlier-1.mp4", "videos/a.mp4"];
    assert_eq!(files(out.path()), names);
    for (name, content) in names.into_iter().zip([first, second]) {
        assert_eq!(std::fs::read(out.path().join(name)).unwrap(), content);
    }
}

#[tokio::test]
async fn a_crash_between_the_two_renames_loses_neither_video() {
    let out = tempfile::tempdir().unwrap();
    let (first, second) = (video(1000), video(1001));
    let tag = "ETag: \"v2\"\r\n";
    let server = ScriptedServer::start([
        Action::Close(cut("200 OK", tag, &second, 1000)),
        Action::Answer(range(1000, &second, tag)),
    ])
    .await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    fetch(&remote, &order).await.unwrap_err();
    // The earlier video was renamed, and then the program was killed.
    replace(&out.path().join("videos/a.earlier-1.mp4"), &first).unwrap();
    fetch(&remote, &order).await.unwrap();
    let names = ["videos/a.earlier-1.mp4", "videos/a.mp4"];
    assert_eq!(files(out.path()), names);
    for (name, content) in names.into_iter().zip([first, second]) {
        assert_eq!(std::fs::read(out.path().join(name)).unwrap(), content);
    }
}
