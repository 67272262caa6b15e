//! Folders of access logs: the root of a proxy's file system is read-only, and Envoy does not start where it cannot open a log.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use serde_json::{Value, json};

use super::at_origin;
use super::credentials::Mounted;
use super::inject::Context;

/// Folders that every container has.
const GIVEN: [&str; 2] = ["/dev", "/proc"];

/// Mounts an empty volume for each folder of a log that no stated volume covers.
pub(super) fn mount(context: &Context<'_>, mounted: &mut Mounted, diagnostics: &mut Diagnostics) {
    let mut folders = BTreeSet::new();
    for path in &context.proxy.bootstrap.log_files {
        match folder(path) {
            Some(folder) if GIVEN.iter().any(|given| is_within(folder, given)) => {}
            Some(folder) if stated(context).any(|stated| is_within(folder, stated)) => {}
            Some(folder) => {
                folders.insert(folder);
            }
            None => diagnostics.push(without_folder(context, path)),
        }
    }
    for (index, folder) in folders.into_iter().enumerate() {
        let name = format!("meshc-logs-{index}");
        mounted.volumes.push(json!({"name": name, "emptyDir": {}}));
        mounted.mounts.push(json!({"name": name, "mountPath": folder}));
    }
}

/// The folder of a file, unless it is the root or depends on where the process starts.
fn folder(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    (folder.starts_with('/') && !name.is_empty()).then_some(folder)
}

fn is_within(folder: &str, outer: &str) -> bool {
    folder
        .strip_prefix(outer.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where people mount volumes of their own (`sidecar.istio.io/userVolumeMount`).
fn stated<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a str> {
    let mounts = context.injection.container.volume_mounts.values();
    mounts.filter_map(|mount| mount.get("mountPath").and_then(Value::as_str))
}

fn without_folder(context: &Context<'_>, path: &str) -> Diagnostic {
    let message = format!(
        "the proxy of {} is to log to `{path}`, which is in no folder that a volume can be mounted at",
        context.manifest.object
    );
    let finding = Diagnostic::new(&codes::UNUSABLE_SETTING, message)
        .consequence("the file cannot be opened, and the proxy does not start")
        .help("log to `/dev/stdout`, or to a file in a folder of its own");
    at_origin(finding, &context.manifest.origin)
}
