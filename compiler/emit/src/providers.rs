//! Key material that only a provider could hand out, such as `credentialName: sds://vault`: istiod lets proxies ask an SDS server
//! for it, and what is compiled has files only.

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_plan::ProxyPlan;

use crate::target::Emitted;

/// Reports it for an Envoy that is configured by files. The bundled proxy reports what it lacks itself.
pub(crate) fn report(proxy: &ProxyPlan, emitted: &Emitted, diagnostics: &mut Diagnostics) {
    let Emitted::Envoy(emitted) = emitted else { return };
    for name in emitted.providers() {
        let message =
            format!("TLS settings of the proxy of {} name `{name}`, which no file holds", proxy.workload);
        let finding = Diagnostic::new(&codes::CREDENTIAL_OUT_OF_REACH, message)
            .consequence("Envoy refuses the configuration, since the certificate has no key material")
            .help(
                "let the provider write what it hands out into a Secret and name that as `credentialName`, or into files of the pod and \
                 name those (`serverCertificate`, `privateKey`, `caCertificates`)",
            );
        diagnostics.push(finding.at_origin(&proxy.origin, "of this workload"));
    }
}
