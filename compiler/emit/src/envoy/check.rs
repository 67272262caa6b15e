//! Reads emitted resources back through Envoy's descriptors.
//!
//! Enters: protojson. Leaves: what Envoy would refuse: unknown fields and enum values, values of the wrong type, and breaches of
//! the rules that Envoy's .proto files state for their fields. It cannot see what Envoy only finds out while it starts, such as
//! an expression that RE2 does not take; `meshc verify` asks the real Envoy for that.

mod rules;

use prost_reflect::{DescriptorPool, DeserializeOptions, DynamicMessage};
use serde_json::Value;

use self::rules::Rules;
use super::xds::WITHOUT_DESCRIPTOR;

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
    rules: Option<Rules>,
}

impl Checker {
    /// What is wrong with a resource; empty when nothing is.
    pub(super) fn check(&mut self, kind: Kind, text: &str) -> Vec<String> {
        match self.read(kind, text) {
            Ok((message, rules)) => rules.breaches(&message),
            Err(problem) => vec![problem],
        }
    }

    fn read(&mut self, kind: Kind, text: &str) -> Result<(DynamicMessage, &mut Rules), String> {
        let rules = match &mut self.rules {
            Some(rules) => rules,
            empty => empty.insert(Rules::new(descriptors()?)),
        };
        let name = kind.message();
        let descriptor =
            rules.pool().get_message_by_name(name).ok_or_else(|| format!("{name} is not known"))?;
        let options = DeserializeOptions::new().deny_unknown_fields(true);
        let message = if WITHOUT_DESCRIPTOR.iter().any(|url| text.contains(url)) {
            let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
            cut_unknown(&mut value);
            DynamicMessage::deserialize_with_options(descriptor, value, &options)
                .map_err(|e| e.to_string())?
        } else {
            let mut reader = serde_json::Deserializer::from_str(text);
            DynamicMessage::deserialize_with_options(descriptor, &mut reader, &options)
                .map_err(|error| error.to_string())?
        };
        Ok((message, rules))
    }
}

fn descriptors() -> Result<DescriptorPool, String> {
    let compressed = include_bytes!(concat!(env!("OUT_DIR"), "/envoy.fds.z"));
    let set = miniz_oxide::inflate::decompress_to_vec(compressed).map_err(|error| error.to_string())?;
    DescriptorPool::decode(set.as_slice()).map_err(|error| error.to_string())
}

/// Puts an empty message in the place of messages that have no descriptor here.
fn cut_unknown(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let url = map.get("@type").and_then(Value::as_str);
            if url.is_some_and(|url| WITHOUT_DESCRIPTOR.contains(&url)) {
                map.clear();
                map.insert("@type".to_owned(), Value::from(STAND_IN));
            }
            map.values_mut().for_each(cut_unknown);
        }
        Value::Array(items) => items.iter_mut().for_each(cut_unknown),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Any message without fields will do.
const STAND_IN: &str = "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer";

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
