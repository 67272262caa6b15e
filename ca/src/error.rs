//! Why the authority could not do its work. Every message says what to do next; none holds a secret.

use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::rfc3339;

/// A failure of the certificate authority. Its text is meant for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaError {
    /// A name would make an invalid certificate or a path outside the output folder.
    #[error("{what} `{text}` is not allowed: {rule}")]
    Name {
        /// What the name is of, such as `trust domain`.
        what: &'static str,
        /// The name as given.
        text: String,
        /// The rule that it breaks.
        rule: &'static str,
    },

    /// The identity requests cannot be read.
    #[error("the identity requests cannot be read: {reason}; write them with `meshc build`")]
    Requests {
        /// What the reader said, with line and column.
        reason: String,
    },

    /// The identity requests are of a version that this build does not know.
    #[error(
        "the identity requests are of version {found}, this meshc reads version {supported}: run the same meshc for \
         `build` and `ca issue`"
    )]
    RequestsVersion {
        /// Version stated in the file.
        found: u32,
        /// Version that this build reads.
        supported: u32,
    },

    /// A request contradicts itself, another request, or the authority.
    #[error("request for {spiffe_id}: {reason}")]
    Request {
        /// The identity as it was requested.
        spiffe_id: String,
        /// The contradiction, and the way out.
        reason: String,
    },

    /// The authority may not sign at this time.
    #[error(
        "the issuer `{subject}` is valid from {} to {}, and it is {}: correct the clock, or renew it with `meshc ca \
         rotate intermediate`",
        rfc3339(*not_before),
        rfc3339(*not_after),
        rfc3339(*now)
    )]
    IssuerNotValid {
        /// Subject of the certificate that is not valid now.
        subject: String,
        /// First moment of its validity.
        not_before: OffsetDateTime,
        /// Last moment of its validity.
        not_after: OffsetDateTime,
        /// The time that was given.
        now: OffsetDateTime,
    },

    /// A certificate cannot serve as the issuer.
    #[error("{what} cannot be used: {reason}")]
    IssuerCertificate {
        /// Which certificate.
        what: String,
        /// Why, and the way out.
        reason: String,
    },

    /// A certificate cannot be encoded or read.
    #[error("certificate: {reason}")]
    Certificate {
        /// What the encoder or parser said.
        reason: String,
    },

    /// The signer refused or failed.
    #[error("the signing key failed: {reason}")]
    Sign {
        /// What the signer said.
        reason: String,
    },

    /// No private key can be read from a file.
    #[error("{what} holds no usable ECDSA P-256 or P-384 private key in PEM form (PKCS#8 or SEC 1)")]
    PrivateKey {
        /// Which key.
        what: String,
    },

    /// Neither recipients nor `--plaintext-keys` were given.
    #[error(
        "no recipient for the private keys: pass --encrypt-to age1… (make one with `age-keygen`), or --plaintext-keys"
    )]
    NoRecipient,

    /// A recipient is not one. Its text is left out because people paste the secret half by mistake.
    #[error(
        "recipient {position} is not an age X25519 recipient: it must be the public half, age1…, that `age-keygen -y` \
         prints"
    )]
    Recipient {
        /// Position among the recipients, from 1.
        position: usize,
    },

    /// An identity file holds no age identity. Its content is left out because it is secret.
    #[error("line {line} of the identity file is not an age X25519 identity (AGE-SECRET-KEY-1…)")]
    Identity {
        /// Line, from 1.
        line: usize,
    },

    /// An identity file is empty.
    #[error("the identity file holds no age identity (a line AGE-SECRET-KEY-1…)")]
    NoIdentity,

    /// The key is encrypted and no identity was given.
    #[error("{} is encrypted: pass --identity FILE with the age identity that it was encrypted to", path.display())]
    IdentityNeeded {
        /// The encrypted file.
        path: PathBuf,
    },

    /// Decryption failed.
    #[error("{what} cannot be decrypted ({reason}): pass the identity whose recipient it was encrypted to")]
    Decrypt {
        /// What was to be decrypted.
        what: String,
        /// What age said.
        reason: String,
    },

    /// Encryption failed.
    #[error("a private key cannot be encrypted: {reason}")]
    Encrypt {
        /// What age said.
        reason: String,
    },

    /// Everyone may read a file that opens or is a private key.
    #[error("{} can be read by everyone (mode {mode:03o}): run `chmod 600` on it", path.display())]
    WorldReadable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },

    /// The trust domain of an authority is not known.
    #[error(
        "`{subject}` states no trust domain (spiffe://…), so meshc did not make it and cannot make its successor: make an \
         authority with `meshc ca init`"
    )]
    NoTrustDomain {
        /// Subject of the intermediate.
        subject: String,
    },

    /// The state of a rotation is not what it must be.
    #[error("{}: {reason}", path.display())]
    RotationState {
        /// The state's file.
        path: PathBuf,
        /// What is wrong, and the way out.
        reason: String,
    },

    /// A step of a rotation was asked for at another time than its own.
    #[error("{reason}")]
    RotationOrder {
        /// Which step is the next.
        reason: String,
    },

    /// Another process rotates the same authority.
    #[error("another `meshc ca rotate` is at work in {}: wait until it ends", dir.display())]
    RotationLocked {
        /// The folder of the authority.
        dir: PathBuf,
    },

    /// A file that is given as evidence is none.
    #[error("{} is no evidence: {reason}", path.display())]
    Evidence {
        /// The file.
        path: PathBuf,
        /// Why, and what it must be.
        reason: String,
    },

    /// An authority is there already.
    #[error("{} already holds an authority ({file}): choose another folder, or pass --force to replace it for good", dir.display())]
    Exists {
        /// The folder.
        dir: PathBuf,
        /// A file of the authority that was found.
        file: &'static str,
    },

    /// A file of the authority is missing.
    #[error("{} does not exist: make an authority with `meshc ca init`, or name its folder with --ca", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },

    /// The key is there in two forms.
    #[error("{} and {} both exist: delete the one that does not belong to the certificate", plain.display(), sealed.display())]
    TwoKeys {
        /// The plaintext key.
        plain: PathBuf,
        /// The encrypted key.
        sealed: PathBuf,
    },

    /// Writing would leave the output folder, or destroy what meshc did not write.
    #[error("{} is not written: {reason}", path.display())]
    UnsafePath {
        /// The path in question.
        path: PathBuf,
        /// Why it is unsafe, and the way out.
        reason: String,
    },

    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: `read`, `create`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl CaError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn certificate(error: impl std::fmt::Display) -> Self {
        Self::Certificate { reason: error.to_string() }
    }
}
