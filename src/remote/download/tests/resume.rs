//! Continuing an earlier attempt.

use super::*;

#[tokio::test]
async fn a_broken_download_is_continued_by_another_client_with_a_new_link() {
    let out = tempfile::tempdir().unwrap();
    let content = video(200_000);
    let tag = "ETag: \"v1\"\r\n";
    let server =
        ScriptedServer::start([Action::Reset(cut("200 OK", tag, &content, 120_000))]).await;
    let first = order(&format!("{}/v.mp4?Signature=1", server.address));
    let failure = fetch(&server.client(out.path()), &first).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
    let part = std::fs::read(out.path().join("videos/a.mp4.part")).unwrap();
    assert!(!part.is_empty() && content.starts_with(&part));

    let server = ScriptedServer::start([Action::Answer(range(part.len(), &content, tag))]).await;
    let second = order(&format!("{}/elsewhere/v.mp4?Signature=2", server.address));
    let progress = Arc::default();
    let artifact =
        fetch_with_progress(&server.client(out.path()), &second, &progress).await.unwrap();
    assert_eq!(server.requests()[0].headers["range"], format!("bytes={}-", part.len()));
    assert_eq!(server.requests()[0].headers["if-range"], "\"v1\"");
    assert_eq!(artifact.sha256, hex(&Sha256::digest(&content)));
    assert_eq!(std::fs::read(out.path().join("videos/a.mp4")).unwrap(), content);
    assert_eq!(files(out.path()), ["videos/a.mp4"]);
    assert_eq!((progress.received(), progress.expected()), (200_000, Some(200_000)));
}

#[tokio::test]
async fn a_changed_file_is_downloaded_from_its_start() {
    let out = tempfile::tempdir().unwrap();
    let (old, new) = (video(100_000), video(80_000));
    let server = ScriptedServer::start([
        Action::Reset(cut("200 OK", "ETag: \"v1\"\r\n", &old, 50_000)),
        Action::Answer(answer("200 OK", "ETag: \"v2\"\r\n", &new)),
    ])
    .await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    fetch(&remote, &order).await.unwrap_err();
    let artifact = fetch(&remote, &order).await.unwrap();
    assert_eq!(server.requests()[1].headers["if-range"], "\"v1\"");
    assert_eq!(artifact.sha256, hex(&Sha256::digest(&new)));
}

#[tokio::test]
async fn a_server_that_continues_at_a_wrong_position_restarts_the_download() {
    let out = tempfile::tempdir().unwrap();
    let content = video(100_000);
    let tag = "ETag: \"v1\"\r\n";
    let broken = || Action::Reset(cut("200 OK", tag, &content, 50_000));
    let server = ScriptedServer::start([]).await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    for wrong in [
        range(1, &content, tag),
        range(0, &content, tag),
        answer("206 Partial Content", tag, b"no range at all"),
        answer("416 Range Not Satisfiable", "Content-Range: bytes */9\r\n", ""),
    ] {
        server.push([broken(), Action::Answer(wrong)]);
        fetch(&remote, &order).await.unwrap_err();
        assert!(files(out.path()).contains(&"videos/a.mp4.part".to_owned()));
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
        assert_eq!(files(out.path()), Vec::<String>::new());
    }
    // Another version with the right range.
    server.push([broken()]);
    fetch(&remote, &order).await.unwrap_err();
    let length = std::fs::read(out.path().join("videos/a.mp4.part")).unwrap().len();
    server.push([
        Action::Answer(range(length, &content, "ETag: \"v2\"\r\n")),
        Action::Answer(answer("200 OK", tag, &content)),
    ]);
    let failure = fetch(&remote, &order).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Lost, "{failure}");
    fetch(&remote, &order).await.unwrap();
    assert!(!server.requests().last().unwrap().headers.contains_key("range"));
}

#[tokio::test]
async fn a_part_is_never_continued_without_a_strong_validator() {
    let out = tempfile::tempdir().unwrap();
    let content = video(100_000);
    let server = ScriptedServer::start([
        Action::Reset(cut("200 OK", "ETag: W/\"v1\"\r\n", &content, 50_000)),
        Action::Answer(answer("200 OK", "", &content)),
    ])
    .await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    fetch(&remote, &order).await.unwrap_err();
    fetch(&remote, &order).await.unwrap();
    assert!(!server.requests()[1].headers.contains_key("range"));
}

#[tokio::test]
async fn a_large_file_is_resumed_from_its_synced_bytes_after_a_kill() {
    let out = tempfile::tempdir().unwrap();
    let content = video(24 << 20);
    let tag = "ETag: \"v1\"\r\n";
    let server =
        ScriptedServer::start([Action::Hang(cut("200 OK", tag, &content, 20 << 20))]).await;
    let mut settings = server.settings(out.path());
    settings.timeouts.stall = std::time::Duration::from_secs(60);
    let remote = Remote::new(settings).unwrap();
    let order = order(&format!("{}/v.mp4", server.address));
    let progress = Arc::<DownloadProgress>::default();
    let running = fetch_with_progress(&remote, &order, &progress);
    let durable = || {
        let record = std::fs::read(out.path().join("videos/a.mp4.part.json")).ok()?;
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        record["durable"].as_u64().filter(|durable| *durable > 0)
    };
    // The attempt is dropped in the middle, like a kill. It has one checkpoint, made while more bytes arrive; its position
    // depends on the chunks.
    let cancelled = async {
        loop {
            match durable() {
                Some(durable) if progress.received() == 20 << 20 => break durable,
                _ => tokio::task::yield_now().await,
            }
        }
    };
    let durable = tokio::select! {
        result = running => panic!("{result:?}"),
        durable = cancelled => usize::try_from(durable).unwrap(),
    };
    assert!((16 << 20..=20 << 20).contains(&durable), "{durable}");
    let next = ScriptedServer::start([Action::Answer(range(durable, &content, tag))]).await;
    let order = self::order(&format!("{}/v.mp4", next.address));
    let artifact = fetch(&next.client(out.path()), &order).await.unwrap();
    assert_eq!(artifact.sha256, hex(&Sha256::digest(&content)));
}
