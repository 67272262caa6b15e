//! Volumes of the proxy: its configuration, its identity, and the Secrets and ConfigMaps that TLS settings name.

use std::collections::{BTreeMap, BTreeSet};

use meshc_contract::{ObjectRef, SecretRef};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use serde_json::{Value, json};

use super::inject::Context;
use super::{at_origin, name};
use crate::envoy::{CONFIG_DIRECTORY, CREDENTIALS_DIRECTORY, CredentialMount, IDENTITY_DIRECTORY};
use crate::{identities, providers};

/// The volume with the certificate, the key and the roots of the workload.
const IDENTITY_VOLUME: &str = "meshc-certs";

/// Files of a credential, with the key that Istio also accepts for each in a Secret.
const FILES: [(&str, &str); 3] = [("ca.crt", "cacert"), ("tls.crt", "cert"), ("tls.key", "key")];

/// End of the name of a Secret that holds the roots of another one.
const ROOTS: &str = "-cacert";

/// Volumes and how the proxy mounts them, in the same order.
pub(super) struct Mounted {
    pub(super) volumes: Vec<Value>,
    pub(super) mounts: Vec<Value>,
}

impl Mounted {
    fn add(&mut self, volume: Value, directory: &str) {
        let mount = json!({"name": volume["name"], "mountPath": directory, "readOnly": true});
        self.volumes.push(volume);
        self.mounts.push(mount);
    }
}

/// Everything that the proxy of a workload mounts.
pub(super) fn mounted(context: &Context<'_>, diagnostics: &mut Diagnostics) -> Mounted {
    providers::report(context.proxy, context.emitted, diagnostics);
    let mut mounted = Mounted { volumes: Vec::new(), mounts: Vec::new() };
    mounted.add(context.config.volume(), CONFIG_DIRECTORY);
    if context.emitted.uses_identity() {
        let SecretRef { namespace: _, name } = identities::secret(&context.proxy.identity);
        // Without the Secret the pod waits for it, which is better than a proxy without an identity.
        let volume = json!({"name": IDENTITY_VOLUME, "secret": {"secretName": name, "optional": false}});
        mounted.add(volume, IDENTITY_DIRECTORY);
    }
    // A Secret may be both a certificate and its roots; it is mounted once.
    let mut by_directory: BTreeMap<String, BTreeSet<CredentialMount>> = BTreeMap::new();
    for mount in context.emitted.mounts() {
        by_directory.entry(mount.directory()).or_default().insert(mount);
    }
    for (directory, mounts) in by_directory {
        match source(context, &mounts) {
            Ok(source) => {
                let short = directory.strip_prefix(CREDENTIALS_DIRECTORY).unwrap_or(&directory);
                let mut volume = source;
                volume["name"] = name::dns_label(&format!("credential-{}", short.trim_matches('/'))).into();
                mounted.add(volume, &directory);
            }
            Err(object) => diagnostics.push(out_of_reach(context, &object)),
        }
    }
    mounted
}

/// The volume that has the files of these mounts, which share a folder.
fn source(context: &Context<'_>, mounts: &BTreeSet<CredentialMount>) -> Result<Value, String> {
    let own_namespace = context.proxy.workload.namespace.as_str();
    let mut secret: Option<&str> = None;
    for mount in mounts {
        match mount {
            CredentialMount::Certificate { name } | CredentialMount::Trust { name } => secret = Some(name),
            CredentialMount::ConfigMap { namespace, name } if namespace == own_namespace => {
                return Ok(json!({"configMap": with_items(context, "ConfigMap", "name", name)}));
            }
            CredentialMount::ConfigMap { namespace, name } => {
                return Err(format!("ConfigMap {namespace}/{name}"));
            }
        }
    }
    let stated = secret.unwrap_or_default();
    let name = match stated.split_once('/') {
        None => stated,
        Some((namespace, name)) if namespace == own_namespace => name,
        Some(_) => return Err(format!("Secret {stated}")),
    };
    let only_roots = mounts.iter().all(|mount| matches!(mount, CredentialMount::Trust { .. }));
    let name = match name.strip_suffix(ROOTS) {
        Some(whole) if only_roots && object(context, "Secret", name).is_none() => whole,
        _ => name,
    };
    Ok(json!({"secret": with_items(context, "Secret", "secretName", name)}))
}

/// The reference to a Secret or ConfigMap. Its keys are mapped where the tree has it and it does not use the usual ones. One that
/// is absent must not keep a gateway from serving with the others.
fn with_items(context: &Context<'_>, kind: &str, field: &str, name: &str) -> Value {
    let mut source = json!({field: name, "optional": true});
    if let Some(object) = object(context, kind, name) {
        let has = |key: &str| {
            ["data", "stringData"]
                .iter()
                .any(|part| object.get(*part).is_some_and(|data| data.get(key).is_some()))
        };
        let keys = FILES.iter().filter_map(|(file, other)| {
            let key = [file, other].into_iter().find(|key| has(key))?;
            Some((*file, *key))
        });
        let keys: Vec<(&str, &str)> = keys.collect();
        if keys.iter().any(|(file, key)| file != key) {
            source["items"] = keys.iter().map(|(file, key)| json!({"key": key, "path": file})).collect();
        }
    }
    source
}

/// An object of the tree in the namespace of the workload.
fn object<'a>(context: &Context<'a>, kind: &str, name: &str) -> Option<&'a Value> {
    let wanted = ObjectRef {
        group: String::new(),
        kind: kind.to_owned(),
        namespace: context.proxy.workload.namespace.clone(),
        name: name.to_owned(),
    };
    let objects = &context.manifests.objects;
    let found = objects.binary_search_by(|manifest| manifest.object.cmp(&wanted)).ok()?;
    objects.get(found).map(|manifest| &manifest.value)
}

fn out_of_reach(context: &Context<'_>, object: &str) -> Diagnostic {
    let workload = &context.manifest.object;
    let message =
        format!("TLS settings of the proxy of {workload} need {object}, which its pods cannot mount");
    let finding = Diagnostic::new(&codes::CREDENTIAL_OUT_OF_REACH, message)
        .consequence("the proxy has no key material for these settings; connections that need it fail")
        .help(format!("put a copy into the namespace `{}` and name that", context.proxy.workload.namespace));
    at_origin(finding, &context.manifest.origin)
}
