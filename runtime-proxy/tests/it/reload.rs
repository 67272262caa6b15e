//! Reloads and the end.

use std::io::Read;
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::proxy::{
    Proxy, config, connect, echo_server, echoes, eventually, free_port, loopback, tcp_listener, upstream,
};

fn digest(proxy: &Proxy) -> Value {
    let (status, dump) = proxy.get(proxy.admin, "/config_dump");
    assert_eq!(status, 200);
    serde_json::from_str::<Value>(&dump).unwrap()["digest"].clone()
}

#[test]
fn a_wrong_file_leaves_the_old_one_in_force_and_says_so_once() {
    let port = free_port();
    let proxy = Proxy::start(config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]));
    let mut open = connect(port);
    echoes(&mut open, "before");
    let before = digest(&proxy);
    let mut wrong = proxy.config();
    wrong["listeners"][0]["chains"][0]["handler"]["tcp"]["upstreams"] = json!([]);
    proxy.replace(&wrong.to_string());
    let line = proxy.wait_for("configuration stays as it was");
    let path = "listeners[0].chains[0].handler.tcp.upstreams";
    assert!(line["error"].as_str().unwrap().starts_with(path), "{line}");
    let (_, dump) = proxy.get(proxy.admin, "/config_dump");
    let dump: Value = serde_json::from_str(&dump).unwrap();
    assert_eq!((&dump["digest"], &dump["reload"]["error"]["path"]), (&before, &json!(path)));
    assert_eq!(proxy.metric("meshc_proxy_config_reloads_total{result=\"failure\"}"), Some(1.0));
    assert_eq!(proxy.metric("meshc_proxy_config_current"), Some(0.0));
    echoes(&mut open, "after");
    echoes(&mut connect(port), "new");
    // The same file once more is no news, and what follows is.
    proxy.replace(&wrong.to_string());
    proxy.replace("{");
    assert!(proxy.wait_for("configuration stays as it was")["error"].as_str().unwrap().contains("EOF"));
    proxy.replace(&proxy.config().to_string());
    eventually(|| proxy.metric("meshc_proxy_config_current") == Some(1.0), "the old file is right again");
}

#[test]
fn listeners_come_and_go_while_connections_of_others_stay() {
    let (stays, goes, comes) = (free_port(), free_port(), free_port());
    let server = ("server", upstream(echo_server()));
    let listeners = [tcp_listener("stays", stays), tcp_listener("goes", goes)];
    let mut config = config(&listeners, std::slice::from_ref(&server));
    config["drainDuration"] = json!("3s");
    let proxy = Proxy::start(config);
    let (mut staying, mut going) = (connect(stays), connect(goes));
    echoes(&mut staying, "1");
    echoes(&mut going, "1");
    let mut next = proxy.config();
    next["listeners"] = json!([tcp_listener("stays", stays), tcp_listener("comes", comes)]);
    next["drainDuration"] = json!("0.5s");
    proxy.replace(&next.to_string());
    proxy.wait_for("configuration is in force");
    echoes(&mut staying, "2");
    echoes(&mut connect(stays), "2");
    eventually(|| TcpStream::connect(loopback(comes)).is_ok(), "the new listener");
    echoes(&mut connect(comes), "2");
    eventually(|| TcpStream::connect(loopback(goes)).is_err(), "the old listener is gone");
    // Its connection has had the time of the configuration that it came under.
    assert!(matches!(going.read(&mut [0; 8]), Ok(0) | Err(_)));
    echoes(&mut staying, "3");
}

#[test]
fn an_address_that_is_taken_leaves_the_old_file_in_force() {
    let port = free_port();
    let proxy = Proxy::start(config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut next = proxy.config();
    next["listeners"].as_array_mut().unwrap().push(tcp_listener("taken", taken.local_addr().unwrap().port()));
    proxy.replace(&next.to_string());
    let line = proxy.wait_for("configuration stays as it was");
    assert!(line["error"].as_str().unwrap().starts_with("listeners[1].bind[0]"), "{line}");
    echoes(&mut connect(port), "still here");
}

#[test]
fn sighup_reads_the_file_at_once() {
    let port = free_port();
    let proxy = Proxy::start(config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]));
    let mut open = connect(port);
    proxy.signal(Signal::HUP);
    proxy.wait_for("configuration is in force");
    echoes(&mut open, "hello");
}

#[test]
fn pitfall_22_a_proxy_that_ends_takes_connections_and_finishes_those_it_has() {
    let port = free_port();
    let proxy = Proxy::start(config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]));
    let mut open = connect(port);
    echoes(&mut open, "before");
    assert_eq!(proxy.get(proxy.status, "/healthz/ready").0, 200);
    proxy.signal(Signal::TERM);
    proxy.wait_for("draining");
    assert_eq!(proxy.get(proxy.status, "/healthz/ready").0, 503);
    assert_eq!(proxy.get(proxy.admin, "/ready"), (503, "DRAINING\n".to_owned()));
    echoes(&mut open, "after");
    let mut late = connect(port);
    echoes(&mut late, "late");
    drop((open, late));
    assert_eq!(proxy.wait_for("ended")["connections"], "0");
    assert!(proxy.wait().success());
}

#[test]
fn connections_that_do_not_end_are_cut_after_the_drain_duration() {
    let port = free_port();
    let mut config = config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]);
    config["drainDuration"] = json!("0.3s");
    let proxy = Proxy::start(config);
    let mut open = connect(port);
    echoes(&mut open, "before");
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.wait_for("ended")["connections"], "1");
    assert!(proxy.wait().success());
    assert!(matches!(open.read(&mut [0; 8]), Ok(0) | Err(_)));
}
