//! What the webhook refuses of a TrafficExtension.

use super::wasm_plugin::{self, Module};
use super::{metadata, selectors};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{LuaConfig, TrafficExtension, WasmConfig};

/// Longest script, in bytes.
const LONGEST_SCRIPT: usize = 64 * 1024;

/// All rules about a TrafficExtension.
pub(in crate::istio) fn admit(object: &Resource<TrafficExtension>, report: &mut Report) {
    let at = At::SPEC;
    let TrafficExtension { selector, target_refs, phase: _, priority: _, r#match, wasm, lua } = &object.spec;
    metadata::check(object, report);
    selectors::policy_or_targets(&at, selector.as_ref(), None, target_refs, report);
    if wasm.is_some() == lua.is_some() {
        report.refuse(&at, "exactly one of `wasm` and `lua` must be set");
    }
    if let Some(LuaConfig { inline_code }) = lua {
        let at = at.field("lua");
        let code = inline_code.as_deref().unwrap_or_default();
        if code.is_empty() {
            report.refuse(&at, "an `inlineCode` is required");
        } else if code.len() > LONGEST_SCRIPT {
            report.refuse(&at.field("inlineCode"), format!("a script has at most {LONGEST_SCRIPT} bytes"));
        }
    }
    if let Some(wasm) = wasm {
        self::wasm(&at.field("wasm"), wasm, report);
    }
    wasm_plugin::traffic(&at, r#match, report);
}

fn wasm(at: &At<'_>, wasm: &WasmConfig, report: &mut Report) {
    let module = Module {
        url: wasm.url.as_deref(),
        sha256: wasm.sha256.as_deref(),
        image_pull_secret: wasm.image_pull_secret.as_deref(),
        plugin_name: wasm.plugin_name.as_deref(),
        vm_config: wasm.vm_config.as_ref(),
    };
    wasm_plugin::module(at, module, report);
}
