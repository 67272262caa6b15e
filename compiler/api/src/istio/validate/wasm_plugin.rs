//! What the webhook refuses of a WasmPlugin.

use std::collections::BTreeSet;

use super::{metadata, selectors, url};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{EnvValueSource, TrafficSelector, VmConfig, WasmEnvVar, WasmPlugin};

/// All rules about a WasmPlugin.
pub(in crate::istio) fn admit(object: &Resource<WasmPlugin>, report: &mut Report) {
    let at = At::SPEC;
    let spec = &object.spec;
    metadata::check(object, report);
    selectors::policy_or_targets(
        &at,
        spec.selector.as_ref(),
        spec.target_ref.as_ref(),
        &spec.target_refs,
        report,
    );
    let module = Module {
        url: spec.url.as_deref(),
        sha256: spec.sha256.as_deref(),
        image_pull_secret: spec.image_pull_secret.as_deref(),
        plugin_name: spec.plugin_name.as_deref(),
        vm_config: spec.vm_config.as_ref(),
    };
    self::module(&at, module, report);
    traffic(&at, &spec.r#match, report);
}

/// What WasmPlugin and TrafficExtension say about a module alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Module<'m> {
    pub(super) url: Option<&'m str>,
    pub(super) sha256: Option<&'m str>,
    pub(super) image_pull_secret: Option<&'m str>,
    pub(super) plugin_name: Option<&'m str>,
    pub(super) vm_config: Option<&'m VmConfig>,
}

/// A module that can be found, with its hash and environment.
pub(super) fn module(at: &At<'_>, module: Module<'_>, report: &mut Report) {
    match module.url.unwrap_or_default() {
        "" => report.refuse(at, "a `url` is required"),
        text => report.check(&at.field("url"), url::module(text)),
    }
    let hash = module.sha256.unwrap_or_default();
    let hexadecimal = hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if !hash.is_empty() && (hash.len() != 64 || !hexadecimal) {
        report.refuse(&at.field("sha256"), "a SHA-256 is 64 digits and letters `a` to `f`");
    }
    let lengths =
        [("imagePullSecret", module.image_pull_secret, 253), ("pluginName", module.plugin_name, 256)];
    for (field, text, most) in lengths {
        if text.unwrap_or_default().len() > most {
            report.refuse(&at.field(field), format!("`{field}` has at most {most} characters"));
        }
    }
    if let Some(VmConfig { env }) = module.vm_config {
        environment(&at.field("vmConfig"), env, report);
    }
}

fn environment(at: &At<'_>, variables: &[WasmEnvVar], report: &mut Report) {
    let mut seen = BTreeSet::new();
    for (index, WasmEnvVar { name, value_from, value }) in variables.iter().enumerate() {
        let at = at.item("env", index);
        let name = name.as_deref().unwrap_or_default();
        if name.is_empty() {
            report.refuse(&at, "a variable needs a `name`");
        } else if name.len() > 256 {
            report.refuse(&at.field("name"), "the name of a variable has at most 256 characters");
        } else if !seen.insert(name) {
            report.refuse(&at.field("name"), format!("the variable `{name}` stands twice"));
        }
        let value = value.as_deref().unwrap_or_default();
        if value.len() > 2048 {
            report.refuse(&at.field("value"), "the value of a variable has at most 2048 characters");
        }
        if *value_from == Some(EnvValueSource::Host) && !value.is_empty() {
            report.refuse(&at.field("value"), "a variable of the proxy (`HOST`) has no value of its own");
        }
    }
}

/// Ports that can be.
pub(super) fn traffic(at: &At<'_>, selectors: &[TrafficSelector], report: &mut Report) {
    for (index, selector) in selectors.iter().enumerate() {
        let at = at.item("match", index);
        for (index, port) in selector.ports.iter().enumerate() {
            super::ports::number(&at.item("ports", index), port.number, report);
        }
    }
}
