//! Pods of one name of which some take Istio mTLS and some do not.

use std::collections::BTreeSet;

use meshc_api::istio::ClientTlsSettings;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::{EndpointFact, MtlsMode};

use super::workload_name;
use crate::context::ProxyContext;
use crate::upstream::endpoints;
use crate::upstream::target::Target;

/// Whether connections to the pods use Istio mTLS. One name has one answer: where pods differ, they get plain text, which
/// both kinds take, unless the proxies among them insist on mTLS.
pub(super) fn mtls(
    cx: &ProxyContext<'_>,
    target: &Target<'_>,
    pods: &[&EndpointFact],
    tls: Option<&ClientTlsSettings>,
    diags: &mut Diagnostics,
) -> bool {
    let (with, without): (Vec<&EndpointFact>, Vec<&EndpointFact>) =
        pods.iter().partition(|fact| endpoints::takes_mtls(cx, target, fact, tls));
    if with.is_empty() || without.is_empty() {
        return !with.is_empty();
    }
    let strict = with.iter().any(|fact| endpoints::accepted(cx, target, fact) == Some(MtlsMode::Strict));
    let list = |facts: &[&EndpointFact]| {
        let names: BTreeSet<String> = facts.iter().map(|fact| workload_name(fact)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let message = format!(
        "{} selects pods that take mTLS ({}) and pods that do not ({})",
        target.service.object,
        list(&with),
        list(&without)
    );
    let consequence = if strict {
        "proxies use mTLS, since some of the pods insist on it; connections to the others fail"
    } else {
        "proxies send plain text to all of them, as DNS does not tell the pods apart"
    };
    let finding = Diagnostic::new(&codes::MIXED_MTLS, message)
        .consequence(consequence)
        .help("inject a proxy into all workloads of the service, or give those without a proxy a Service or subset of their own");
    diags.push(target.about_service(finding, "spec.selector"));
    strict
}
