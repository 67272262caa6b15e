//! Which settings of a DestinationRule apply to a port and a subset (translation-spec §3.9).

use meshc_api::istio::{
    ClientTlsSettings, ConnectionPoolSettings, LoadBalancerSettings, OutlierDetection, PortTrafficPolicy,
    ProxyProtocol, RetryBudget, TrafficPolicy,
};
use meshc_api::mesh_config::DefaultTrafficPolicy;

/// The settings that apply to one upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct EffectivePolicy<'a> {
    /// Connections and requests.
    pub(crate) connection_pool: Option<&'a ConnectionPoolSettings>,
    /// How an endpoint is picked.
    pub(crate) load_balancer: Option<&'a LoadBalancerSettings>,
    /// Ejection of endpoints.
    pub(crate) outlier_detection: Option<&'a OutlierDetection>,
    /// TLS.
    pub(crate) tls: Option<&'a ClientTlsSettings>,
    /// PROXY protocol.
    pub(crate) proxy_protocol: Option<&'a ProxyProtocol>,
    /// Limit of retries.
    pub(crate) retry_budget: Option<&'a RetryBudget>,
}

impl<'a> EffectivePolicy<'a> {
    /// The settings of a rule for a port. Settings of the port replace those of the rule as a whole, as Istio documents:
    /// what the port leaves out is a default, not the setting of the rule.
    pub(crate) fn for_port(policy: Option<&'a TrafficPolicy>, port: u16) -> Self {
        let Some(policy) = policy else { return Self::default() };
        match port_settings(policy, port) {
            Some(settings) => Self::of_port(settings),
            None => Self {
                connection_pool: policy.connection_pool.as_ref(),
                load_balancer: policy.load_balancer.as_ref(),
                outlier_detection: policy.outlier_detection.as_ref(),
                tls: policy.tls.as_ref(),
                proxy_protocol: policy.proxy_protocol.as_ref(),
                retry_budget: policy.retry_budget.as_ref(),
            },
        }
    }

    /// The settings of a subset over these: each block that the subset states replaces the block of the rule; settings
    /// of the port within the subset replace all blocks, stated or not.
    pub(crate) fn with_subset(self, policy: Option<&'a TrafficPolicy>, port: u16) -> Self {
        let Some(policy) = policy else { return self };
        let merged = Self {
            connection_pool: policy.connection_pool.as_ref().or(self.connection_pool),
            load_balancer: policy.load_balancer.as_ref().or(self.load_balancer),
            outlier_detection: policy.outlier_detection.as_ref().or(self.outlier_detection),
            tls: policy.tls.as_ref().or(self.tls),
            proxy_protocol: policy.proxy_protocol.as_ref().or(self.proxy_protocol),
            retry_budget: policy.retry_budget.as_ref().or(self.retry_budget),
        };
        match port_settings(policy, port) {
            Some(settings) => Self {
                proxy_protocol: merged.proxy_protocol,
                retry_budget: merged.retry_budget,
                ..Self::of_port(settings)
            },
            None => merged,
        }
    }

    /// Fills blocks that no rule states from `defaultTrafficPolicy` of the mesh.
    pub(crate) fn with_mesh_default(self, default: Option<&'a DefaultTrafficPolicy>) -> Self {
        Self {
            connection_pool: self.connection_pool.or(default.and_then(|d| d.connection_pool.as_ref())),
            outlier_detection: self.outlier_detection.or(default.and_then(|d| d.outlier_detection.as_ref())),
            ..self
        }
    }

    fn of_port(settings: &'a PortTrafficPolicy) -> Self {
        Self {
            connection_pool: settings.connection_pool.as_ref(),
            load_balancer: settings.load_balancer.as_ref(),
            outlier_detection: settings.outlier_detection.as_ref(),
            tls: settings.tls.as_ref(),
            proxy_protocol: None,
            retry_budget: None,
        }
    }
}

fn port_settings(policy: &TrafficPolicy, port: u16) -> Option<&PortTrafficPolicy> {
    policy
        .port_level_settings
        .iter()
        .find(|settings| settings.port.as_ref().and_then(|port| port.number) == Some(u32::from(port)))
}

#[cfg(test)]
mod tests {
    use meshc_api::istio::PortSelector;

    use super::*;

    fn pool() -> Option<ConnectionPoolSettings> {
        Some(ConnectionPoolSettings::default())
    }

    fn port(number: u32) -> PortTrafficPolicy {
        PortTrafficPolicy {
            port: Some(PortSelector { number: Some(number) }),
            outlier_detection: Some(OutlierDetection::default()),
            ..PortTrafficPolicy::default()
        }
    }

    #[test]
    fn settings_of_a_port_replace_those_of_the_rule_as_a_whole() {
        let policy = TrafficPolicy {
            connection_pool: pool(),
            retry_budget: Some(RetryBudget::default()),
            port_level_settings: vec![port(80)],
            ..TrafficPolicy::default()
        };
        let on_port = EffectivePolicy::for_port(Some(&policy), 80);
        assert!(on_port.connection_pool.is_none() && on_port.retry_budget.is_none());
        assert!(on_port.outlier_detection.is_some());
        let elsewhere = EffectivePolicy::for_port(Some(&policy), 81);
        assert!(elsewhere.connection_pool.is_some() && elsewhere.outlier_detection.is_none());
    }

    #[test]
    fn a_subset_replaces_single_blocks_and_its_port_all_of_them() {
        let rule = TrafficPolicy { connection_pool: pool(), ..TrafficPolicy::default() };
        let subset = TrafficPolicy {
            tls: Some(ClientTlsSettings::default()),
            port_level_settings: vec![port(81)],
            ..TrafficPolicy::default()
        };
        let base = EffectivePolicy::for_port(Some(&rule), 80);
        let merged = base.with_subset(Some(&subset), 80);
        assert!(merged.connection_pool.is_some() && merged.tls.is_some());
        let on_port = base.with_subset(Some(&subset), 81);
        assert!(on_port.connection_pool.is_none() && on_port.tls.is_none());
    }

    #[test]
    fn the_mesh_fills_what_nobody_states() {
        let default = DefaultTrafficPolicy { connection_pool: pool(), outlier_detection: None };
        let policy = EffectivePolicy::default().with_mesh_default(Some(&default));
        assert!(policy.connection_pool.is_some() && policy.outlier_detection.is_none());
    }
}
