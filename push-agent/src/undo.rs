//! The undo record: what was there before a run, kept in the cluster until the run has ended well.
//!
//! It is written before the first object is changed, so that a run that is killed leaves behind what a rollback needs. A later run
//! adds what it is about to change itself and keeps the older entries: the last state that was seen to work is the one to go back
//! to. It lies in Secrets, because it may hold parts of Secrets, compressed and in several pieces, because one holds 1 MiB at most.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use meshc_contract::ObjectRef;
use meshc_contract::metadata::UNDO_LABEL;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apply;
use crate::apply_set::ApplySet;
use crate::bundle::LARGEST_RELEASE;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::fields;
use crate::plan::{Change, Plan, builtin};
use crate::verify::sha256;

/// Bytes of one piece. A Secret holds 1 MiB.
const PIECE: usize = 900_000;
/// Most pieces of a record.
const MOST_PIECES: usize = 128;

/// What was there before a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) entries: Vec<Entry>,
}

/// One object before a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) object: ObjectRef,
    /// Version of its API group.
    pub(crate) version: String,
    /// What we had applied of it; none if there was no such object.
    pub(crate) before: Option<Value>,
}

/// A record in the cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) undo: Undo,
    /// Counts up with every record, so that the newest is known while two are there.
    sequence: u64,
}

impl Undo {
    /// Adds what a plan is about to change, unless an earlier run that did not end changed it already.
    pub(crate) fn extended(mut self, plan: &Plan<'_>, manager: &str) -> Self {
        let known: BTreeSet<ObjectRef> = self.entries.iter().map(|entry| entry.object.clone()).collect();
        for planned in plan.objects.iter().filter(|planned| !known.contains(&planned.item.object)) {
            let before = match &planned.change {
                Change::Unchanged => continue,
                Change::Create | Change::Deferred { .. } => None,
                Change::Update { before, .. } if planned.forced.is_empty() => {
                    Some(fields::applied(before, manager))
                }
                Change::Update { before, after } => Some(fields::applied_or_taken(before, after, manager)),
            };
            let (object, version) = (planned.item.object.clone(), planned.item.version.clone());
            self.entries.push(Entry { object, version, before });
        }
        self
    }
}

/// The record of a run that did not end; none after one that did.
pub(crate) async fn load(cluster: &Cluster, set: &ApplySet) -> Result<Option<Stored>, Error> {
    let mut records: BTreeMap<u64, Vec<Piece>> = BTreeMap::new();
    for secret in secrets(cluster, set).await? {
        if let Some(piece) = Piece::read(&secret) {
            records.entry(piece.sequence).or_default().push(piece);
        }
    }
    // One that was not written to its end was never relied on.
    for (sequence, pieces) in records.into_iter().rev() {
        if let Some(undo) = join(pieces) {
            return Ok(Some(Stored { undo, sequence }));
        }
    }
    Ok(None)
}

/// Writes a record that takes the place of an older one. The older one goes once the new one is there.
pub(crate) async fn save(
    cluster: &Cluster,
    set: &ApplySet,
    undo: Undo,
    older: Option<&Stored>,
) -> Result<Stored, Error> {
    let sequence = older.map_or(1, |stored| stored.sequence + 1);
    let kind = builtin(cluster, "Secret").await?;
    for piece in split(&undo, sequence)? {
        let (object, value) = piece.write(set);
        apply::write(cluster, &kind, &object, &value, true).await?;
    }
    remove(cluster, set, |piece| piece.sequence != sequence).await?;
    Ok(Stored { undo, sequence })
}

/// Removes every record.
pub(crate) async fn forget(cluster: &Cluster, set: &ApplySet) -> Result<(), Error> {
    remove(cluster, set, |_| true).await
}

async fn remove(cluster: &Cluster, set: &ApplySet, which: impl Fn(&Piece) -> bool) -> Result<(), Error> {
    let kind = builtin(cluster, "Secret").await?;
    for secret in secrets(cluster, set).await? {
        if Piece::read(&secret).is_none_or(|piece| which(&piece)) {
            cluster.delete(&kind, &secret).await?;
        }
    }
    Ok(())
}

async fn secrets(cluster: &Cluster, set: &ApplySet) -> Result<Vec<Value>, Error> {
    let kind = builtin(cluster, "Secret").await?;
    cluster.list(&kind, &set.namespace, &format!("{UNDO_LABEL}={}", set.id)).await
}

/// A part of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    sequence: u64,
    index: usize,
    /// How many there are.
    count: usize,
    /// Digest of the whole.
    digest: String,
    content: Vec<u8>,
}

impl Piece {
    fn write(&self, set: &ApplySet) -> (ObjectRef, Value) {
        let Self { sequence, index, count, digest, content } = self;
        let object = ObjectRef {
            group: String::new(),
            kind: "Secret".to_owned(),
            namespace: set.namespace.clone(),
            name: format!("{}-undo-{sequence}-{index}", set.name),
        };
        let value = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": object.name,
                "namespace": object.namespace,
                "labels": {UNDO_LABEL: set.id, "app.kubernetes.io/managed-by": "meshc-agent"},
            },
            "data": {
                "sequence": STANDARD.encode(sequence.to_string()),
                "index": STANDARD.encode(index.to_string()),
                "count": STANDARD.encode(count.to_string()),
                "digest": STANDARD.encode(digest),
                "content": STANDARD.encode(content),
            },
        });
        (object, value)
    }

    fn read(secret: &Value) -> Option<Self> {
        let data = secret.get("data")?;
        let bytes = |key: &str| STANDARD.decode(data.get(key)?.as_str()?).ok();
        let text = |key: &str| String::from_utf8(bytes(key)?).ok();
        Some(Self {
            sequence: text("sequence")?.parse().ok()?,
            index: text("index")?.parse().ok()?,
            count: text("count")?.parse().ok()?,
            digest: text("digest")?,
            content: bytes("content")?,
        })
    }
}

fn split(undo: &Undo, sequence: u64) -> Result<Vec<Piece>, Error> {
    let failure =
        |error: &dyn std::fmt::Display| Error::Failed(format!("cannot keep what was there: {error}"));
    let json = serde_json::to_vec(undo).map_err(|error| failure(&error))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder.write_all(&json).and_then(|()| encoder.finish()).map_err(|error| failure(&error))?;
    let digest = sha256(&packed);
    let chunks: Vec<&[u8]> = packed.chunks(PIECE).collect();
    if chunks.len() > MOST_PIECES {
        return Err(Error::Refused(format!(
            "nothing was changed, because what would have to be kept for a rollback has {} bytes; deliver in smaller steps, or \
             with --no-rollback",
            packed.len()
        )));
    }
    let piece = |(index, chunk): (usize, &&[u8])| Piece {
        sequence,
        index,
        count: chunks.len(),
        digest: digest.clone(),
        content: chunk.to_vec(),
    };
    Ok(chunks.iter().enumerate().map(piece).collect())
}

/// The record that pieces make; none if one is missing.
fn join(mut pieces: Vec<Piece>) -> Option<Undo> {
    pieces.sort_by_key(|piece| piece.index);
    let (count, digest) = pieces.first().map(|piece| (piece.count, piece.digest.clone()))?;
    let packed: Vec<u8> = pieces.iter().flat_map(|piece| piece.content.iter().copied()).collect();
    if pieces.len() != count || sha256(&packed) != digest {
        return None;
    }
    let mut json = Vec::new();
    GzDecoder::new(packed.as_slice()).take(LARGEST_RELEASE * 2).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use meshc_contract::ObjectRef;
    use serde_json::json;

    use super::{Entry, Piece, Undo, join, split};
    use crate::apply_set::ApplySet;

    /// A record of a size that compression does not take away.
    fn undo(bytes: usize) -> Undo {
        let mut state = 1u64;
        let noise: String = (0..bytes)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(33 + u8::try_from((state >> 33) % 90).unwrap())
            })
            .collect();
        let object = ObjectRef {
            group: String::new(),
            kind: "ConfigMap".into(),
            namespace: "a".into(),
            name: "b".into(),
        };
        Undo {
            entries: vec![
                Entry { object: object.clone(), version: "v1".into(), before: Some(json!({"data": noise})) },
                Entry { object, version: "v1".into(), before: None },
            ],
        }
    }

    #[test]
    fn a_record_survives_secrets_in_any_order() {
        let set = ApplySet::new("meshc-one".into(), "a".into());
        let undo = undo(3_000_000);
        let pieces = split(&undo, 7).unwrap();
        assert!(pieces.len() > 2);
        let mut read: Vec<Piece> =
            pieces.iter().map(|piece| Piece::read(&piece.write(&set).1).unwrap()).collect();
        assert_eq!(read, pieces);
        read.reverse();
        assert_eq!(join(read), Some(undo));
    }

    #[test]
    fn a_record_with_a_missing_piece_is_none() {
        let mut pieces = split(&undo(2_000_000), 1).unwrap();
        pieces.pop();
        assert_eq!(join(pieces), None);
        assert_eq!(join(Vec::new()), None);
        let mut changed = split(&undo(10), 1).unwrap();
        changed[0].content[20] ^= 1;
        assert_eq!(join(changed), None);
    }
}
