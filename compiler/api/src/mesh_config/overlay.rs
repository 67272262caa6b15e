//! Configuration laid over configuration, by the rules of istiod.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{MeshConfig, ProxyConfig};

/// Fields of `proxyHeaders` that are laid over one by one; its other fields are replaced with it.
const MERGED_PROXY_HEADERS: &[&str] =
    &["forwardedClientCert", "requestId", "attemptCount", "server", "envoyDebugHeaders"];

impl MeshConfig {
    /// This configuration with another one, as JSON, laid over it. A field that the other one states replaces the one here,
    /// but for these: `defaultConfig` goes by [`ProxyConfig::overlay`], `defaultProviders` field by field,
    /// `extensionProviders` by name, and `trustDomainAliases` are united.
    ///
    /// # Errors
    /// The other configuration has a value that its field cannot have.
    pub fn overlay(&self, over: &Value) -> Result<Self, serde_json::Error> {
        let mut merged = object(serde_json::to_value(self)?);
        let aliases = merged.remove("trustDomainAliases");
        for (field, value) in stated(over) {
            match field.as_str() {
                "defaultConfig" => {
                    let over = self.default_config.overlay(value)?;
                    merged.insert(field.clone(), serde_json::to_value(over)?);
                }
                "defaultProviders" => replace_fields(&mut merged, field, value),
                "extensionProviders" => merge_by_name(&mut merged, field, value),
                _ => {
                    merged.insert(field.clone(), value.clone());
                }
            }
        }
        let stated = merged.remove("trustDomainAliases");
        merged.insert("trustDomainAliases".to_owned(), union(aliases.as_ref(), stated.as_ref()));
        serde_json::from_value(Value::Object(merged))
    }
}

impl ProxyConfig {
    /// These settings with others, as JSON, laid over them. A field that the others state replaces the one here, but
    /// `proxyMetadata` is merged by key and some fields of `proxyHeaders` one by one.
    ///
    /// # Errors
    /// The other settings have a value that its field cannot have.
    pub fn overlay(&self, over: &Value) -> Result<Self, serde_json::Error> {
        let mut merged = object(serde_json::to_value(self)?);
        for (field, value) in stated(over) {
            match field.as_str() {
                "proxyMetadata" => replace_fields(&mut merged, field, value),
                "proxyHeaders" => {
                    let mut headers = value.clone();
                    if let (Some(old), Some(new)) = (merged.get(field), headers.as_object_mut()) {
                        keep_headers(old, new);
                    }
                    merged.insert(field.clone(), headers);
                }
                // The two are one choice in Istio's API.
                "serviceCluster" | "tracingServiceName" => {
                    merged.remove("serviceCluster");
                    merged.remove("tracingServiceName");
                    merged.insert(field.clone(), value.clone());
                }
                _ => {
                    merged.insert(field.clone(), value.clone());
                }
            }
        }
        serde_json::from_value(Value::Object(merged))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Fields that are stated; null states nothing.
fn stated(over: &Value) -> impl Iterator<Item = (&String, &Value)> {
    over.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null())
}

fn replace_fields(merged: &mut Map<String, Value>, field: &str, over: &Value) {
    let mut fields = object(merged.remove(field).unwrap_or_default());
    fields.extend(stated(over).map(|(name, value)| (name.clone(), value.clone())));
    merged.insert(field.to_owned(), Value::Object(fields));
}

fn merge_by_name(merged: &mut Map<String, Value>, field: &str, over: &Value) {
    let mut list = match merged.remove(field) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    for provider in over.as_array().into_iter().flatten() {
        match list.iter_mut().find(|known| known.get("name") == provider.get("name")) {
            Some(known) => known.clone_from(provider),
            None => list.push(provider.clone()),
        }
    }
    merged.insert(field.to_owned(), Value::Array(list));
}

fn keep_headers(old: &Value, new: &mut Map<String, Value>) {
    for field in MERGED_PROXY_HEADERS {
        if let Some(value) = old.get(field).filter(|_| new.get(*field).is_none_or(Value::is_null)) {
            new.insert((*field).to_owned(), value.clone());
        }
    }
}

fn union(one: Option<&Value>, other: Option<&Value>) -> Value {
    let texts = [one, other].into_iter().flatten().filter_map(Value::as_array).flatten();
    let sorted: BTreeSet<&str> = texts.filter_map(Value::as_str).collect();
    sorted.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mesh(over: &Value) -> Value {
        serde_json::to_value(MeshConfig::defaults().overlay(over).unwrap()).unwrap()
    }

    #[test]
    fn a_stated_message_replaces_the_default_as_a_whole() {
        let effective = mesh(&json!({"localityLbSetting": {"failover": [{"from": "a", "to": "b"}]}}));
        assert_eq!(effective["localityLbSetting"], json!({"failover": [{"from": "a", "to": "b"}]}));
    }

    #[test]
    fn null_and_an_empty_message_leave_the_default_providers() {
        assert_eq!(mesh(&json!({"defaultProviders": null, "rootNamespace": null})), mesh(&json!({})));
        let effective = mesh(&json!({"defaultProviders": {"tracing": ["t"]}}));
        assert_eq!(effective["defaultProviders"], json!({"metrics": ["prometheus"], "tracing": ["t"]}));
    }

    #[test]
    fn a_provider_with_a_known_name_replaces_it_in_place() {
        let effective = mesh(&json!({"extensionProviders": [
            {"name": "new", "prometheus": {}}, {"name": "prometheus", "zipkin": {"service": "z"}}]}));
        let names: Vec<_> =
            effective["extensionProviders"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
        assert_eq!(names, ["prometheus", "stackdriver", "envoy", "new"]);
        assert_eq!(
            effective["extensionProviders"][0],
            json!({"name": "prometheus", "zipkin": {"service": "z"}})
        );
    }

    #[test]
    fn aliases_of_all_layers_are_united_and_sorted() {
        let first = MeshConfig::defaults().overlay(&json!({"trustDomainAliases": ["c", "a"]})).unwrap();
        let second = first.overlay(&json!({"trustDomainAliases": ["b", "a"]})).unwrap();
        assert_eq!(second.trust_domain_aliases, ["a", "b", "c"]);
        assert_eq!(second.overlay(&json!({})).unwrap(), second);
    }

    #[test]
    fn metadata_of_proxies_is_merged_by_key_and_headers_by_field() {
        let first = ProxyConfig::built_in()
            .overlay(&json!({"proxyMetadata": {"A": "1", "B": "1"},
                "proxyHeaders": {"requestId": {"disabled": true}, "preserveHttp1HeaderCase": true}}))
            .unwrap();
        let second = first
            .overlay(&json!({"proxyMetadata": {"B": "2"}, "proxyHeaders": {"server": {"value": "x"}}, "concurrency": 0}))
            .unwrap();
        let second = serde_json::to_value(second).unwrap();
        assert_eq!(second["proxyMetadata"], json!({"A": "1", "B": "2"}));
        assert_eq!(
            second["proxyHeaders"],
            json!({"requestId": {"disabled": true}, "server": {"value": "x"}})
        );
        assert_eq!(second["concurrency"], json!(0));
    }

    #[test]
    fn naming_services_for_traces_takes_the_place_of_the_cluster_name() {
        let over = json!({"tracingServiceName": "CANONICAL_NAME_ONLY"});
        assert_eq!(ProxyConfig::built_in().overlay(&over).unwrap().service_cluster, "");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_error() {
        assert!(MeshConfig::defaults().overlay(&json!({"connectTimeout": 5})).is_err());
    }
}
