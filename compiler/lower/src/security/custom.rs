//! AuthorizationPolicies that ask an external provider (`action: CUSTOM`; translation-spec §7.5).

use meshc_api::Resource;
use meshc_api::istio::AuthorizationPolicy;
use meshc_diagnostics::{Diagnostic, Severity, codes};

/// Says that nobody asks the provider: requests that it would decide are denied.
pub(super) fn not_supported(policy: &Resource<AuthorizationPolicy>) -> Diagnostic {
    let provider = policy.spec.provider.as_ref().and_then(|provider| provider.name.as_deref());
    let message = format!(
        "AuthorizationPolicy action CUSTOM (provider `{}`) is not supported yet",
        provider.unwrap_or_default()
    );
    let mut finding = Diagnostic::new(&codes::NOT_SUPPORTED_YET, message)
        .at(policy.span("spec.action"), "")
        .consequence("every request that the policy would ask the provider about is denied with 403")
        .help("use DENY and ALLOW policies, or take the policy out of the tree")
        .about(policy.object_ref(), "spec.action")
        .contained();
    finding.severity = Severity::Error;
    finding
}
