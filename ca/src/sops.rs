//! Secrets encrypted as SOPS does it, so that Flux, `sops` and everything that reads its files decrypts them.
//!
//! Names stay readable, values under `data` are AES-256-GCM with a data key of the file, and the data key is sealed to
//! every age recipient. The format is that of SOPS 3 (its `aes`, `stores` and `age` packages).

use std::fmt::Write;

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Key, Nonce};
use aws_lc_rs::digest::{Context, SHA512};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::key::random;
use crate::secret::Node;
use crate::{AgeRecipients, CaError, rfc3339};

/// The keys of a Secret whose values are encrypted, as Flux's guide tells everyone to set it.
const ENCRYPTED: [&str; 2] = ["data", "stringData"];
const ENCRYPTED_REGEX: &str = "^(data|stringData)$";
/// Readers choose by it between ways of computing the MAC; ours is that of every 3.x.
const SOPS_VERSION: &str = "3.9.0";
const TAG_LENGTH: usize = 16;

/// Encrypts a manifest for the recipients.
///
/// # Errors
/// [`CaError::Encrypt`], [`CaError::Sign`] when the system gives no randomness.
pub(crate) fn encrypt(
    manifest: Node,
    recipients: &AgeRecipients,
    now: OffsetDateTime,
) -> Result<Node, CaError> {
    let data_key = Zeroizing::new(random::<32>()?);
    let cipher = Cipher(AesGcm::new(Key::<AesGcm<Aes256, U32>>::from_slice(data_key.as_slice())));
    let mut mac = Context::new(&SHA512);
    let encrypted = walk(manifest, &mut Vec::new(), &cipher, &mut mac)?;
    let Node::Map(mut entries) = encrypted else { return Ok(encrypted) };

    let modified = rfc3339(now);
    let digest = mac.finish().as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    });
    let mac = cipher.seal(&digest, &modified)?;
    let sealed = recipients.seal_for_each(data_key.as_slice())?;
    let keys = sealed
        .into_iter()
        .map(|(recipient, enc)| Node::map([("recipient", Node::text(recipient)), ("enc", Node::Lines(enc))]));
    entries.push((
        "sops".to_owned(),
        Node::map([
            ("age", Node::List(keys.collect())),
            ("lastmodified", Node::text(modified)),
            ("mac", Node::text(mac)),
            ("encrypted_regex", Node::Word(ENCRYPTED_REGEX)),
            ("version", Node::Word(SOPS_VERSION)),
        ]),
    ));
    Ok(Node::Map(entries))
}

/// Encrypts the values under the encrypted keys; the digest covers every value in the order of the document.
fn walk(node: Node, path: &mut Vec<String>, cipher: &Cipher, mac: &mut Context) -> Result<Node, CaError> {
    match node {
        Node::Map(entries) => {
            let mut walked = Vec::with_capacity(entries.len());
            for (key, node) in entries {
                path.push(key);
                let node = walk(node, path, cipher, mac)?;
                walked.extend(path.pop().map(|key| (key, node)));
            }
            Ok(Node::Map(walked))
        }
        Node::List(items) => {
            // An item's position is not part of its path.
            let items = items.into_iter().map(|item| walk(item, path, cipher, mac));
            items.collect::<Result<_, _>>().map(Node::List)
        }
        Node::Word(text) => leaf(text, path, cipher, mac).map(|sealed| sealed.unwrap_or(Node::Word(text))),
        Node::Text(text) => {
            leaf(&text, path, cipher, mac).map(|sealed| sealed.unwrap_or_else(|| Node::Text(text)))
        }
        Node::Lines(text) => {
            leaf(&text, path, cipher, mac).map(|sealed| sealed.unwrap_or_else(|| Node::Lines(text)))
        }
    }
}

/// The value encrypted, or `None` where it stays as it is: outside of the encrypted keys, and, as SOPS has it, when
/// empty.
fn leaf(text: &str, path: &[String], cipher: &Cipher, mac: &mut Context) -> Result<Option<Node>, CaError> {
    mac.update(text.as_bytes());
    let secret = path.first().is_some_and(|first| ENCRYPTED.contains(&first.as_str()));
    if !secret || text.is_empty() {
        return Ok(None);
    }
    // The path is bound to the value, so that no two values can be swapped.
    let place: String = path.iter().flat_map(|key| [key.as_str(), ":"]).collect();
    cipher.seal(text, &place).map(|sealed| Some(Node::text(sealed)))
}

struct Cipher(AesGcm<Aes256, U32>);

impl Cipher {
    fn seal(&self, plaintext: &str, bound_to: &str) -> Result<String, CaError> {
        let iv = random::<32>()?;
        let payload = Payload { msg: plaintext.as_bytes(), aad: bound_to.as_bytes() };
        let sealed = self
            .0
            .encrypt(Nonce::<U32>::from_slice(&iv), payload)
            .map_err(|_| CaError::Encrypt { reason: "AES-GCM failed".to_owned() })?;
        let (data, tag) = sealed.split_at(sealed.len().saturating_sub(TAG_LENGTH));
        let [data, iv, tag] = [data, &iv, tag].map(|bytes| BASE64_STANDARD.encode(bytes));
        Ok(format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"))
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret;
    use time::macros::datetime;

    use super::*;
    use crate::AgeIdentities;

    fn value<'a>(node: &'a Node, path: &[&str]) -> &'a str {
        match (node, path) {
            (Node::Map(entries), [first, rest @ ..]) => {
                value(&entries.iter().find(|(key, _)| key == first).unwrap().1, rest)
            }
            (Node::List(items), path) => value(&items[0], path),
            (Node::Word(text), []) => text,
            (Node::Text(text), []) => text,
            (Node::Lines(text), []) => text,
            _ => panic!("no value at {path:?}"),
        }
    }

    /// What SOPS does with one value.
    fn open(value: &str, key: &[u8], bound_to: &str) -> Option<String> {
        let inner = value.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(",type:str]")?;
        let part = |name: &str| {
            let text = inner.split(',').find_map(|part| part.strip_prefix(name)).unwrap();
            BASE64_STANDARD.decode(text).unwrap()
        };
        let (mut sealed, iv, tag) = (part("data:"), part("iv:"), part("tag:"));
        sealed.extend(tag);
        let payload = Payload { msg: &sealed, aad: bound_to.as_bytes() };
        let cipher: AesGcm<Aes256, U32> = AesGcm::new(Key::<AesGcm<Aes256, U32>>::from_slice(key));
        let plain = cipher.decrypt(Nonce::<U32>::from_slice(&iv), payload).ok()?;
        String::from_utf8(plain).ok()
    }

    #[test]
    fn values_are_bound_to_their_place_and_the_digest_covers_all_of_them() {
        let identity = age::x25519::Identity::generate();
        let recipients = AgeRecipients::parse([identity.to_public().to_string().as_str()]).unwrap();
        let manifest = Node::map([
            ("kind", Node::Word("Secret")),
            ("data", Node::map([("a", Node::text("one")), ("b", Node::text("two")), ("c", Node::text(""))])),
        ]);
        let now = datetime!(2026-11-24 12:00:00 UTC);
        let sealed = encrypt(manifest, &recipients, now).unwrap();

        let identities = AgeIdentities::parse(identity.to_string().expose_secret()).unwrap();
        let key =
            identities.open(value(&sealed, &["sops", "age", "enc"]).as_bytes(), "the data key").unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(value(&sealed, &["kind"]), "Secret");
        assert_eq!(value(&sealed, &["data", "c"]), "");
        let a = value(&sealed, &["data", "a"]);
        assert_eq!(open(a, &key, "data:a:").as_deref(), Some("one"));
        assert_eq!(open(a, &key, "data:b:"), None);
        let digest = aws_lc_rs::digest::digest(&SHA512, b"Secretonetwo");
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        let mac = open(value(&sealed, &["sops", "mac"]), &key, "2026-11-24T12:00:00Z");
        assert_eq!(mac, Some(digest));
    }
}
