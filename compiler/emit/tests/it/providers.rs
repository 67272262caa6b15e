//! Key material that only an SDS server could hand out.

use std::sync::Arc;

use meshc_diagnostics::{Diagnostics, codes};
use meshc_emit::envoy::{EnvoyOptions, EnvoySets};
use meshc_emit::{Emitters, TargetChoice, emit};
use meshc_plan::CertificateSource;

use crate::plan::{everything, plan};

#[test]
fn key_material_of_a_provider_is_an_error_where_nobody_could_ask_for_it() {
    let mut made = plan([everything::gateway()]);
    for proxy in made.proxies.values_mut() {
        for listener in &mut proxy.listeners {
            for chain in &mut Arc::make_mut(listener).chains {
                let certificates = chain.tls.iter_mut().flat_map(|tls| &mut tls.certificates);
                certificates.for_each(|source| *source = CertificateSource::Named("sds://vault".into()));
            }
        }
    }
    let found = |sets: EnvoySets| {
        let mut findings = Diagnostics::new();
        let mut emitters = Emitters::new(&made, TargetChoice::default(), EnvoyOptions::default());
        let _ = emit(&made, sets, &mut emitters, &mut findings);
        let mut findings = findings.into_sorted();
        findings.retain(|finding| finding.code == &codes::CREDENTIAL_OUT_OF_REACH);
        findings
    };
    let [finding] = &found(EnvoySets { bootstrap: true, xds: false })[..] else { panic!("one finding") };
    assert!(finding.message.ends_with("name `sds://vault`, which no file holds"), "{}", finding.message);
    assert!(finding.help.as_ref().is_some_and(|help| help.contains("into a Secret")));
    assert!(
        found(EnvoySets { bootstrap: false, xds: true }).is_empty(),
        "a control plane may know the provider"
    );
}
