//! Questions to servers on the loopback address.

use std::net::SocketAddr;

use hickory_proto::op::{Message, MessageType, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use hickory_proto::rr::{Name, RData, Record as Entry, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::*;

/// Settings with these servers and little patience.
fn settings(servers: &[SocketAddr], attempts: u32) -> ResolverSettings {
    let mut settings = ResolverSettings::parse("", "");
    settings.servers = servers.to_vec();
    settings.timeout = Duration::from_millis(if attempts == 1 { 100 } else { 5_000 });
    settings.attempts = attempts;
    settings
}

fn question(family: Family) -> Question {
    ("db.example".to_owned(), family)
}

async fn asked(servers: &[SocketAddr], family: Family, attempts: u32) -> Answer {
    exchange::ask(&settings(servers, attempts), &question(family)).await
}

/// A server that makes a message of each question; `None` stays silent.
async fn udp(mut respond: impl FnMut(Message) -> Vec<Message> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2_048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            for message in respond(Message::from_vec(&buffer[..length]).unwrap()) {
                socket.send_to(&message.to_vec().unwrap(), from).await.unwrap();
            }
        }
    });
    address
}

fn response(mut question: Message, code: ResponseCode) -> Message {
    question.metadata.message_type = MessageType::Response;
    question.metadata.response_code = code;
    question.edns = None;
    question
}

fn entry(name: &str, ttl: u32, data: RData) -> Entry {
    Entry::from_rdata(Name::from_ascii(name).unwrap(), ttl, data)
}

fn v4(name: &str, ttl: u32, last: u8) -> Entry {
    entry(name, ttl, RData::A(A::new(10, 0, 0, last)))
}

fn with(mut message: Message, entries: Vec<Entry>) -> Message {
    message.answers = entries;
    message
}

fn answer(ttl: u64, ips: &[&str]) -> Answer {
    Answer::Addresses(ips.iter().map(|ip| ip.parse().unwrap()).collect(), Duration::from_secs(ttl))
}

#[tokio::test]
async fn addresses_behind_aliases_are_good_for_the_shortest_time() {
    let server = udp(|question| {
        let kind = question.queries[0].query_type;
        assert!(question.metadata.recursion_desired && question.edns.is_some());
        let mut entries =
            vec![entry("db.example.", 7, RData::CNAME(CNAME(Name::from_ascii("a.example.").unwrap())))];
        if kind == RecordType::A {
            entries.extend([v4("a.example.", 60, 2), v4("a.example.", 60, 1), v4("a.example.", 60, 2)]);
        } else {
            entries.push(entry("a.example.", 60, RData::AAAA(AAAA("fd00::1".parse().unwrap()))));
        }
        vec![with(response(question, ResponseCode::NoError), entries)]
    })
    .await;
    assert_eq!(asked(&[server], Family::V4, 2).await, answer(7, &["10.0.0.2", "10.0.0.1"]));
    assert_eq!(asked(&[server], Family::V6, 2).await, answer(7, &["fd00::1"]));
}

#[tokio::test]
async fn no_name_and_no_address_are_nothing() {
    for code in [ResponseCode::NXDomain, ResponseCode::NoError] {
        let server = udp(move |question| vec![response(question, code)]).await;
        assert_eq!(asked(&[server], Family::V4, 2).await, Answer::Nothing);
    }
}

#[tokio::test]
async fn what_is_truncated_is_asked_for_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2_048];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let mut short = response(Message::from_vec(&buffer[..length]).unwrap(), ResponseCode::NoError);
        short.metadata.truncation = true;
        socket.send_to(&short.to_vec().unwrap(), from).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; usize::from(stream.read_u16().await.unwrap())];
        stream.read_exact(&mut bytes).await.unwrap();
        let question = Message::from_vec(&bytes).unwrap();
        let many = (1..=200).map(|last| v4("db.example.", 30, last)).collect();
        let bytes = with(response(question, ResponseCode::NoError), many).to_vec().unwrap();
        stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    });
    let Answer::Addresses(addresses, _) = asked(&[address], Family::V4, 2).await else {
        panic!("no addresses")
    };
    assert_eq!(addresses.len(), 200);
}

#[tokio::test]
async fn servers_without_extensions_are_asked_without() {
    let server = udp(|question| {
        if question.edns.is_some() {
            return vec![response(question, ResponseCode::FormErr)];
        }
        vec![with(response(question, ResponseCode::NoError), vec![v4("db.example.", 9, 1)])]
    })
    .await;
    assert_eq!(asked(&[server], Family::V4, 2).await, answer(9, &["10.0.0.1"]));
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_fails_or_is_silent() {
    let silent = udp(|_| Vec::new()).await;
    let failing = udp(|question| vec![response(question, ResponseCode::ServFail)]).await;
    let good =
        udp(|question| vec![with(response(question, ResponseCode::NoError), vec![v4("db.example.", 9, 1)])])
            .await;
    assert_eq!(asked(&[failing, good], Family::V4, 2).await, answer(9, &["10.0.0.1"]));
    assert_eq!(asked(&[silent, good], Family::V4, 1).await, answer(9, &["10.0.0.1"]));
    assert_eq!(asked(&[failing], Family::V4, 2).await, Answer::Failure);
    assert_eq!(asked(&[silent], Family::V4, 1).await, Answer::Failure);
}

#[tokio::test]
async fn answers_to_other_questions_are_passed_over() {
    let server = udp(|question| {
        let good = with(response(question, ResponseCode::NoError), vec![v4("db.example.", 9, 1)]);
        let mut other_id = with(good.clone(), vec![v4("db.example.", 9, 66)]);
        other_id.metadata.id = other_id.metadata.id.wrapping_add(1);
        let mut other_name = with(good.clone(), vec![v4("db.example.", 9, 67)]);
        other_name.queries[0].name = Name::from_ascii("other.example.").unwrap();
        let mut question_again = with(good.clone(), vec![v4("db.example.", 9, 68)]);
        question_again.metadata.message_type = MessageType::Query;
        vec![other_id, other_name, question_again, good]
    })
    .await;
    assert_eq!(asked(&[server], Family::V4, 2).await, answer(9, &["10.0.0.1"]));
}

#[tokio::test]
async fn what_is_no_name_is_a_failure() {
    let settings = settings(&["127.0.0.1:9".parse().unwrap()], 1);
    let question = ("a".repeat(64), Family::V4);
    assert_eq!(exchange::ask(&settings, &question).await, Answer::Failure);
}
