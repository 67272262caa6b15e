//! Reads emitted resources back through Envoy's descriptors.
//!
//! Enters: protojson. Leaves: what Envoy would refuse: unknown fields and enum values, values of the wrong type, and breaches of
//! the rules that Envoy's .proto files state for their fields. It cannot see what Envoy only finds out while it starts, such as
//! an expression that RE2 does not take; `meshc verify` asks the real Envoy for that.

mod reader;
mod rules;
mod schema;

use prost_reflect::DescriptorPool;

use self::schema::Schemas;

/// The kinds of resources that are emitted on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bootstrap,
    Listener,
    Cluster,
    RouteConfiguration,
    Secret,
}

impl Kind {
    fn message(self) -> &'static str {
        match self {
            Self::Bootstrap => "envoy.config.bootstrap.v3.Bootstrap",
            Self::Listener => "envoy.config.listener.v3.Listener",
            Self::Cluster => "envoy.config.cluster.v3.Cluster",
            Self::RouteConfiguration => "envoy.config.route.v3.RouteConfiguration",
            Self::Secret => "envoy.extensions.transport_sockets.tls.v3.Secret",
        }
    }

    /// The word that people use for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Listener => "listener",
            Self::Cluster => "cluster",
            Self::RouteConfiguration => "route table",
            Self::Secret => "secret",
        }
    }
}

/// Descriptors with the rules that they state. Decoding them takes milliseconds, so that is done for the first resource.
#[derive(Default)]
pub(super) struct Checker {
    schemas: Option<Schemas>,
}

impl Checker {
    /// What is wrong with a resource; empty when nothing is.
    pub(super) fn check(&mut self, kind: Kind, text: &str) -> Vec<String> {
        let schemas = match &mut self.schemas {
            Some(schemas) => schemas,
            empty => match descriptors() {
                Ok(pool) => empty.insert(Schemas::new(pool)),
                Err(problem) => return vec![problem],
            },
        };
        match schemas.by_name(kind.message()) {
            Some(schema) => reader::read(schemas, schema, text),
            None => vec![format!("{} is not known", kind.message())],
        }
    }
}

fn descriptors() -> Result<DescriptorPool, String> {
    let compressed = include_bytes!(concat!(env!("OUT_DIR"), "/envoy.fds.z"));
    let set = miniz_oxide::inflate::decompress_to_vec(compressed).map_err(|error| error.to_string())?;
    DescriptorPool::decode(set.as_slice()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Checker, Kind};

    fn problems(kind: Kind, text: &str) -> String {
        Checker::default().check(kind, text).join("; ")
    }

    #[test]
    fn a_valid_resource_has_no_problem() {
        let cluster = r#"{"name": "a", "type": "STATIC", "connectTimeout": "10s", "outlierDetection": {"maxEjectionPercent": 100}}"#;
        assert_eq!(problems(Kind::Cluster, cluster), "");
    }

    #[test]
    fn what_envoy_refuses_is_named_with_its_field() {
        for (kind, text, expected) in [
            (Kind::Cluster, r#"{"name": "a", "connectTimeuot": "1s"}"#, "connectTimeuot"),
            (Kind::Cluster, r#"{"name": "a", "type": "STATICC"}"#, "STATICC"),
            (Kind::Cluster, r#"{"name": "a", "connectTimeout": "10m"}"#, "duration"),
            (Kind::Cluster, r#"{"type": "STATIC"}"#, "name: must have at least 1 character"),
            (
                Kind::Cluster,
                r#"{"name": "a", "connectTimeout": "0s"}"#,
                "connect_timeout: must be greater than 0s",
            ),
            (
                Kind::Cluster,
                r#"{"name": "a", "outlierDetection": {"maxEjectionPercent": 101}}"#,
                "max_ejection_percent: must be at most 100",
            ),
            (
                Kind::RouteConfiguration,
                r#"{"virtualHosts": [{"name": "v", "domains": []}]}"#,
                "domains: must have at least 1 element",
            ),
            (
                Kind::RouteConfiguration,
                r#"{"virtualHosts": [{"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}}]}]}"#,
                "routes[0]: one of",
            ),
            (
                Kind::RouteConfiguration,
                r#"{"virtualHosts": [{"name": "v", "domains": ["*"], "routes": [{"route": {"cluster": "c"}}]}]}"#,
                "match: is required",
            ),
            (
                Kind::Listener,
                r#"{"filterChains": [{"filters": [{"name": "t", "typedConfig": {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "c"}}]}]}"#,
                "filter_chains[0].filters[0].typed_config.stat_prefix",
            ),
        ] {
            let problems = problems(kind, text);
            assert!(problems.contains(expected), "{text}\n{problems}");
        }
    }

    #[test]
    fn messages_of_istios_build_are_passed_over() {
        let listener = r#"{"filterChains": [{"filters": [{"name": "istio.stats", "typedConfig": {"@type": "type.googleapis.com/stats.PluginConfig", "anything": 1}}]}]}"#;
        assert_eq!(problems(Kind::Listener, listener), "");
    }
}
