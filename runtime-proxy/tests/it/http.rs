//! Servers and clients that speak HTTP byte by byte, so that a test sees what is on the wire.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::proxy::{Proxy, config, connect, free_port, server, upstream};

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// First line.
    pub(crate) line: String,
    /// Header lines, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Lines behind a chunked body.
    pub(crate) trailers: String,
    /// Number of the connection.
    pub(crate) connection: usize,
}

impl Seen {
    /// The values of a header, joined by commas.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// A server that answers as a test says and remembers what it saw.
#[derive(Clone)]
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What a server does after a request.
pub(crate) enum Then {
    /// It writes this and reads the next request.
    Answer(String),
    /// It writes this and closes.
    Close(String),
    /// It takes the connection as it is.
    Take(Box<dyn FnOnce(TcpStream) + Send>),
}

impl Backend {
    /// Answers every request by what a function makes of it.
    pub(crate) fn new(answer: impl Fn(&Seen) -> Then + Clone + Send + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(0));
        let remembered = Arc::clone(&seen);
        let address = server(move |stream| {
            let number = {
                let mut connections = connections.lock().unwrap();
                *connections += 1;
                *connections
            };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut stream = stream;
            while let Some(request) = read_request(&mut reader, number) {
                let then = answer(&request);
                remembered.lock().unwrap().push(request);
                match then {
                    Then::Answer(text) => {
                        if stream.write_all(text.as_bytes()).is_err() {
                            return;
                        }
                    }
                    Then::Close(text) => {
                        let _ = stream.write_all(text.as_bytes());
                        return;
                    }
                    Then::Take(take) => return take(stream),
                }
            }
        });
        Self { address, seen }
    }

    /// Answers 200 with a text.
    pub(crate) fn saying(text: &'static str) -> Self {
        Self::new(move |_| Then::Answer(ok(text)))
    }

    /// What it saw so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What it saw last.
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("no request arrived")
    }
}

/// An answer with a text.
pub(crate) fn ok(text: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())
}

/// An answer with a status and no body.
pub(crate) fn status(code: u16) -> String {
    format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n")
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_request(reader: &mut impl BufRead, connection: usize) -> Option<Seen> {
    let line = read_line(reader)?;
    let mut headers = Vec::new();
    loop {
        let header = read_line(reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Seen { line, headers, body: String::new(), trailers: String::new(), connection };
    if let Some(length) = seen.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        reader.read_exact(&mut body).ok()?;
        seen.body = String::from_utf8(body).unwrap();
    } else if seen.header("transfer-encoding").as_deref() == Some("chunked") {
        loop {
            let size = usize::from_str_radix(read_line(reader)?.split(';').next()?, 16).ok()?;
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            seen.body.push_str(std::str::from_utf8(&chunk[..size]).unwrap());
        }
        while let Some(trailer) = read_line(reader).filter(|line| !line.is_empty()) {
            seen.trailers.push_str(&trailer);
        }
    }
    Some(seen)
}

/// An answer as a client saw it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head as it is on the wire.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The values of a header, joined by commas.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .collect();
        (!values.is_empty()).then(|| values.join(","))
    }
}

/// Reads one answer, which has a length or is chunked or ends with the connection.
pub(crate) fn read_answer(reader: &mut impl BufRead, to_head: bool) -> Option<Answer> {
    let mut head = String::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            break;
        }
        head.push_str(&line);
        head.push_str("\r\n");
    }
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut answer = Answer { status, head, body: String::new() };
    if to_head || matches!(status, 100..=199 | 204 | 304) {
        return Some(answer);
    }
    if let Some(length) = answer.header("content-length") {
        let mut body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
    } else {
        // Chunks are kept as they are on the wire, with what follows them.
        let chunked = answer.header("transfer-encoding").is_some();
        while let Some(line) = read_line(reader) {
            answer.body.push_str(&line);
            answer.body.push('\n');
            if chunked && line == "0" {
                while let Some(trailer) = read_line(reader).filter(|line| !line.is_empty()) {
                    answer.body.push_str(&trailer);
                    answer.body.push('\n');
                }
                break;
            }
        }
    }
    Some(answer)
}

/// Sends bytes and reads the answer.
pub(crate) fn send(port: u16, text: &str) -> Answer {
    let mut stream = connect(port);
    stream.write_all(text.as_bytes()).unwrap();
    read_answer(&mut BufReader::new(stream), text.starts_with("HEAD ")).expect("no answer")
}

/// Sends a request without a body for a host, with further header lines.
pub(crate) fn get(port: u16, target: &str, headers: &[(&str, &str)]) -> Answer {
    send(port, &request("GET", target, headers))
}

/// A request without a body.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        text.push_str("Host: a.example\r\n");
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text + "\r\n"
}

/// Settings of HTTP with some routes for all hosts.
pub(crate) fn http(routes: &Value) -> Value {
    json!({
        "routes": { "inline": { "virtualHosts": [{ "name": "all", "domains": ["*"], "routes": routes }] } },
        "serverHeader": { "overwrite": "istio-envoy" },
        "forwardClientCert": "sanitize",
        "path": { "level": "base" },
        "metrics": true,
        "generateRequestId": true,
        "limits": { "streamIdleTimeout": "0s" },
    })
}

/// A route for every path that forwards to an upstream.
pub(crate) fn to(upstream: &str) -> Value {
    json!({
        "matches": { "path": { "prefix": "/" } },
        "action": { "forward": { "upstreams": [{ "upstream": upstream }], "timeout": "0s" } },
    })
}

/// A proxy that speaks HTTP on a port.
pub(crate) struct HttpProxy {
    pub(crate) proxy: Proxy,
    pub(crate) port: u16,
}

/// Starts a proxy with one listener.
pub(crate) fn start(direction: &str, http: &Value, upstreams: &[(&str, Value)]) -> HttpProxy {
    let port = free_port();
    let listener = json!({
        "name": "http",
        "bind": [{ "ip": ["127.0.0.1", port] }],
        "capture": "bound",
        "direction": direction,
        "chains": [{ "handler": { "http": http } }],
    });
    HttpProxy { proxy: Proxy::start(config(&[listener], upstreams)), port }
}

/// Starts a proxy that forwards everything to a server.
pub(crate) fn in_front_of(backend: &Backend) -> HttpProxy {
    start("outbound", &http(&json!([to("server")])), &[("server", upstream(backend.address))])
}
