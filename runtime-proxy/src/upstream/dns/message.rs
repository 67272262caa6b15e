//! Questions and answers on the wire.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::{Answer, Family, Question};

/// Bytes of an answer that fit one packet on any path (DNS flag day 2020).
pub(super) const PAYLOAD: u16 = 1_232;

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// Something that counts.
    Answer(Answer),
    /// There is more than fits: to be asked over TCP.
    Truncated,
    /// It does not know extensions: to be asked without them.
    NoExtensions,
    /// It does not want to answer, or cannot: the next one is to be asked.
    Refused,
}

/// The question on the wire; `None` if the name cannot be one.
pub(super) fn encode(id: u16, question: &Question, extensions: bool) -> Option<Vec<u8>> {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(query(question)?);
    if extensions {
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
    }
    message.to_vec().ok()
}

fn query((name, family): &Question) -> Option<Query> {
    let mut name = Name::from_ascii(name).ok()?;
    name.set_fqdn(true);
    Some(Query::query(name, record_type(*family)))
}

fn record_type(family: Family) -> RecordType {
    match family {
        Family::V4 => RecordType::A,
        Family::V6 => RecordType::AAAA,
    }
}

/// What a message says; `None` if it is no answer to this question.
pub(super) fn decode(bytes: &[u8], id: u16, question: &Question) -> Option<Reply> {
    let message = Message::from_vec(bytes).ok()?;
    let header = &message.metadata;
    if header.id != id || header.message_type != MessageType::Response {
        return None;
    }
    let wanted = query(question)?;
    // A server that understands nothing may leave the question out.
    let asked = message.queries.first();
    let same = asked.is_some_and(|asked| asked.name == wanted.name && asked.query_type == wanted.query_type);
    match header.response_code {
        ResponseCode::FormErr | ResponseCode::NotImp if asked.is_none() || same => Some(Reply::NoExtensions),
        _ if !same => None,
        ResponseCode::NoError if header.truncation => Some(Reply::Truncated),
        ResponseCode::NoError => Some(Reply::Answer(addresses(&message.answers, question.1))),
        ResponseCode::NXDomain => Some(Reply::Answer(Answer::Nothing)),
        _ => Some(Reply::Refused),
    }
}

/// Addresses of a family. Aliases on the way to them count for how long they are good.
fn addresses(records: &[Record], family: Family) -> Answer {
    let wanted = |record: &&Record| {
        let kind = record.record_type();
        record.dns_class == DNSClass::IN && (kind == record_type(family) || kind == RecordType::CNAME)
    };
    let ttl = records.iter().filter(wanted).map(|record| record.ttl).min().unwrap_or(0);
    let mut addresses: Vec<IpAddr> = Vec::new();
    for record in records.iter().filter(wanted) {
        let ip = match &record.data {
            RData::A(ip) => IpAddr::V4(ip.0),
            RData::AAAA(ip) => IpAddr::V6(ip.0),
            _ => continue,
        };
        if !addresses.contains(&ip) {
            addresses.push(ip);
        }
    }
    if addresses.is_empty() {
        return Answer::Nothing;
    }
    Answer::Addresses(addresses, Duration::from_secs(u64::from(ttl)))
}
