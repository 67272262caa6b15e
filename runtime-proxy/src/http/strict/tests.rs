use super::*;

/// Scans a text whole and byte by byte, which must say the same.
fn fine(text: &str) -> bool {
    let whole = Scanner::new().scan(text.as_bytes()).is_ok();
    let mut scanner = Scanner::new();
    let bytewise = text.bytes().all(|byte| scanner.scan(&[byte]).is_ok());
    assert_eq!(whole, bytewise, "{text:?}");
    whole
}

#[test]
fn plain_requests_pass_one_after_the_other() {
    for text in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nab\n\r\n0\r\nx: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
        assert!(fine(text), "{text:?}");
    }
}

#[test]
fn what_two_parsers_could_read_in_two_ways_is_refused() {
    for text in [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nA : b\r\n\r\n",
        "GET / HTTP/1.1\r\nA\r\n\r\n",
        "GET / HTTP/1.1\r\n: b\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /a#b HTTP/1.1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding:\x0bchunked\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ] {
        assert!(!fine(text), "{text:?}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off_and_an_idle_connection_is_not() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (near, mut far) = tokio::io::duplex(1_024);
    let mut strict = Strict::new(near, Tunnel::default(), Duration::from_millis(20));
    let mut bytes = [0; 64];
    far.write_all(b"GET / HT").await.unwrap();
    assert_eq!(strict.read(&mut bytes).await.unwrap(), 8);
    assert_eq!(strict.read(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::TimedOut);

    let (near, mut far) = tokio::io::duplex(1_024);
    let mut strict = Strict::new(near, Tunnel::default(), Duration::from_millis(20));
    far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    assert_eq!(strict.read(&mut bytes).await.unwrap(), 18);
    let idle = tokio::time::timeout(Duration::from_millis(100), strict.read(&mut bytes)).await;
    assert!(idle.is_err());
}
