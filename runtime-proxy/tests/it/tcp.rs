//! Bytes that are passed on.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::proxy::{
    Proxy, config, connect, echo_server, echoes, eventually, free_port, server, tcp_listener, upstream,
};

#[test]
fn bytes_reach_the_upstream_and_come_back_and_are_counted_and_logged() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let port = free_port();
    let mut listener = tcp_listener("echo", port);
    listener["chains"][0]["handler"]["tcp"]["accessLogs"] = json!([{ "path": log, "format": { "text": "%BYTES_RECEIVED% %BYTES_SENT% %UPSTREAM_CLUSTER% %RESPONSE_FLAGS%\n" } }]);
    let address = echo_server();
    let mut upstream = upstream(address);
    upstream["destination"] =
        json!({ "host": "echo.shop.svc.cluster.local", "name": "echo", "namespace": "shop" });
    let proxy = Proxy::start(config(&[listener], &[("server", upstream)]));
    let mut client = connect(port);
    echoes(&mut client, "hello");
    drop(client);
    eventually(|| std::fs::read_to_string(&log).is_ok_and(|text| !text.is_empty()), "a line in the log");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "5 5 server -\n");
    let closed = "istio_tcp_connections_closed_total{reporter=\"source\",source_workload=\"web\"";
    eventually(|| proxy.metric(closed) == Some(1.0), "a connection that is counted");
    assert_eq!(proxy.metric("istio_tcp_received_bytes_total{"), Some(5.0));
    let (_, text) = proxy.get(proxy.prometheus, "/stats/prometheus");
    assert!(text.contains("destination_service=\"echo.shop.svc.cluster.local\""), "{text}");
}

#[test]
fn pitfall_14_an_end_of_one_side_leaves_the_other_direction_open() {
    // It answers only after the end of the question.
    let address = server(|mut stream| {
        let mut question = Vec::new();
        stream.read_to_end(&mut question).unwrap();
        question.reverse();
        stream.write_all(&question).unwrap();
    });
    let port = free_port();
    let _proxy = Proxy::start(config(&[tcp_listener("reverse", port)], &[("server", upstream(address))]));
    let mut client = connect(port);
    client.write_all(b"abc").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "cba");
}

#[test]
fn pitfall_14_a_server_that_ends_first_still_hears_the_client() {
    let (sender, heard) = std::sync::mpsc::channel();
    let address = server(move |mut stream| {
        stream.write_all(b"bye").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        sender.send(rest).unwrap();
    });
    let port = free_port();
    let _proxy = Proxy::start(config(&[tcp_listener("first", port)], &[("server", upstream(address))]));
    let mut client = connect(port);
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "bye");
    client.write_all(b"still here").unwrap();
    drop(client);
    assert_eq!(heard.recv_timeout(crate::proxy::PATIENCE).unwrap(), "still here");
}

#[test]
fn pitfall_14_a_quiet_connection_ends_after_the_idle_timeout_also_when_one_side_has_ended() {
    let address = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
        // It never ends its own side.
        std::thread::park();
    });
    let port = free_port();
    let mut listener = tcp_listener("quiet", port);
    listener["chains"][0]["handler"]["tcp"]["idleTimeout"] = json!("0.4s");
    let _proxy = Proxy::start(config(&[listener], &[("server", upstream(address))]));
    for half_closed in [false, true] {
        let started = Instant::now();
        let mut client = connect(port);
        client.write_all(b"a").unwrap();
        if half_closed {
            client.shutdown(Shutdown::Write).unwrap();
        }
        let read = client.read(&mut [0; 8]);
        assert!(matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
        assert!(started.elapsed() >= Duration::from_millis(400));
    }
}

#[test]
fn a_connection_ends_at_its_age_although_bytes_move() {
    let port = free_port();
    let mut listener = tcp_listener("old", port);
    listener["chains"][0]["handler"]["tcp"]["maxConnectionDuration"] = json!("0.5s");
    let _proxy = Proxy::start(config(&[listener], &[("server", upstream(echo_server()))]));
    let started = Instant::now();
    let mut client = connect(port);
    let mut buffer = [0; 1];
    while client.write_all(b"x").and_then(|()| client.read_exact(&mut buffer)).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(20), "the connection is still open");
    }
    assert!(started.elapsed() >= Duration::from_millis(500));
}

#[test]
fn much_arrives_as_it_was_sent_both_ways_at_once() {
    let port = free_port();
    let _proxy = Proxy::start(config(&[tcp_listener("bulk", port)], &[("server", upstream(echo_server()))]));
    let sent: Vec<u8> = (0..24 * 1024 * 1024u32).map(|at| (at ^ (at >> 7) ^ (at >> 13)) as u8).collect();
    let mut client = connect(port);
    let mut writer = client.try_clone().unwrap();
    let mut back = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            writer.write_all(&sent).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        client.read_to_end(&mut back).unwrap();
    });
    assert!(back == sent, "{} of {} bytes came back, or others", back.len(), sent.len());
}

#[test]
fn pitfall_24_a_server_that_does_not_read_stops_the_client() {
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let stopped = std::sync::Arc::new(std::sync::Mutex::new(stopped));
    let (sender, heard) = std::sync::mpsc::channel();
    let address = server(move |mut stream| {
        let _ = stopped.lock().unwrap().recv();
        let copied = std::io::copy(&mut stream, &mut std::io::sink()).unwrap();
        sender.send(copied).unwrap();
    });
    let port = free_port();
    let proxy = Proxy::start(config(&[tcp_listener("slow", port)], &[("server", upstream(address))]));
    let mut client = connect(port);
    // Nothing moves for half a second: all buffers are full.
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let piece = vec![7; 64 * 1024];
    let mut sent = 0;
    while sent < 256 * 1024 * 1024 {
        match client.write(&piece) {
            Ok(wrote) => sent += wrote as u64,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
                break;
            }
        }
    }
    // What lies between is what the operating system keeps for sockets, and one pipe.
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes went to nobody");
    assert!(proxy.metric("meshc_proxy_connections") >= Some(1.0));
    stop.send(()).unwrap();
    drop(client);
    assert_eq!(heard.recv_timeout(crate::proxy::PATIENCE).unwrap(), sent);
}

#[test]
fn nobody_who_listens_is_a_reset_with_its_flags_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let (port, missing) = (free_port(), free_port());
    let mut nobody = tcp_listener("nobody", port);
    let logs = json!([{ "path": log, "format": { "text": "%RESPONSE_FLAGS%\n" } }]);
    nobody["chains"][0]["handler"]["tcp"]["accessLogs"] = logs.clone();
    let mut unknown = tcp_listener("unknown", missing);
    unknown["chains"][0]["handler"]["tcp"]["upstreams"] = json!([{ "upstream": "that does not exist" }]);
    unknown["chains"][0]["handler"]["tcp"]["accessLogs"] = logs;
    let address = crate::proxy::loopback(free_port());
    let _proxy = Proxy::start(config(&[nobody, unknown], &[("server", upstream(address))]));
    for (port, lines) in [(port, "UF,URX\n"), (missing, "UF,URX\nNC\n")] {
        let read = connect(port).read(&mut [0; 8]);
        assert!(matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
        eventually(|| std::fs::read_to_string(&log).is_ok_and(|text| text == lines), lines);
    }
}

#[test]
fn pitfall_26_a_connection_to_the_capture_itself_is_reset() {
    let port = free_port();
    let mut listener = tcp_listener("virtualInbound", port);
    listener["capture"] = json!("captured");
    let _proxy = Proxy::start(config(&[listener], &[("server", upstream(echo_server()))]));
    let mut client = connect(port);
    // The reset meets whichever of the two comes after it.
    let reset = client.write_all(b"anybody?").and_then(|()| client.read(&mut [0; 8]));
    assert_eq!(reset.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_policy_of_the_chain_resets_whom_it_denies() {
    let (denied, allowed) = (free_port(), free_port());
    let filter = |network: &str| {
        json!([{ "action": "deny", "rules": [{
            "id": { "namespace": "shop", "policy": "p", "rule": 0 },
            "permissions": ["any"],
            "principals": [{ "directRemoteIp": [network, 8] }],
        }] }])
    };
    let mut listeners = [tcp_listener("denied", denied), tcp_listener("allowed", allowed)];
    listeners[0]["chains"][0]["authorization"] = filter("127.0.0.0");
    listeners[1]["chains"][0]["authorization"] = filter("10.0.0.0");
    let dry_run = filter("127.0.0.0")[0]["rules"].take();
    listeners[1]["chains"][0]["authorization"][0]["dryRun"] = dry_run;
    let proxy = Proxy::start(config(&listeners, &[("server", upstream(echo_server()))]));
    let mut client = connect(denied);
    // The reset meets whichever of the two comes after it.
    let reset = client.write_all(b"hello").and_then(|()| client.read(&mut [0; 8]));
    assert_eq!(reset.unwrap_err().kind(), ErrorKind::ConnectionReset);
    echoes(&mut connect(allowed), "hello");
    assert_eq!(proxy.metric("meshc_proxy_authorization_dry_run_total{result=\"denied\"}"), Some(1.0));
    assert_eq!(proxy.metric("meshc_proxy_connections_refused_total{reason=\"policy\"}"), Some(1.0));
}

#[test]
fn a_unix_socket_is_a_listener_and_an_upstream() {
    let folder = tempfile::tempdir().unwrap();
    let (near, far) = (folder.path().join("near"), folder.path().join("far"));
    let server = std::os::unix::net::UnixListener::bind(&far).unwrap();
    std::thread::spawn(move || {
        for mut stream in server.incoming().map_while(Result::ok) {
            let _ = std::io::copy(&mut stream.try_clone().unwrap(), &mut stream);
        }
    });
    let mut listener = tcp_listener("unix", 0);
    listener["bind"] = json!([{ "unix": near }]);
    let mut to = upstream(crate::proxy::loopback(1));
    to["discovery"]["endpoints"]["groups"][0]["endpoints"][0]["address"] = json!({ "unix": far });
    let _proxy = Proxy::start(config(&[listener], &[("server", to)]));
    let mut client = std::os::unix::net::UnixStream::connect(&near).unwrap();
    client.set_read_timeout(Some(crate::proxy::PATIENCE)).unwrap();
    client.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
}

#[test]
fn pitfall_26_a_socket_that_was_dialled_itself_leads_to_no_original_destination() {
    let port = free_port();
    let mut to = upstream(crate::proxy::loopback(1));
    to["discovery"] = json!({ "originalDestination": {} });
    let proxy = Proxy::start(config(&[tcp_listener("itself", port)], &[("server", to)]));
    let mut client = connect(port);
    let _ = client.write_all(b"hello");
    assert!(matches!(client.read(&mut [0; 8]), Ok(0) | Err(_)));
    eventually(|| proxy.metric("meshc_proxy_connections") == Some(0.0), "no connection is left");
}

#[test]
fn pitfall_27_a_server_that_speaks_first_is_heard_after_the_detection_timeout() {
    let address = server(|mut stream| {
        stream.write_all(b"220 mail\r\n").unwrap();
        std::thread::park();
    });
    let port = free_port();
    let mut listener = tcp_listener("smtp", port);
    listener["tlsInspector"] = json!({});
    listener["httpInspector"] = json!({});
    listener["inspectTimeout"] = json!("0.2s");
    listener["continueOnTimeout"] = json!(true);
    let _proxy = Proxy::start(config(&[listener], &[("server", upstream(address))]));
    let mut greeting = [0; 10];
    connect(port).read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"220 mail\r\n");
}

#[test]
fn the_proxy_protocol_tells_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let port = free_port();
    let mut listener = tcp_listener("balanced", port);
    listener["proxyProtocol"] = json!(true);
    listener["chains"][0]["handler"]["tcp"]["accessLogs"] = json!([{ "path": log, "format": { "text": "%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS%\n" } }]);
    let _proxy = Proxy::start(config(&[listener], &[("server", upstream(echo_server()))]));
    let mut client = connect(port);
    client.write_all(b"PROXY TCP4 203.0.113.7 198.51.100.1 5000 443\r\n").unwrap();
    echoes(&mut client, "hello");
    drop(client);
    eventually(|| std::fs::read_to_string(&log).is_ok_and(|text| !text.is_empty()), "a line in the log");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "203.0.113.7:5000 198.51.100.1:443\n");
    let mut stranger = connect(port);
    let _ = stranger.write_all(b"GET / HTTP/1.1\r\n\r\n");
    let read = stranger.read(&mut [0; 8]);
    assert!(matches!(read, Ok(0)) || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
}
