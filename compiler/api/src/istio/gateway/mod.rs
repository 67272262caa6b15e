//! Gateway: what a proxy at the edge of the mesh listens on.

mod server;
mod server_tls;

pub use server::{Port, Server};
pub use server_tls::{ServerTlsMode, ServerTlsSettings, TlsCertificate, TlsProtocol};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Servers that certain gateway proxies run. Routes come from VirtualServices that name the object.
///
/// Source: `networking.istio.io`, Gateway.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Gateway {
    /// What is listened on.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// Labels of the pods that run the servers, in all namespaces unless istiod is told to stay in the
    /// object's own.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
}

impl Kind for Gateway {
    const GROUP: &'static str = "networking.istio.io";
    const KIND: &'static str = "Gateway";
    const PLURAL: &'static str = "gateways";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1", "v1alpha3"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::gateway::admit(object, report);
    }
}
