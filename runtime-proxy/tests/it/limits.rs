//! What happens at limits of the operating system.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::proxy::{
    Proxy, config, connect, echo_server, echoes, eventually, free_port, loopback, tcp_listener, upstream,
};

#[test]
fn pitfall_25_a_proxy_without_descriptors_goes_on_once_some_are_free() {
    let port = free_port();
    let config = config(&[tcp_listener("echo", port)], &[("server", upstream(echo_server()))]);
    let proxy = Proxy::start_with(config, |program| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\"", program]);
        command
    });
    let mut admitted = connect(port);
    echoes(&mut admitted, "first");
    let crowd: Vec<TcpStream> = (0..100)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(loopback(port)).ok()?;
            let _ = stream.write_all(b"x");
            Some(stream)
        })
        .collect();
    proxy.wait_for("connections cannot be accepted for now");
    echoes(&mut admitted, "still here");
    drop(crowd);
    eventually(
        || {
            let mut stream = connect(port);
            stream
                .write_all(b"x")
                .is_ok_and(|()| std::io::Read::read(&mut stream, &mut [0]).is_ok_and(|read| read == 1))
        },
        "connections after the crowd",
    );
    assert!(proxy.metric("meshc_proxy_accept_failures_total") >= Some(1.0));
}

#[test]
fn pitfall_25_the_limit_of_descriptors_is_raised_to_what_is_allowed() {
    let config = config(&[tcp_listener("echo", free_port())], &[("server", upstream(echo_server()))]);
    let proxy = Proxy::start_with(config, |program| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -S -n 100; ulimit -H -n 500; exec \"$0\" \"$@\"", program]);
        command
    });
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", proxy.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[3..5], ["500", "500"]);
}
