use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream as Far;

use ::http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

use super::super::pool::Answer;
use super::*;

/// A connection, and what an endpoint says on it once it has read the request.
fn connection(said: &[u8]) -> (Rc<RefCell<Wire>>, Far) {
    let (near, mut far) = Far::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    far.write_all(said).unwrap();
    let near = tokio::net::UnixStream::from_std(near).unwrap();
    (Rc::new(RefCell::new(Wire::new(Stream::unix(near)))), far)
}

fn request(method: Method) -> Request<()> {
    let request = Request::builder().method(method).uri("/a?b=c").header("host", "a").header("x", "1");
    request.body(()).unwrap()
}

/// Status, body and trailers of the answer, and whether the connection is free behind it. Nothing follows what was said.
async fn answered(method: Method, said: &str) -> Result<(u16, String, usize, bool), Broken> {
    let (wire, far) = connection(said.as_bytes());
    far.shutdown(Shutdown::Write).unwrap();
    let response = Wire::send(&wire, &mut request(method)).await?;
    let body = Answer::Wire(Rc::clone(&wire)).collect().await.map_err(|_| Broken::Reset)?;
    let trailers = body.trailers().map_or(0, ::http::HeaderMap::len);
    let text = String::from_utf8(body.to_bytes().to_vec()).unwrap();
    let free = wire.borrow().is_free();
    Ok((response.status().as_u16(), text, trailers, free))
}

fn fine(status: u16, body: &str, trailers: usize, free: bool) -> Result<(u16, String, usize, bool), Broken> {
    Ok((status, body.to_owned(), trailers, free))
}

#[tokio::test]
async fn a_body_ends_where_its_framing_says() {
    for (said, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", fine(200, "abc", 0, true)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 3, 3\r\ncontent-length: 3\r\n\r\nabc",
            fine(200, "abc", 0, true),
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", fine(200, "", 0, true)),
        ("HTTP/1.1 204 No Content\r\n\r\n", fine(204, "", 0, true)),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", fine(304, "", 0, true)),
        ("HTTP/1.1 200 OK\r\n\r\nabc", fine(200, "abc", 0, false)),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
            fine(200, "abc", 0, true),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\na: b\r\nc: d\r\n\r\n",
            fine(200, "", 2, true),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            fine(200, "a", 0, true),
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc", fine(200, "abc", 0, false)),
    ] {
        assert_eq!(answered(Method::GET, said).await, expected, "{said}");
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n";
    assert_eq!(answered(Method::HEAD, head).await, fine(200, "", 0, true));
}

#[tokio::test]
async fn a_connection_is_free_only_if_the_endpoint_keeps_it_and_says_nothing_more() {
    for (said, free) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: Close\r\n\r\n", false),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\nconnection: a, close\r\n\r\n",
            false,
        ),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", false),
    ] {
        assert_eq!(answered(Method::GET, said).await, fine(200, "", 0, free), "{said}");
    }
}

#[tokio::test]
async fn informational_answers_are_passed_over() {
    let said = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 1\r\n\r\na";
    assert_eq!(answered(Method::GET, said).await, fine(201, "a", 0, true));
    let switching = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n";
    assert_eq!(answered(Method::GET, switching).await, fine(101, "", 0, false));
}

#[tokio::test]
async fn what_could_be_read_in_two_ways_is_no_answer() {
    for said in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\ncontent-length: +3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: 1\r\n\r\n",
        "FTP/1.1 200 OK\r\n\r\n",
    ] {
        assert_eq!(answered(Method::GET, said).await, Err(Broken::NoHttp), "{said}");
    }
    let long = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "b".repeat(64 * 1024));
    assert_eq!(answered(Method::GET, &long).await, Err(Broken::NoHttp));
}

#[tokio::test]
async fn a_body_that_breaks_off_or_whose_chunks_are_wrong_is_an_error() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for said in [
        "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab".to_owned(),
        format!("{chunked}3\r\nab"),
        format!("{chunked}1\r\nab\r\n0\r\n\r\n"),
        format!("{chunked}1\na\r\n0\r\n\r\n"),
        format!("{chunked}-1\r\na\r\n0\r\n\r\n"),
        format!("{chunked}ffffffffffffffff\r\na"),
        format!("{chunked}0\r\nbad name: 1\r\n\r\n"),
        format!("{chunked}1{}\r\na\r\n0\r\n\r\n", ";".repeat(8 * 1024)),
    ] {
        assert_eq!(answered(Method::GET, &said).await, Err(Broken::Reset), "{said}");
    }
}

#[tokio::test]
async fn length_and_chunks_together_are_chunks() {
    let (wire, _far) =
        connection(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
    let response = Wire::send(&wire, &mut request(Method::GET)).await.unwrap();
    assert!(!response.headers().contains_key("content-length"));
    assert_eq!(Answer::Wire(wire).size_hint().exact(), None);
}

#[tokio::test]
async fn a_request_that_is_not_answered_stays_as_it_was() {
    let (wire, far) = connection(b"");
    drop(far);
    let mut request = request(Method::GET);
    assert_eq!(Wire::send(&wire, &mut request).await.unwrap_err(), Broken::Unsent);
    assert_eq!((request.uri().path(), request.headers().len()), ("/a", 2));
    assert!(!wire.borrow_mut().is_quiet() && !wire.borrow().is_free() && !wire.borrow().is_answered());
}

#[tokio::test]
async fn one_connection_carries_many_requests_as_they_come_in_pieces() {
    let (wire, mut far) = connection(b"");
    for number in 0..3_u8 {
        assert!(wire.borrow_mut().is_quiet());
        let (mut request, of_request) = (request(Method::GET), Rc::clone(&wire));
        let mut sent = std::pin::pin!(Wire::send(&of_request, &mut request));
        for piece in ["HTTP/1.1 200 OK\r\nx-n", "umber: 1\r\ncontent-length: ", "2\r\n\r\n"] {
            assert!(futures_poll(sent.as_mut()).await.is_pending());
            far.write_all(piece.as_bytes()).unwrap();
        }
        let response = sent.await.unwrap();
        assert_eq!(
            (response.status(), &response.headers()["x-number"]),
            (StatusCode::OK, &"1".parse().unwrap())
        );
        assert!(!wire.borrow().is_free());
        far.write_all(&[b'a', b'0' + number]).unwrap();
        let body = Answer::Wire(Rc::clone(&wire)).collect().await.unwrap().to_bytes();
        assert_eq!(body[..], [b'a', b'0' + number]);
        assert!(wire.borrow().is_free());
    }
    assert_eq!(wire.borrow().written(), b"GET /a?b=c HTTP/1.1\r\nhost: a\r\nx: 1\r\n\r\n");
    far.write_all(b"!").unwrap();
    tokio::task::yield_now().await;
    assert!(!wire.borrow_mut().is_quiet());
}

/// Polls once, after the driver had a chance to notice what was written.
async fn futures_poll<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    tokio::task::yield_now().await;
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
