//! Reading back what the folder of a leaf holds, without opening any key.

use std::fs;
use std::path::Path;

use meshc_contract::{SecretRef, SpiffeId};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::store::{LEAF_CERTIFICATE, LEAF_KEY, ROOTS, SEALED_SECRET, SECRET, leaf_folder};
use crate::{CaError, StoredKeys, StoredLeaf};

#[derive(Deserialize)]
struct Manifest {
    metadata: SecretName,
    sops: Option<Sops>,
}

#[derive(Deserialize)]
struct SecretName {
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Sops {
    age: Vec<SopsAge>,
}

#[derive(Deserialize)]
struct SopsAge {
    recipient: String,
}

/// The leaf of an identity whose names were checked; `None` when a file of it is missing or is not what meshc writes.
pub(crate) fn read_leaf(dir: &Path, id: &SpiffeId) -> Result<Option<StoredLeaf>, CaError> {
    let folder = leaf_folder(dir, id);
    let (Some(chain), Some(roots)) = (read(&folder.join(LEAF_CERTIFICATE))?, read(&folder.join(ROOTS))?)
    else {
        return Ok(None);
    };
    let (plain, sealed) = (folder.join(LEAF_KEY.plain).exists(), folder.join(LEAF_KEY.sealed).exists());
    let manifest = match (plain, sealed) {
        (true, false) => read(&folder.join(SECRET))?,
        (false, true) => read(&folder.join(SEALED_SECRET))?,
        _ => None,
    };
    // The plaintext manifest holds the key.
    let manifest = manifest.map(Zeroizing::new);
    let manifest = manifest.and_then(|text| serde_saphyr::from_str(&text).ok());
    let Some(Manifest { metadata: SecretName { namespace, name }, sops }) = manifest else { return Ok(None) };
    let keys = match (plain, sops) {
        (true, None) => StoredKeys::Plaintext,
        (false, Some(Sops { age })) => {
            StoredKeys::Age(age.into_iter().map(|SopsAge { recipient }| recipient).collect())
        }
        _ => return Ok(None),
    };
    Ok(Some(StoredLeaf { chain, roots, secret: SecretRef { namespace, name }, keys }))
}

fn read(path: &Path) -> Result<Option<String>, CaError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => Ok(None),
        Err(error) => Err(CaError::io("read", path)(error)),
    }
}
