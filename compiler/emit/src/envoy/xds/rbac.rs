//! `envoy.config.rbac.v3`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CidrRange, Extension, HeaderMatcher, MetadataMatcher, PathMatcher, StringMatcher};

message! {
    /// `RBAC`.
    Rbac {
        action: Option<RbacAction>,
        policies: BTreeMap<String, Policy>,
    }
}

/// `RBAC.Action` but its default, `ALLOW`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum RbacAction {
    /// A match is refused.
    Deny,
    /// A match is only marked.
    Log,
}

message! {
    /// `Policy`.
    Policy {
        permissions: Vec<Permission>,
        principals: Vec<Principal>,
    }
}

/// `Permission`: one member of the oneof `rule`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Permission {
    /// All of these.
    AndRules(PermissionSet),
    /// One of these.
    OrRules(PermissionSet),
    /// Anything; always `true`.
    Any(bool),
    /// A header.
    Header(HeaderMatcher),
    /// The path without the query.
    UrlPath(PathMatcher),
    /// Destination network.
    DestinationIp(CidrRange),
    /// Destination port.
    DestinationPort(u32),
    /// Metadata of a filter.
    Metadata(MetadataMatcher),
    /// Not this.
    NotRule(Box<Permission>),
    /// SNI.
    RequestedServerName(StringMatcher),
    /// The path, as a template.
    UriTemplate(Extension),
}

message! {
    /// `Permission.Set`.
    PermissionSet {
        rules: Vec<Permission>,
    }
}

/// `Principal`: one member of the oneof `identifier`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Principal {
    /// All of these.
    AndIds(PrincipalSet),
    /// One of these.
    OrIds(PrincipalSet),
    /// Anybody; always `true`.
    Any(bool),
    /// The certificate of the client.
    Authenticated(Authenticated),
    /// The address of the connection.
    DirectRemoteIp(CidrRange),
    /// The address of the client as trusted headers tell it.
    RemoteIp(CidrRange),
    /// A header.
    Header(HeaderMatcher),
    /// Metadata of a filter.
    Metadata(MetadataMatcher),
    /// Not this.
    NotId(Box<Principal>),
}

message! {
    /// `Principal.Set`.
    PrincipalSet {
        ids: Vec<Principal>,
    }
}

message! {
    /// `Principal.Authenticated`.
    Authenticated {
        principal_name: Option<StringMatcher>,
    }
}
