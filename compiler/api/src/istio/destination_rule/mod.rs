//! DestinationRule: what happens to traffic once its service is chosen.

mod backend_utilization;
mod connection_pool;
mod consistent_hash;
mod http_pool;
mod load_balancer;
mod locality;
mod outlier_detection;
mod proxy_protocol;
mod retry_budget;
mod subset;
mod tls;
mod traffic_policy;
mod tunnel;
mod warmup;
mod zone_aware;

pub use backend_utilization::BackendUtilization;
pub use connection_pool::{ConnectionPoolSettings, TcpKeepalive, TcpSettings};
pub use consistent_hash::{ConsistentHashLb, HttpCookie, HttpCookieAttribute, Maglev, RingHash};
pub use http_pool::{H2UpgradePolicy, Http2KeepAlive, HttpSettings};
pub use load_balancer::{LoadBalancerSettings, SimpleLb};
pub use locality::{LocalityDistribute, LocalityFailover, LocalityLoadBalancerSetting};
pub use outlier_detection::OutlierDetection;
pub use proxy_protocol::{ProxyProtocol, ProxyProtocolVersion};
pub use retry_budget::RetryBudget;
pub use subset::Subset;
pub use tls::{ClientTlsMode, ClientTlsSettings};
pub use traffic_policy::{PortTrafficPolicy, TrafficPolicy};
pub use tunnel::TunnelSettings;
pub use warmup::WarmupConfiguration;
pub use zone_aware::ZoneAwareLoadBalancerSetting;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PolicySelector;
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Policies for the traffic to a host, and the named subsets of its endpoints. Each service and subset
/// becomes an Envoy cluster of its own.
///
/// Source: `networking.istio.io`, DestinationRule.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["host"]))]
pub struct DestinationRule {
    /// Host of the services that the rule is for: a full name, a short name completed with this object's
    /// namespace, or a wildcard.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Policy for every port and subset that does not state its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_policy: Option<TrafficPolicy>,
    /// Named parts of the service's endpoints, to which routes refer.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub subsets: Vec<Subset>,
    /// Namespaces whose proxies see the object: names, `.` for its own namespace, `*` for all. Default:
    /// `defaultDestinationRuleExportTo` of the mesh, which is `*` unless configured. With `workloadSelector`
    /// it always is `.`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub export_to: Vec<String>,
    /// Client workloads of this namespace that use the rule. Default: all that see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload_selector: Option<PolicySelector>,
}

impl Kind for DestinationRule {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "DestinationRule";
    const PLURAL: &'static str = "destinationrules";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::destination_rule::admit(object, report);
    }
}
