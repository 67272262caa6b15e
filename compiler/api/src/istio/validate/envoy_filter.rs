//! What the webhook refuses of an EnvoyFilter, as far as Envoy's own types are not needed for it.

use serde_json::Value;

use super::{metadata, regex, selectors};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{
    ApplyTo, EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, EnvoyFilter, FilterMatch, ListenerMatch, Patch,
    PatchContext, PatchOperation,
};

/// Names of the filter that speaks HTTP.
const CONNECTION_MANAGERS: &[&str] =
    &["envoy.filters.network.http_connection_manager", "envoy.http_connection_manager"];

/// All rules about an EnvoyFilter.
pub(in crate::istio) fn admit(object: &Resource<EnvoyFilter>, report: &mut Report) {
    let at = At::SPEC;
    let EnvoyFilter { workload_selector, target_refs, config_patches, priority: _ } = &object.spec;
    metadata::check(object, report);
    report.warn(&at, "an EnvoyFilter changes what may look different after any upgrade: prefer other kinds");
    selectors::workload(&at, workload_selector.as_ref(), report);
    selectors::one_way(
        &at,
        workload_selector.is_some(),
        false,
        !target_refs.is_empty(),
        "workloadSelector",
        report,
    );
    selectors::targets(&at, target_refs, report);
    for (index, patch) in config_patches.iter().enumerate() {
        self::patch(&at.item("configPatches", index), patch, report);
    }
}

fn patch(at: &At<'_>, config: &EnvoyConfigObjectPatch, report: &mut Report) {
    let EnvoyConfigObjectPatch { apply_to, r#match, patch } = config;
    let apply_to = apply_to.unwrap_or(ApplyTo::Invalid);
    if let Some(selected) = r#match {
        context(&at.field("match"), selected, report);
    }
    if apply_to == ApplyTo::Invalid {
        return report.refuse(at, "an `applyTo` is required");
    }
    let Some(Patch { operation, value, filter_class: _ }) = patch else {
        return report.refuse(at, "a `patch` is required");
    };
    match operation.unwrap_or(PatchOperation::Invalid) {
        PatchOperation::Invalid => return report.refuse(&at.field("patch"), "an `operation` is required"),
        PatchOperation::Remove => {}
        _ if value.is_none() => {
            return report.refuse(&at.field("patch"), "every operation but `REMOVE` needs a `value`");
        }
        _ => {}
    }
    if let Some(selected) = r#match {
        self::selected(&at.field("match"), apply_to, selected, report);
    }
    if let Some(value) = value {
        let patch = at.field("patch");
        self::value(&patch.field("value"), value, report);
    }
}

/// Parts of waypoints are matched in their context only.
fn context(at: &At<'_>, selected: &EnvoyConfigObjectMatch, report: &mut Report) {
    let EnvoyConfigObjectMatch { context, proxy: _, listener, route_configuration, cluster, waypoint } =
        selected;
    let objects = [
        ("listener", listener.is_some()),
        ("routeConfiguration", route_configuration.is_some()),
        ("cluster", cluster.is_some()),
        ("waypoint", waypoint.is_some()),
    ];
    super::string_match::at_most_one(at, objects, report);
    if (*context == Some(PatchContext::Waypoint)) != waypoint.is_some() {
        report.refuse_in_schema(at, "`waypoint` and the context `WAYPOINT` need each other");
    }
    if let Some(number) = waypoint.as_ref().and_then(|waypoint| waypoint.port_number)
        && !(1..=65535).contains(&number)
    {
        let at = at.field("waypoint");
        report.refuse_in_schema(
            &at.field("portNumber"),
            format!("port number {number} is not between 1 and 65535"),
        );
    }
}

/// What is matched is of the kind that is changed.
fn selected(at: &At<'_>, apply_to: ApplyTo, selected: &EnvoyConfigObjectMatch, report: &mut Report) {
    let EnvoyConfigObjectMatch { context: _, proxy, listener, route_configuration, cluster, waypoint } =
        selected;
    if let Some(version) = proxy.as_ref().and_then(|proxy| proxy.proxy_version.as_deref())
        && let Err(message) = regex::compiles(version)
    {
        let at = at.field("proxy");
        return report.refuse(&at.field("proxyVersion"), message);
    }
    // Parts of waypoints go with every kind of object.
    let anything =
        waypoint.is_none() && (listener.is_some() || route_configuration.is_some() || cluster.is_some());
    match apply_to {
        ApplyTo::Listener | ApplyTo::FilterChain | ApplyTo::NetworkFilter | ApplyTo::HttpFilter => {
            match listener {
                Some(listener) => self::listener(&at.field("listener"), apply_to, listener, report),
                None if anything => {
                    report.refuse(at, "listeners and their filters are matched by `listener`")
                }
                None => {}
            }
        }
        ApplyTo::RouteConfiguration | ApplyTo::VirtualHost | ApplyTo::HttpRoute
            if anything && route_configuration.is_none() =>
        {
            report.refuse(at, "route tables and their parts are matched by `routeConfiguration`");
        }
        ApplyTo::Cluster if anything && cluster.is_none() => {
            report.refuse(at, "clusters are matched by `cluster`");
        }
        _ => {}
    }
}

fn listener(at: &At<'_>, apply_to: ApplyTo, listener: &ListenerMatch, report: &mut Report) {
    let Some(FilterMatch { name, sub_filter }) =
        listener.filter_chain.as_ref().and_then(|chain| chain.filter.as_ref())
    else {
        return;
    };
    let chain = at.field("filterChain");
    let at = chain.field("filter");
    if matches!(apply_to, ApplyTo::Listener | ApplyTo::FilterChain) {
        report.warn(&at, "a filter is not looked at where listeners or filter chains are changed");
    }
    let name = name.as_deref().unwrap_or_default();
    if name.is_empty() {
        return report.refuse(&at, "a filter is matched by its `name`");
    }
    let Some(sub_filter) = sub_filter else { return };
    let at = at.field("subFilter");
    if apply_to != ApplyTo::HttpFilter {
        report.refuse(&at, "a `subFilter` is matched only where `applyTo` is `HTTP_FILTER`");
    } else if !CONNECTION_MANAGERS.contains(&name) {
        let manager = CONNECTION_MANAGERS.first().copied().unwrap_or_default();
        report.refuse(&at, format!("only the filter `{manager}` has filters inside"));
    } else if sub_filter.name.as_deref().unwrap_or_default().is_empty() {
        report.refuse(&at, "a filter is matched by its `name`");
    }
}

/// What can be told of a value without Envoy's types: an object of Envoy has a name that is a string, and the
/// types of version 2 are gone.
fn value(at: &At<'_>, value: &Value, report: &mut Report) {
    let Some(fields) = value.as_object() else {
        return report.refuse(at, "the `value` of a patch is an object");
    };
    if fields.get("name").is_some_and(|name| !name.is_string() && !name.is_null()) {
        report.refuse(&at.field("name"), "the name of an object of Envoy is a string");
    }
    types(at, value, report);
}

fn types(at: &At<'_>, value: &Value, report: &mut Report) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str().filter(|_| name == "@type") {
                    Some(url) if is_version_2(url) => report.refuse(
                        &at.field(name),
                        format!("Envoy has no type `{url}`: use the types of version 3"),
                    ),
                    _ => types(&at.field(name), field, report),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| types(at, item, report)),
        _ => {}
    }
}

fn is_version_2(url: &str) -> bool {
    let name = url.rsplit('/').next().unwrap_or(url);
    name.starts_with("envoy.") && name.split('.').any(|part| matches!(part, "v2" | "v2alpha" | "v2alpha1"))
}
