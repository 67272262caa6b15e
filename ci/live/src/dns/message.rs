//! The wire format of RFC 1035, as far as a server of A records needs it.

use std::net::Ipv4Addr;

/// How long an answer may be kept, in seconds: what CoreDNS says for Services.
const TTL: u32 = 5;

const TYPE_A: u16 = 1;
const CLASS_IN: u16 = 1;
const CODE_NO_ERROR: u16 = 0;
const CODE_NO_SUCH_NAME: u16 = 3;
/// It is a response, from the authority, and recursion was as available as a stub resolver expects.
const FLAGS: u16 = 0x8580;

/// The question of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    id: u16,
    /// Lower case, without a trailing dot.
    pub(super) name: String,
    kind: u16,
    /// The question as it was sent, which the answer repeats.
    raw: Vec<u8>,
}

impl Question {
    /// Reads a request with one question; anything else is no request.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
        let is_response = number(2)? & 0x8000 != 0;
        if is_response || number(4)? != 1 {
            return None;
        }
        let mut labels = Vec::new();
        let mut at = 12;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            if length > 63 {
                return None;
            }
            let label = message.get(at..at + length)?;
            labels.push(std::str::from_utf8(label).ok()?.to_ascii_lowercase());
            at += length;
        }
        let raw = message.get(12..at + 4)?.to_vec();
        Some(Self { id: number(0)?, name: labels.join("."), kind: number(at)?, raw })
    }
}

/// The answer: the addresses of the name, or that there is no such name (`None`). Only A records exist, so any other type of an
/// existing name has no data.
pub(super) fn answer(question: &Question, addresses: Option<&[Ipv4Addr]>) -> Vec<u8> {
    let code = if addresses.is_some() { CODE_NO_ERROR } else { CODE_NO_SUCH_NAME };
    let records = if question.kind == TYPE_A { addresses.unwrap_or_default() } else { &[] };
    let count = u16::try_from(records.len()).unwrap_or(u16::MAX);
    let mut message = Vec::with_capacity(12 + question.raw.len() + 16 * records.len());
    for number in [question.id, FLAGS | code, 1, count, 0, 0] {
        message.extend(number.to_be_bytes());
    }
    message.extend(&question.raw);
    for address in records.iter().take(usize::from(count)) {
        // A pointer to the name in the question.
        message.extend([0xc0, 12]);
        message.extend(TYPE_A.to_be_bytes());
        message.extend(CLASS_IN.to_be_bytes());
        message.extend(TTL.to_be_bytes());
        message.extend(4_u16.to_be_bytes());
        message.extend(address.octets());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str, kind: u16) -> Vec<u8> {
        let mut message = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            message.push(u8::try_from(label.len()).unwrap());
            message.extend(label.as_bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1]);
        message
    }

    #[test]
    fn a_name_is_answered_with_its_addresses_and_a_short_life() {
        let question = Question::parse(&request("Web.Default.svc", TYPE_A)).unwrap();
        assert_eq!(question.name, "web.default.svc");
        let answer = answer(&question, Some(&[Ipv4Addr::new(10, 20, 0, 7)]));
        assert_eq!(answer[..8], [0x12, 0x34, 0x85, 0x80, 0, 1, 0, 1]);
        assert_eq!(answer[answer.len() - 10..], [0, 0, 0, 5, 0, 4, 10, 20, 0, 7]);
    }

    #[test]
    fn an_unknown_name_does_not_exist_and_another_type_has_no_data() {
        let question = Question::parse(&request("nowhere", TYPE_A)).unwrap();
        assert_eq!(answer(&question, None)[3] & 0xf, 3);
        let question = Question::parse(&request("web", 28)).unwrap();
        let reply = answer(&question, Some(&[Ipv4Addr::LOCALHOST]));
        assert_eq!((reply[3] & 0xf, reply[7]), (0, 0));
    }

    #[test]
    fn what_is_no_request_is_not_answered() {
        let full = request("web", TYPE_A);
        for cut in 0..full.len() {
            assert_eq!(Question::parse(&full[..cut]), None, "cut at {cut}");
        }
        let mut response = full;
        response[2] |= 0x80;
        assert_eq!(Question::parse(&response), None);
    }
}
