//! AuthorizationPolicy: who may do what to a workload.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{PolicySelector, PolicyTargetReference};
use crate::admission::Report;
use crate::istio::validate;
use crate::null_default::null_default;
use crate::{Kind, Resource};

/// Rules about requests to workloads. Envoy decides in the order CUSTOM, DENY, ALLOW: a matching DENY
/// refuses, and where there is any ALLOW object, one of its rules has to match. Refused HTTP requests get
/// 403, refused connections are closed.
///
/// Source: `security.istio.io`, AuthorizationPolicy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationPolicy {
    /// Workloads of the namespace that the object is for. Default: all; in the root namespace, the whole
    /// mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<PolicySelector>,
    /// One object that the policy is attached to; superseded by `targetRefs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_ref: Option<PolicyTargetReference>,
    /// Objects that the policy is attached to. Not together with `selector`.
    #[schemars(length(max = 16))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub target_refs: Vec<PolicyTargetReference>,
    /// Alternatives of which one has to match. Empty never matches: ALLOW without rules refuses everything.
    #[schemars(length(max = 512))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What a match means. Default: `ALLOW`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<AuthorizationAction>,
    /// Who decides, for `CUSTOM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<AuthorizationProvider>,
}

impl Kind for AuthorizationPolicy {
    const GROUP: &'static str = "security.istio.io";
    const KIND: &'static str = "AuthorizationPolicy";
    const PLURAL: &'static str = "authorizationpolicies";
    const VERSIONS: &'static [&'static str] = &["v1", "v1beta1"];
    const NAMESPACED: bool = true;

    fn admit(object: &Resource<Self>, report: &mut Report) {
        validate::authorization_policy::admit(object, report);
    }
}

/// What a matching rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
pub enum AuthorizationAction {
    /// The request may pass.
    #[serde(rename = "ALLOW")]
    Allow,
    /// The request is refused.
    #[serde(rename = "DENY")]
    Deny,
    /// The request is marked for audit and goes on.
    #[serde(rename = "AUDIT")]
    Audit,
    /// An external service decides.
    #[serde(rename = "CUSTOM")]
    Custom,
}

/// The external service that decides.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorizationProvider {
    /// Name of an entry of `extensionProviders` of the mesh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A rule: one of `from` and one of `to` and all of `when` have to match. An empty part matches everything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Rule {
    /// Alternatives for the client.
    #[schemars(length(max = 512))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<RuleFrom>,
    /// Alternatives for the request.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<RuleTo>,
    /// Conditions that all have to hold.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
}

/// One alternative for the client.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleFrom {
    /// Properties of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// One alternative for the request.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleTo {
    /// Properties of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
}

/// Properties of a client: all fields that are not empty have to match, each with one of its values. Values
/// are exact, `prefix*`, `*suffix` or `*` for presence unless stated otherwise; the fields with `not` must
/// not match.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// Identities from the client's certificate, without `spiffe://`: `cluster.local/ns/default/sa/name`.
    /// Needs mutual TLS.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<String>,
    /// Identities that the client must not have.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_principals: Vec<String>,
    /// Identities from the token, as `issuer/subject`. Needs a RequestAuthentication.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub request_principals: Vec<String>,
    /// Identities that the token must not have.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_request_principals: Vec<String>,
    /// Namespaces of the client, from its certificate.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Namespaces that the client must not be in.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_namespaces: Vec<String>,
    /// Addresses or CIDR blocks of the connection's peer.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ip_blocks: Vec<String>,
    /// Addresses that the peer must not have.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_ip_blocks: Vec<String>,
    /// Addresses or CIDR blocks of the original client, which gateways take from `X-Forwarded-For` or the
    /// PROXY protocol.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub remote_ip_blocks: Vec<String>,
    /// Addresses that the original client must not have.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_remote_ip_blocks: Vec<String>,
    /// Service accounts of the client as `namespace/name`, or `name` in the policy's namespace; exact only.
    /// Not together with `principals` and `namespaces`.
    #[schemars(length(max = 16), inner(length(max = 320)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub service_accounts: Vec<String>,
    /// Service accounts that the client must not have.
    #[schemars(length(max = 16), inner(length(max = 320)))]
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_service_accounts: Vec<String>,
    /// Trust domains of the client, from its certificate.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub trust_domains: Vec<String>,
    /// Trust domains that the client must not be of.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_trust_domains: Vec<String>,
}

/// Properties of a request: all fields that are not empty have to match, each with one of its values. All but
/// `ports` need HTTP. Values are exact, `prefix*`, `*suffix` or `*` for presence; the fields with `not` must
/// not match.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    /// Hosts, without regard to case.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Hosts that must not match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_hosts: Vec<String>,
    /// Port numbers of the workload.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<String>,
    /// Port numbers that must not match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_ports: Vec<String>,
    /// Methods; for gRPC always `POST`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Methods that must not match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_methods: Vec<String>,
    /// Paths, also with `{*}` for one segment and `{**}` for any number; for gRPC `/package.Service/Method`.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Paths that must not match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_paths: Vec<String>,
}

/// A condition on an attribute.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("required" = ["key"]))]
pub struct Condition {
    /// Attribute, as `request.headers[name]`, `source.ip`, `source.namespace`, `destination.port`,
    /// `connection.sni` or `request.auth.claims[name]`.
    #[schemars(required)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Values of which one has to match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Values of which none may match.
    #[serde(deserialize_with = "null_default", skip_serializing_if = "Vec::is_empty")]
    pub not_values: Vec<String>,
}
