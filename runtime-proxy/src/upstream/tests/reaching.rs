//! Connections to endpoints on this machine.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};

use super::super::{ConnectError, Wanted};
use super::*;
use crate::stream::Stream;
use crate::tls::Alpn;
use crate::tls::tests::authority::{Authority, LONG, WORKLOAD, mesh_server, workload};

const PLAIN: Wanted<'static> = Wanted { protocol: Alpn::Tcp, host: "", client: None };

fn to(port: u16, parts: Value) -> Arc<Upstream> {
    let mut all = json!({
        "discovery": groups(json!([{"endpoints": [{"address": {"ip": ["127.0.0.1", port]}}]}])),
    });
    all.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
    compiled(all)
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[tokio::test]
async fn connections_come_from_the_address_of_the_settings() {
    let (listener, port) = listener().await;
    let upstream = to(
        port,
        json!({
            "bindSource": ["::6", "127.0.0.6"],
            "limits": {"tcpKeepalive": {"probes": 3, "time": 10, "interval": 5}},
        }),
    );
    let endpoint = pick(&upstream).unwrap();
    let (connected, accepted) = tokio::join!(upstream.connect(&endpoint, PLAIN), listener.accept());
    let (connected, (_, from)) = (connected.unwrap(), accepted.unwrap());
    assert_eq!(from.ip().to_string(), "127.0.0.6");
    assert_eq!(connected.local, Some(from));
    let socket = connected.stream.socket();
    assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(10));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
    assert!(connected.peer.is_none() && !upstream.uses_tls(&endpoint));
}

#[tokio::test]
async fn the_proxy_protocol_comes_first() {
    for (version, expected) in
        [(1, &b"PROXY TCP4 10.0.0.1 10.0.0.2 1234 80\r\n"[..]), (2, b"\r\n\r\n\0\r\nQUIT\n\x21\x11")]
    {
        let (listener, port) = listener().await;
        let upstream = to(port, json!({"proxyProtocol": version}));
        let client = Some(("10.0.0.1:1234".parse().unwrap(), "10.0.0.2:80".parse().unwrap()));
        let endpoint = pick(&upstream).unwrap();
        let (connected, accepted) =
            tokio::join!(upstream.connect(&endpoint, Wanted { client, ..PLAIN }), listener.accept());
        let mut bytes = vec![0; expected.len()];
        accepted.unwrap().0.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, expected);
        assert!(connected.is_ok());
    }
}

#[tokio::test]
async fn unix_sockets_are_endpoints_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let upstream =
        compiled(json!({"discovery": groups(json!([{"endpoints": [{"address": {"unix": path}}]}]))}));
    let endpoint = pick(&upstream).unwrap();
    assert_eq!(endpoint.address.to_string(), path.display().to_string());
    let (connected, accepted) = tokio::join!(upstream.connect(&endpoint, PLAIN), listener.accept());
    let mut connected = connected.unwrap();
    assert_eq!(connected.local, None);
    connected.stream.write_all(b"ping").await.unwrap();
    let mut bytes = [0; 4];
    accepted.unwrap().0.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"ping");
}

#[tokio::test]
async fn refusal_and_silence_are_told_apart() {
    let (listener, port) = listener().await;
    drop(listener);
    let refused = to(port, json!({}));
    let error = refused.connect(&pick(&refused).unwrap(), PLAIN).await.unwrap_err();
    assert!(matches!(error, ConnectError::Io(_)), "{error}");

    // A listener that never answers the handshake: the timeout is of the whole.
    let authority = Authority::new("root");
    let web = workload(&authority);
    let (_listener, port) = self::listener().await;
    let parts = json!({
        "discovery": groups(json!([{"endpoints": [{"address": {"ip": ["127.0.0.1", port]}, "mtls": true}]}])),
        "connectTimeout": "0.05s",
        "tls": {"auto": {"istioMutual": true, "certificate": "workload", "roots": "mesh"}},
    });
    let silent = Upstream::compile("silent", &settings(parts), None, &web.store).unwrap();
    let error = silent.connect(&pick(&silent).unwrap(), PLAIN).await.unwrap_err();
    assert_eq!(error.to_string(), "no connection within 50ms");
}

#[tokio::test]
async fn mtls_is_for_the_endpoints_that_take_it() {
    let authority = Authority::new("root");
    let web = workload(&authority);
    let (listener, port) = listener().await;
    let endpoint = |ip: &str, mtls: bool| json!({"address": {"ip": [ip, port]}, "mtls": mtls});
    let parts = json!({
        "discovery": groups(json!([{"endpoints": [endpoint("127.0.0.1", true), endpoint("127.0.0.2", false)]}])),
        "tls": {"auto": {"istioMutual": true, "certificate": "workload", "roots": "mesh", "names": [WORKLOAD],
            "sni": "outbound_.80_._.web.default.svc.cluster.local"}},
    });
    let upstream = Upstream::compile("auto", &settings(parts), None, &web.store).unwrap();
    let all = upstream.endpoints();
    let ((takes, _), (plain, _)) = (&all[0], &all[1]);
    assert!(upstream.uses_tls(takes) && !upstream.uses_tls(plain));
    let server = web.acceptor(&mesh_server());
    let accept = async {
        let (stream, _) = listener.accept().await.unwrap();
        server.accept(Stream::tcp(stream), LONG).await
    };
    let wanted = Wanted { protocol: Alpn::Http2, ..PLAIN };
    let (connected, accepted) = tokio::join!(upstream.connect(takes, wanted), accept);
    let connected = connected.unwrap();
    assert_eq!(connected.peer.unwrap().uri, WORKLOAD);
    let (_, client, agreed) = accepted.unwrap();
    assert_eq!((client.uri.as_str(), agreed.as_deref()), (WORKLOAD, Some(&b"h2"[..])));
    assert!(connected.local.is_some());
    let other = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let (connected, _) = tokio::join!(upstream.connect(plain, wanted), other.accept());
    assert!(connected.unwrap().peer.is_none());
}

/// Ports of a source address are shared by destinations, so that one that serves the same destination already is tried again and not
/// an error.
#[tokio::test]
async fn many_connections_come_from_one_address() {
    let (listener, port) = listener().await;
    let upstream = to(port, json!({"bindSource": ["127.0.0.6"]}));
    let endpoint = pick(&upstream).unwrap();
    let mut open = Vec::new();
    for _ in 0..400 {
        let (connected, accepted) = tokio::join!(upstream.connect(&endpoint, PLAIN), listener.accept());
        open.push((connected.unwrap(), accepted.unwrap()));
    }
    let mut ports: Vec<_> = open.iter().map(|(connected, _)| connected.local.unwrap()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 400);
}
