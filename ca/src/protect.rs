//! Private keys at rest: encrypted to age recipients, or in plaintext when that was asked for by name.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::{Identity, Recipient};
use zeroize::Zeroizing;

use crate::{CaError, files};

/// How private keys are written.
#[derive(Debug, Clone)]
pub enum KeyProtection {
    /// As armored age files that any one of the recipients can open.
    Age(AgeRecipients),
    /// Readable by whoever can read the file, which has mode 0600.
    Plaintext,
}

/// At least one age X25519 recipient (`age1…`).
#[derive(Debug, Clone)]
pub struct AgeRecipients(Vec<Recipient>);

impl AgeRecipients {
    /// Reads recipients; one that is given twice counts once.
    ///
    /// # Errors
    /// [`CaError::Recipient`] for a text that is none, [`CaError::NoRecipient`] for an empty list.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, CaError> {
        let mut seen = BTreeSet::new();
        let mut recipients = Vec::new();
        for (index, text) in texts.into_iter().enumerate() {
            let text = text.trim();
            let recipient: Recipient =
                text.parse().map_err(|_| CaError::Recipient { position: index + 1 })?;
            if seen.insert(text) {
                recipients.push(recipient);
            }
        }
        if recipients.is_empty() { Err(CaError::NoRecipient) } else { Ok(Self(recipients)) }
    }

    /// The lines of a recipients file that state a recipient; empty lines and `#` comments are left out, as `age -R`
    /// reads it.
    pub fn lines(file: &str) -> impl Iterator<Item = &str> {
        file.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    }

    /// The recipients as they are written.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(Recipient::to_string).collect()
    }

    /// Encrypts for all recipients, armored, with a final newline.
    pub(crate) fn seal(&self, plaintext: &[u8]) -> Result<String, CaError> {
        Self::seal_to(&self.0, plaintext)
    }

    /// Encrypts for each recipient by itself, as SOPS keeps them, and names the recipient of each.
    pub(crate) fn seal_for_each(&self, plaintext: &[u8]) -> Result<Vec<(String, String)>, CaError> {
        let one = |recipient: &Recipient| {
            Self::seal_to(std::slice::from_ref(recipient), plaintext)
                .map(|sealed| (recipient.to_string(), sealed))
        };
        self.0.iter().map(one).collect()
    }

    fn seal_to(recipients: &[Recipient], plaintext: &[u8]) -> Result<String, CaError> {
        let wrong = |reason: String| CaError::Encrypt { reason };
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(recipients).map_err(|error| wrong(error.to_string()))?;
        let write = || -> std::io::Result<Vec<u8>> {
            let armor = ArmoredWriter::wrap_output(Vec::new(), Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armor)?;
            writer.write_all(plaintext)?;
            writer.finish()?.finish()
        };
        let bytes = write().map_err(|error| wrong(error.to_string()))?;
        let mut text = String::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }
}

/// The secret halves that open what was sealed (an `age-keygen` file).
pub struct AgeIdentities(Vec<Identity>);

impl AgeIdentities {
    /// Reads the text of an identity file: one `AGE-SECRET-KEY-1…` a line, empty lines and `#` comments left out.
    ///
    /// # Errors
    /// [`CaError::Identity`] for another line, [`CaError::NoIdentity`] for none at all.
    pub fn parse(text: &str) -> Result<Self, CaError> {
        let mut identities = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                identities.push(line.parse().map_err(|_| CaError::Identity { line: index + 1 })?);
            }
        }
        if identities.is_empty() { Err(CaError::NoIdentity) } else { Ok(Self(identities)) }
    }

    /// Reads an identity file; its text is wiped from memory.
    ///
    /// # Errors
    /// [`CaError::Io`], [`CaError::WorldReadable`], and as [`AgeIdentities::parse`].
    pub fn read(path: &Path) -> Result<Self, CaError> {
        let content = files::read_secret(path)?;
        let text = std::str::from_utf8(&content).map_err(|_| CaError::NoIdentity)?;
        Self::parse(text)
    }

    /// Opens an age file, armored or not; `what` names it in errors.
    pub(crate) fn open(&self, sealed: &[u8], what: &str) -> Result<Zeroizing<Vec<u8>>, CaError> {
        let wrong = |reason: String| CaError::Decrypt { what: what.to_owned(), reason };
        let decryptor = age::Decryptor::new_buffered(ArmoredReader::new(sealed))
            .map_err(|error| wrong(error.to_string()))?;
        let identities = self.0.iter().map(|identity| identity as &dyn age::Identity);
        let mut reader = decryptor.decrypt(identities).map_err(|error| wrong(error.to_string()))?;
        // A key is smaller than its age file: reserving that much keeps the buffer from moving and leaving a copy.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
        reader.read_to_end(&mut plaintext).map_err(|error| wrong(error.to_string()))?;
        Ok(plaintext)
    }
}

impl std::fmt::Debug for AgeIdentities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AgeIdentities({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret;

    use super::*;

    fn pair() -> (String, AgeIdentities) {
        let identity = Identity::generate();
        let file = format!("# created: today\n# public key: x\n\n{}\n", identity.to_string().expose_secret());
        (identity.to_public().to_string(), AgeIdentities::parse(&file).unwrap())
    }

    #[test]
    fn what_is_sealed_for_two_opens_for_each_and_for_no_third() {
        let ((one, ours), (two, theirs), (_, stranger)) = (pair(), pair(), pair());
        let sealed = AgeRecipients::parse([one.as_str(), two.as_str()]).unwrap().seal(b"a secret").unwrap();
        assert!(sealed.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && !sealed.contains("a secret"));
        for identities in [ours, theirs] {
            assert_eq!(identities.open(sealed.as_bytes(), "it").unwrap().as_slice(), b"a secret");
        }
        let error = stranger.open(sealed.as_bytes(), "root.key.age").unwrap_err();
        assert!(error.to_string().contains("root.key.age"), "{error}");
    }

    #[test]
    fn a_secret_key_given_as_recipient_is_not_repeated_in_the_error() {
        let secret = Identity::generate().to_string();
        let error = AgeRecipients::parse([secret.expose_secret()]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("AGE-SECRET-KEY-1Q"), "{error}");
        assert!(!format!("{error} {error:?}").contains(secret.expose_secret()), "{error}");
    }

    #[test]
    fn no_recipient_at_all_is_an_error_that_names_both_ways_out() {
        let error = AgeRecipients::parse([]).unwrap_err().to_string();
        assert!(error.contains("--encrypt-to") && error.contains("--plaintext-keys"), "{error}");
    }

    #[test]
    fn a_recipients_file_may_hold_comments() {
        let (one, _) = pair();
        let file = format!("# ops\n\n  {one}\n{one}\n");
        assert_eq!(AgeRecipients::parse(AgeRecipients::lines(&file)).unwrap().0.len(), 1);
    }

    #[test]
    fn a_damaged_file_does_not_open() {
        let (one, ours) = pair();
        let sealed = AgeRecipients::parse([one.as_str()]).unwrap().seal(b"a secret").unwrap();
        let damaged = sealed.replacen('A', "B", 40);
        assert!(ours.open(damaged.as_bytes(), "it").is_err());
        assert!(ours.open(b"", "it").is_err());
    }
}
