//! Refusals, by the server or by us.

use super::*;

#[tokio::test]
async fn a_file_that_is_not_a_video_is_not_kept() {
    let page = "<html><title>s3cret</title></html>";
    let expired = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
    for (body, reason) in [
        (page, "an HTML page"),
        (r#"{"detail":"s3cret"}"#, "a JSON document"),
        (expired, "AccessDenied: Request has expired"),
        ("\0\u{1}\u{2}\u{3}\0\0\0\0\0\0\0\0\0", "its content is unknown"),
        ("AKIA s3cret and more of it", "it is plain text"),
        ("s3cret", "it is plain text"),
        ("", "it is empty"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let server = ScriptedServer::start([Action::Answer(answer("200 OK", "", body))]).await;
        let order = order(&format!("{}/v.mp4", server.address));
        let failure = fetch(&server.client(out.path()), &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadContent);
        assert_eq!(failure.message, format!("the file is not a video: {reason}"));
        assert_eq!(files(out.path()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_encoded_video_is_named_and_not_kept() {
    let encoded = [b"\x1f\x8b\x08\0".as_slice(), &[7; 100]].concat();
    for (content, coding, expected) in [
        (encoded.clone(), "gzip", Err("content encoding `gzip`")),
        (encoded[..8].to_vec(), "br", Err("content encoding `br`")),
        (encoded, "identity", Err("its content is unknown")),
        // Some file stores name the encoding of the upload.
        (video(100), "aws-chunked", Ok(100)),
    ] {
        let out = tempfile::tempdir().unwrap();
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server =
            ScriptedServer::start([Action::Answer(answer("200 OK", &headers, content))]).await;
        let order = order(&format!("{}/v.mp4", server.address));
        match (fetch(&server.client(out.path()), &order).await, expected) {
            (Ok(artifact), Ok(bytes)) => assert_eq!(artifact.bytes, bytes),
            (Err(failure), Err(words)) => {
                assert_eq!(failure.kind, FailureKind::BadContent);
                assert!(failure.message.contains(words), "{failure}");
                assert_eq!(files(out.path()), Vec::<String>::new());
            }
            (other, _) => panic!("{coding}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_download_that_trickles_is_given_up_and_continued_later() {
    let out = tempfile::tempdir().unwrap();
    let content = video(9000);
    let etag = "ETag: \"a\"\r\n";
    let slow = Action::Hang(cut("200 OK", etag, &content, 3000));
    let server = ScriptedServer::start([slow]).await;
    let order = order(&format!("{}/v.mp4", server.address));
    let mut settings = server.settings(out.path());
    // Every chunk is late.
    settings.timeouts.slow = std::time::Duration::ZERO;
    let failure = fetch(&Remote::new(settings).unwrap(), &order).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Lost);
    assert!(failure.message.contains("sends too slowly"), "{failure}");
    assert!((1..=3000).contains(&failure.bytes_kept), "{failure:?}");

    let rest = &content[usize::try_from(failure.bytes_kept).unwrap()..];
    let range = format!("{etag}Content-Range: bytes {}-8999/9000\r\n", failure.bytes_kept);
    server.push([Action::Answer(answer("206 Partial Content", &range, rest))]);
    assert_eq!(fetch(&server.client(out.path()), &order).await.unwrap().bytes, 9000);
}

#[tokio::test]
async fn an_incomplete_video_is_not_kept_whatever_length_the_server_announces() {
    let mut content = video(1000);
    content[24..32].copy_from_slice(b"\0\0\x03\xd0mdat");
    let short = &content[..600];
    let unannounced = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), short].concat();
    for action in [Action::Answer(answer("200 OK", "", short)), Action::Close(unannounced)] {
        let out = tempfile::tempdir().unwrap();
        let whole = Action::Answer(answer("200 OK", "", &content));
        let server = ScriptedServer::start([action, whole]).await;
        let remote = server.client(out.path());
        let order = order(&format!("{}/v.mp4", server.address));
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadContent);
        assert!(failure.message.contains("400 bytes are missing"), "{failure}");
        assert_eq!(files(out.path()), Vec::<String>::new());
        assert_eq!(fetch(&remote, &order).await.unwrap().bytes, 1000);
    }
}

#[tokio::test]
async fn files_over_the_limit_are_refused_with_and_without_an_announced_length() {
    let content = video(5000);
    let unannounced =
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".as_slice(), &content].concat();
    for action in [Action::Answer(answer("200 OK", "", &content)), Action::Close(unannounced)] {
        let out = tempfile::tempdir().unwrap();
        let server = ScriptedServer::start([action]).await;
        let mut settings = server.settings(out.path());
        settings.largest_file = 4999;
        let order = order(&format!("{}/v.mp4", server.address));
        let failure = fetch(&Remote::new(settings).unwrap(), &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
        assert_eq!(files(out.path()), Vec::<String>::new());
    }
}

#[tokio::test]
async fn refusals_of_a_file_host_are_classified() {
    use FailureKind as K;
    let expired = "<?xml version='1.0'?><Error><Message>Request has expired</Message></Error>";
    let table = [
        (json("401 Unauthorized", ""), K::Unauthorised),
        (json("403 Forbidden", expired), K::Unauthorised),
        (json("403 Forbidden", r#"{"detail":"no credits"}"#), K::Unauthorised),
        (json("404 Not Found", ""), K::NotFound),
        (json("410 Gone", ""), K::NotFound),
        (json("429 Slow Down", ""), K::Throttled),
        (json("503 Busy", ""), K::ServerError),
        (json("400 Bad Request", "s3cret"), K::Rejected),
        (json("500 Oops", r#"{"detail":"s3cret"}"#), K::ServerError),
        (json("304 Not Modified", ""), K::Redirected),
        (json("204 No Content", ""), K::BadContent),
        (json("206 Partial Content", ""), K::BadContent),
        (Action::Hang(Vec::new()), K::Lost),
        (Action::Reset(Vec::new()), K::Lost),
        (Action::Hang(cut("200 OK", "", &video(100), 50)), K::Lost),
    ];
    for (action, kind) in table {
        let out = tempfile::tempdir().unwrap();
        let server = ScriptedServer::start([action.clone()]).await;
        let order = order(&format!("{}/v.mp4?Signature=s3cret", server.address));
        let failure = fetch(&server.client(out.path()), &order).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{action:?}: {failure}");
        assert!(!failure.message.contains("s3cret"), "{failure}");
        assert_eq!(server.requests().len(), 1, "{action:?}");
    }
}

#[tokio::test]
async fn redirects_are_followed_to_web_addresses_only() {
    let out = tempfile::tempdir().unwrap();
    let host = ScriptedServer::start([Action::Answer(answer("200 OK", "", video(100)))]).await;
    let to =
        |place: &str| Action::Answer(answer("302 Found", &format!("Location: {place}\r\n"), ""));
    let server =
        ScriptedServer::start([to("/again?x=1"), to(&format!("{}/v", host.address))]).await;
    let remote = server.client(out.path());
    let order = order(&format!("{}/v.mp4", server.address));
    fetch(&remote, &order).await.unwrap();
    assert_eq!(server.requests()[1].line, "GET /again?x=1 HTTP/1.1");
    for seen in host.requests().iter().chain(&server.requests()) {
        let names: Vec<_> = seen.headers.keys().map(String::as_str).collect();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    }

    server.push([to("file:///etc/passwd"), to("http://user:word@127.0.0.1/")]);
    for _ in 0..2 {
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
    }
    server.push(vec![to("/again"); 20]);
    let failure = fetch(&remote, &order).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirected);
}

#[tokio::test]
async fn internal_links_of_a_public_api_are_refused_without_a_request() {
    let out = tempfile::tempdir().unwrap();
    let picture = Action::Answer(answer("200 OK", "", b"\xff\xd8\xff\xe0 a picture"));
    let server =
        ScriptedServer::start([Action::Answer(answer("200 OK", "", video(100))), picture]).await;
    let mut settings = server.settings(out.path());
    settings.base_url = "https://api.creatify.ai".parse().unwrap();
    let remote = Remote::new(settings).unwrap();
    let named = server.address.replace("127.0.0.1", "localhost");
    for address in [server.address.clone(), named] {
        let mut order = order(&format!("{address}/v.mp4?Signature=s3cret"));
        order.thumbnail_url = Some(format!("{address}/t.jpg"));
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{failure}");
        assert!(!failure.message.contains("s3cret"), "{failure}");
    }
    assert!(server.requests().is_empty());
    assert_eq!(files(out.path()), Vec::<String>::new());
}

#[tokio::test]
async fn orders_outside_the_folder_or_the_web_are_refused_without_a_request() {
    let out = tempfile::tempdir().unwrap();
    let server = ScriptedServer::start([]).await;
    let remote = server.client(&out.path().join("inner"));
    let good = order(&format!("{}/v.mp4", server.address));
    for file in ["../a.mp4", "/tmp/a.mp4", "videos/../../a.mp4", ""] {
        let order = DownloadRequest { file: file.into(), ..good.clone() };
        let failure = fetch(&remote, &order).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused, "{file}");
    }
    let failure = fetch(&remote, &order("file:///etc/passwd")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Refused);
    assert!(server.requests().is_empty());
    assert_eq!(files(out.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_a_local_failure() {
    let out = tempfile::tempdir().unwrap();
    // A file where a folder belongs stops even a superuser, whom permissions do not.
    std::fs::File::create(out.path().join("videos")).unwrap();
    let server = ScriptedServer::start([Action::Answer(answer("200 OK", "", video(100)))]).await;
    let order = order(&format!("{}/v.mp4", server.address));
    let failure = fetch(&server.client(out.path()), &order).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Local);
    assert!(failure.message.contains("videos"), "{failure}");
    assert!(server.requests().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_folder_is_a_local_failure() {
    use std::os::unix::fs::PermissionsExt as _;
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("videos");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::File::create(folder.join("probe")).is_ok() {
        // A superuser writes everywhere; the test above covers the same path.
        return;
    }
    let server = ScriptedServer::start([Action::Answer(answer("200 OK", "", video(100)))]).await;
    let order = order(&format!("{}/v.mp4", server.address));
    let failure = fetch(&server.client(out.path()), &order).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Local, "{failure}");
    assert!(failure.message.contains("a.mp4.part"), "{failure}");
}
