//! Two streams that are joined, in one thread.

use std::time::SystemTime;

use bytes::Bytes;
use meshc_contract::proxy::Direction;
use meshc_contract::traffic::{Inspected, TransportProtocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::*;

fn connection() -> Connection {
    let nowhere = "127.0.0.1:80".parse().unwrap();
    Connection {
        id: 1,
        remote: nowhere,
        direct_remote: nowhere,
        destination: nowhere,
        original: None,
        inspected: Inspected {
            transport: TransportProtocol::RawBuffer,
            server_name: String::new(),
            application_protocols: Vec::new(),
        },
        peer: None,
        alpn: None,
        direction: Direction::Outbound,
        chain: None,
        started: std::time::Instant::now(),
        started_at: SystemTime::now(),
        received: Counter::default(),
        sent: Counter::default(),
    }
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

#[test]
fn what_was_read_before_is_passed_on_first_and_everything_is_counted() {
    run(async {
        let (near, mut client) = UnixStream::pair().unwrap();
        let (far, mut server) = UnixStream::pair().unwrap();
        let connection = connection();
        let near = Stream::unix(near).with_prefix(Bytes::from_static(b"first "));
        let passing = Passing::new(near, Stream::unix(far), &connection);
        let ends = async {
            client.write_all(b"second").await.unwrap();
            client.shutdown().await.unwrap();
            let mut heard = String::new();
            server.read_to_string(&mut heard).await.unwrap();
            server.write_all(b"answer").await.unwrap();
            drop(server);
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            (heard, answer)
        };
        let (ended, (heard, answer)) = tokio::join!(passing.run(Duration::ZERO), ends);
        assert_eq!((ended, heard.as_str(), answer.as_str()), (Ended::Closed, "first second", "answer"));
        assert_eq!((connection.received.get(), connection.sent.get()), (12, 6));
    });
}

#[test]
fn much_is_moved_inside_the_kernel_and_by_copies_alike() {
    for plain in [true, false] {
        let (sent, heard) = run(async {
            let (near, mut client) = tcp_pair().await;
            let connection = connection();
            let (far, mut server): (Stream, Box<dyn AsyncRead + Unpin>) = if plain {
                let (far, server) = tcp_pair().await;
                (Stream::tcp(far), Box::new(server))
            } else {
                let (far, server) = UnixStream::pair().unwrap();
                (Stream::unix(far), Box::new(server))
            };
            let sent: Vec<u8> = (0..6_000_000u32).map(|at| (at ^ (at >> 9)) as u8).collect();
            let passing = Passing::new(Stream::tcp(near), far, &connection);
            let mut heard = Vec::new();
            let hearing = async {
                server.read_to_end(&mut heard).await.unwrap();
                drop(server);
            };
            let sending = async {
                client.write_all(&sent).await.unwrap();
                client.shutdown().await.unwrap();
            };
            let (ended, (), ()) = tokio::join!(passing.run(Duration::ZERO), hearing, sending);
            assert_eq!(ended, Ended::Closed);
            assert_eq!(connection.received.get(), 6_000_000);
            (sent, heard)
        });
        assert!(sent == heard, "{} bytes of {}", heard.len(), sent.len());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_idle_connection_ends_and_a_busy_one_does_not() {
    let (near, mut client) = UnixStream::pair().unwrap();
    let (far, mut server) = UnixStream::pair().unwrap();
    let connection = connection();
    let passing = Passing::new(Stream::unix(near), Stream::unix(far), &connection);
    let started = Instant::now();
    let busy = async {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(8)).await;
            client.write_all(b"x").await.unwrap();
            server.read_exact(&mut [0]).await.unwrap();
        }
        std::future::pending::<()>().await
    };
    let ended = tokio::select! {
        ended = passing.run(Duration::from_secs(10)) => ended,
        () = busy => Ended::Closed,
    };
    assert_eq!((ended, started.elapsed().as_secs()), (Ended::Idle, 42));
}

#[test]
fn a_broken_side_resets_the_other() {
    run(async {
        let (near, client) = tcp_pair().await;
        let (far, mut server) = tcp_pair().await;
        let connection = connection();
        Stream::tcp(client).reset();
        let ended = Passing::new(Stream::tcp(near), Stream::tcp(far), &connection).run(Duration::ZERO).await;
        assert_eq!(ended, Ended::ClientFailed);
        let error = server.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    });
}
