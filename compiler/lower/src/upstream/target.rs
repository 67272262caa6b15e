//! What one upstream is made for: a port of a service, or a subset of it.

use meshc_api::istio::Subset;
use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Origin};
use meshc_model::{ResolvedDestinationRule, Service, ServicePort};
use meshc_plan::UpstreamName;

use super::load_balancing;
use super::traffic_policy::EffectivePolicy;

/// What one upstream is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target<'a> {
    /// The service.
    pub(super) service: &'a Service,
    /// Its port.
    pub(super) port: &'a ServicePort,
    /// The DestinationRule that the proxy applies to the service.
    pub(super) rule: Option<&'a ResolvedDestinationRule>,
    /// The subset, if the upstream is one.
    pub(super) subset: Option<&'a Subset>,
    /// What it is for.
    pub(super) mode: TargetMode,
}

/// What an upstream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetMode {
    /// Traffic of the proxy.
    Default,
    /// Connections that an east-west gateway forwards by SNI.
    SniDnat,
}

impl<'a> Target<'a> {
    /// Name of the upstream.
    pub(super) fn name(&self) -> UpstreamName {
        let (port, subset, host) =
            (self.port.number, self.subset_name(), self.service.reference.host.clone());
        let subset = subset.map(str::to_owned);
        match self.mode {
            TargetMode::Default => UpstreamName::Outbound { port, subset, host },
            TargetMode::SniDnat => UpstreamName::SniDnat { port, subset, host },
        }
    }

    /// Name of the subset.
    pub(super) fn subset_name(&self) -> Option<&'a str> {
        self.subset.and_then(|subset| subset.name.as_deref())
    }

    /// SNI of Istio mTLS, by which east-west gateways route.
    pub(super) fn sni(&self) -> String {
        let subset = self.subset_name().unwrap_or_default();
        format!("outbound_.{}_.{subset}_.{}", self.port.number, self.service.reference.host)
    }

    /// The settings of the rule for the port and the subset.
    pub(super) fn policy(&self) -> EffectivePolicy<'a> {
        let Some(rule) = self.rule else { return EffectivePolicy::default() };
        let policy = EffectivePolicy::for_port(rule.spec.traffic_policy.as_ref(), self.port.number);
        match self.subset {
            Some(subset) => policy.with_subset(subset.traffic_policy.as_ref(), self.port.number),
            None => policy,
        }
    }

    /// Whether the rule asks for the dialled address. istiod looks at the top level only when it guesses whether a
    /// service takes mTLS: at that of the subset for a subset, at that of the rule otherwise.
    pub(super) fn asks_for_passthrough(&self) -> bool {
        let policy = match self.subset {
            Some(subset) => subset.traffic_policy.as_ref(),
            None => self.rule.and_then(|rule| rule.spec.traffic_policy.as_ref()),
        };
        load_balancing::is_passthrough(policy.and_then(|policy| policy.load_balancer.as_ref()))
    }

    /// Where the upstream comes from.
    pub(super) fn origin(&self) -> Origin {
        match (self.subset, self.rule) {
            (Some(_), Some(rule)) => rule.origin.clone(),
            _ => self.service.origin.clone(),
        }
    }

    /// The rule as an object.
    pub(super) fn rule_object(&self) -> Option<ObjectRef> {
        self.rule.map(|rule| rule.object.clone())
    }

    /// Places a finding at the rule.
    pub(super) fn about_rule(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        let Some(rule) = self.rule else { return finding };
        let finding = match &rule.origin {
            Origin::Declared { span, .. } => finding.at(*span, ""),
            Origin::Default { .. } => finding,
        };
        finding.about(rule.object.clone(), path)
    }

    /// Places a finding at the service.
    pub(super) fn about_service(&self, finding: Diagnostic, path: &str) -> Diagnostic {
        let finding = match &self.service.origin {
            Origin::Declared { span, .. } => finding.at(*span, ""),
            Origin::Default { .. } => finding,
        };
        finding.about(self.service.object.clone(), path)
    }
}
