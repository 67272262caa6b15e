//! Envoy's messages, as far as they are emitted: names, nesting and order of Envoy's .proto files, printed as protojson.
//!
//! Enters: nothing. Leaves: plain structures with `Serialize`. Must not know: the plan, Istio, or why a field is set.
//!
//! A field that holds proto3's default is not printed. Where a message tells "stated" from "absent" (wrappers, members of
//! a oneof, messages), the field is an `Option`.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Defines a message: camel-case names, and no print of what is absent.
macro_rules! message {
    ($(#[doc = $doc:expr])+ $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name {
            $(
                $(#[$attribute])*
                #[serde(skip_serializing_if = "crate::envoy::xds::Absent::is_absent")]
                pub(crate) $field: $type,
            )*
        }
    };
}

mod access_log;
mod any;
mod bootstrap;
mod cluster;
mod core;
mod endpoint;
mod http_connection_manager;
mod http_filters;
mod jwt;
mod listener;
mod matcher;
mod network_filters;
mod rbac;
mod route;
mod tls;
mod tracing;
mod upstream_http;
mod well_known;

pub(crate) use access_log::*;
pub(crate) use any::*;
pub(crate) use bootstrap::*;
pub(crate) use cluster::*;
pub(crate) use endpoint::*;
pub(crate) use http_connection_manager::*;
pub(crate) use http_filters::*;
pub(crate) use jwt::*;
pub(crate) use listener::*;
pub(crate) use matcher::*;
pub(crate) use network_filters::*;
pub(crate) use rbac::*;
pub(crate) use route::*;
pub(crate) use tls::*;
pub(crate) use tracing::*;
pub(crate) use upstream_http::*;
pub(crate) use well_known::*;

pub(crate) use self::core::*;

/// Whether a field holds what proto3 does not print.
pub(crate) trait Absent {
    /// Whether nothing is printed.
    fn is_absent(&self) -> bool;
}

impl Absent for bool {
    fn is_absent(&self) -> bool {
        !*self
    }
}

impl Absent for u32 {
    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Absent for i32 {
    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Absent for String {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for &'static str {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for Cow<'static, str> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Absent for BTreeMap<K, V> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}
