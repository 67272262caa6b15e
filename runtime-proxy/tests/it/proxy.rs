//! A proxy that runs, and what is around it.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Longer than anything here takes, on a slow machine under load too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A port that nobody has.
pub(crate) fn free_port() -> u16 {
    // Below the range that the kernel takes from for connections, so that none of them has the port before the proxy does.
    static NEXT: AtomicU16 = AtomicU16::new(18_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

pub(crate) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)
}

/// A proxy that runs.
pub(crate) struct Proxy {
    child: Child,
    log: Receiver<Value>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) admin: u16,
    pub(crate) status: u16,
    pub(crate) prometheus: u16,
    config: Value,
}

/// A configuration with some listeners and upstreams.
pub(crate) fn config(listeners: &[Value], upstreams: &[(&str, Value)]) -> Value {
    let upstreams: serde_json::Map<String, Value> =
        upstreams.iter().map(|(name, upstream)| ((*name).to_owned(), upstream.clone())).collect();
    json!({
        "version": 1,
        "node": {
            "labels": { "workload": "web", "namespace": "shop" },
            "identity": "spiffe://cluster.local/ns/shop/sa/web",
            "mesh": "cluster.local",
        },
        "identity": { "certificate": "/none/cert.pem", "key": "/none/key.pem", "roots": "/none/roots.pem" },
        "admin": { "port": free_port(), "statusPort": free_port(), "prometheusPort": free_port() },
        "drainDuration": "30s",
        "concurrency": 2,
        "listeners": listeners,
        "upstreams": upstreams,
    })
}

/// A listener with one chain that passes bytes on to the upstream `server`.
pub(crate) fn tcp_listener(name: &str, port: u16) -> Value {
    json!({
        "name": name,
        "bind": [{ "ip": ["127.0.0.1", port] }],
        "capture": "bound",
        "direction": "outbound",
        "chains": [{ "handler": { "tcp": { "upstreams": [{ "upstream": "server" }], "metrics": true } } }],
    })
}

/// An upstream of one address.
pub(crate) fn upstream(address: SocketAddr) -> Value {
    json!({
        "discovery": { "endpoints": {
            "groups": [{ "endpoints": [{ "address": { "ip": [address.ip().to_string(), address.port()] } }] }],
            "refreshRate": "5s",
            "family": "v4Only",
        } },
        "connectTimeout": "5s",
        "protocol": "http1",
        "loadBalancing": "roundRobin",
        "tls": "none",
    })
}

impl Proxy {
    /// Starts a proxy and waits until it is ready.
    pub(crate) fn start(config: Value) -> Self {
        Self::start_with(config, |program| Command::new(program))
    }

    /// The same with another way to start the program.
    pub(crate) fn start_with(config: Value, command: impl FnOnce(&str) -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("proxy.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let mut command = command(env!("CARGO_BIN_EXE_meshc-proxy"));
        command.args(["run", "--config", path.to_str().unwrap()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, log) = channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "message": line }));
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let port = |name: &str| u16::try_from(config["admin"][name].as_u64().unwrap()).unwrap();
        let (admin, status, prometheus) = (port("port"), port("statusPort"), port("prometheusPort"));
        let proxy = Self { child, log, folder, admin, status, prometheus, config };
        proxy.wait_for("ready");
        proxy
    }

    /// What was started with.
    pub(crate) fn config(&self) -> Value {
        self.config.clone()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("proxy.json")
    }

    /// Waits for a line of the log and gives it.
    pub(crate) fn wait_for(&self, message: &str) -> Value {
        let mut before = Vec::new();
        let end = Instant::now() + PATIENCE;
        while let Ok(line) = self.log.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line["message"] == message {
                return line;
            }
            before.push(line.to_string());
        }
        panic!("no line `{message}`, but {before:#?}");
    }

    /// Replaces the file as a whole.
    pub(crate) fn replace(&self, text: &str) {
        let new = self.folder.path().join("new.json");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.path()).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks on a port of the proxy itself: status and body.
    pub(crate) fn get(&self, port: u16, path: &str) -> (u16, String) {
        ask(port, "GET", path)
    }

    /// The value of a metric whose line begins so.
    pub(crate) fn metric(&self, start: &str) -> Option<f64> {
        let (_, text) = self.get(self.prometheus, "/stats/prometheus");
        let line = text.lines().find(|line| line.starts_with(start))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request without a body.
pub(crate) fn ask(port: u16, method: &str, path: &str) -> (u16, String) {
    let mut stream = connect(port);
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A connection that gives up some time.
pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(loopback(port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Waits until the other side has closed, with or without a reset; gives what it still sent.
pub(crate) fn ends(mut stream: &TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert!(
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "the connection is still open"
        );
    }
    rest
}

/// A server that handles each connection in a thread of its own.
pub(crate) fn server(handle: impl Fn(TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let handle = handle.clone();
            std::thread::spawn(move || handle(stream));
        }
    });
    address
}

/// A server that sends back what it gets.
pub(crate) fn echo_server() -> SocketAddr {
    server(|mut stream| {
        let mut reader = stream.try_clone().unwrap();
        let _ = std::io::copy(&mut reader, &mut stream);
        let _ = stream.shutdown(Shutdown::Write);
    })
}

/// Sends a text and expects it back.
pub(crate) fn echoes(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back).unwrap();
    assert_eq!(String::from_utf8_lossy(&back), text);
}

/// Tries until something is so.
pub(crate) fn eventually(mut so: impl FnMut() -> bool, what: &str) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "{what}");
        // Whoever asks without a pause takes the time of those who are to bring it about.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
