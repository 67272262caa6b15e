//! Addresses from a name server of the test.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record, RecordType};
use serde_json::{Value, json};

use crate::http::{get, http, to};
use crate::proxy::{Proxy, config, eventually, free_port, upstream};

/// What a name server says of a name.
#[derive(Debug, Clone)]
enum Says {
    Addresses(Vec<Ipv4Addr>),
    Code(ResponseCode),
}

/// A name server on the loopback address.
#[derive(Clone, Default)]
struct NameServer {
    names: Arc<Mutex<BTreeMap<String, Says>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    fn start() -> (Self, SocketAddr) {
        let server = Self::default();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let serving = server.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 2_048];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let answer = serving.answer(Message::from_vec(&buffer[..length]).unwrap());
                let _ = socket.send_to(&answer.to_vec().unwrap(), from);
            }
        });
        (server, address)
    }

    fn answer(&self, mut message: Message) -> Message {
        let question = message.queries[0].clone();
        let name = question.name.to_ascii().trim_end_matches('.').to_owned();
        self.asked.lock().unwrap().push(format!("{name} {}", question.query_type));
        message.metadata.message_type = MessageType::Response;
        message.edns = None;
        match self.names.lock().unwrap().get(&name) {
            Some(Says::Addresses(ips)) if question.query_type == RecordType::A => {
                let record = |ip: &Ipv4Addr| Record::from_rdata(question.name.clone(), 4, RData::A(A(*ip)));
                message.answers = ips.iter().map(record).collect();
            }
            Some(Says::Addresses(_)) => {}
            Some(Says::Code(code)) => message.metadata.response_code = *code,
            None => message.metadata.response_code = ResponseCode::NXDomain,
        }
        message
    }

    fn say(&self, name: &str, says: Says) {
        self.names.lock().unwrap().insert(name.to_owned(), says);
    }

    fn asked(&self, question: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == question).count()
    }
}

/// A server on an address of this machine that says its last octet.
fn serve(ip: Ipv4Addr, port: u16) {
    let listener = TcpListener::bind((ip, port)).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let body = ip.octets()[3].to_string();
            let length = body.len();
            let _ = std::io::Read::read(&mut stream, &mut [0; 2_048]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
    });
}

fn named(name: &str, port: u16) -> Value {
    let mut upstream = upstream(SocketAddr::from(([127, 0, 0, 1], port)));
    upstream["discovery"]["endpoints"]["groups"][0]["endpoints"] =
        json!([{"address": {"name": [name, port]}}]);
    upstream
}

fn start(name_server: SocketAddr, upstreams: &[(&str, Value)]) -> (Proxy, u16) {
    let port = free_port();
    let listener = json!({
        "name": "http",
        "bind": [{ "ip": ["127.0.0.1", port] }],
        "capture": "bound",
        "direction": "outbound",
        "chains": [{"handler": {"http": http(&json!([to("server")]))}}],
    });
    let folder = tempfile::tempdir().unwrap();
    let resolv_conf = folder.path().join("resolv.conf");
    std::fs::write(&resolv_conf, format!("nameserver {name_server}\noptions timeout:5\n")).unwrap();
    let proxy = Proxy::start_with(config(&[listener], upstreams), |program| {
        let mut shell = Command::new("sh");
        let script = format!("exec \"$0\" \"$@\" --resolv-conf {}", resolv_conf.display());
        shell.args(["-c", &script, program]);
        shell
    });
    (proxy, port)
}

const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[test]
fn a_name_is_asked_for_once_and_followed_while_servers_come_go_and_fail() {
    let (names, address) = NameServer::start();
    let backends = free_port();
    serve(ONE, backends);
    serve(TWO, backends);
    names.say("db.example", Says::Addresses(vec![ONE]));
    let upstreams = [("server", named("db.example", backends)), ("other", named("db.example", backends))];
    let (_proxy, port) = start(address, &upstreams);
    // Two upstreams, two threads, one question; ready means that it is answered.
    assert_eq!(names.asked("db.example A"), 1);
    assert_eq!(names.asked("db.example AAAA"), 0);
    let body = || get(port, "/", &[]).body;
    assert_eq!(body(), "1");
    names.say("db.example", Says::Addresses(vec![TWO]));
    eventually(|| body() == "2", "the new address");
    assert_eq!(body(), "2");
    // A name server that fails takes nothing away.
    names.say("db.example", Says::Code(ResponseCode::ServFail));
    let before = names.asked("db.example A");
    eventually(|| names.asked("db.example A") > before + 1, "it is asked again");
    assert_eq!(body(), "2");
    // A name that is gone is gone at the second answer.
    names.say("db.example", Says::Code(ResponseCode::NXDomain));
    eventually(|| get(port, "/", &[]).status == 503, "no address is left");
    names.say("db.example", Says::Addresses(vec![ONE, TWO]));
    let mut seen = std::collections::BTreeSet::new();
    eventually(
        || {
            seen.insert(body());
            seen.contains("1") && seen.contains("2")
        },
        "both addresses",
    );
}

#[test]
fn a_name_server_that_is_away_does_not_keep_the_proxy_from_starting() {
    let away = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let backends = free_port();
    serve(ONE, backends);
    let (_proxy, port) = start(away, &[("server", named("db.example", backends))]);
    assert_eq!(get(port, "/", &[]).status, 503);
    // Names of this machine need none.
    let (_proxy, port) = start(away, &[("server", named("localhost", backends))]);
    assert_eq!(get(port, "/", &[]).body, "1");
}
