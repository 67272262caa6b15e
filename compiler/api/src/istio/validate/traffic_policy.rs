//! Traffic policies of a DestinationRule.

use super::{client_tls, connection_pool, durations, load_balancer, names, outlier_detection, ports};
use crate::admission::{At, Report};
use crate::istio::{PortTrafficPolicy, TrafficPolicy, TunnelSettings};

/// At least one block, each well formed.
pub(super) fn check(at: &At<'_>, policy: Option<&TrafficPolicy>, report: &mut Report) {
    let Some(policy) = policy else { return };
    if *policy == TrafficPolicy::default() {
        report.refuse(at, "a traffic policy must not be empty");
    }
    if policy.tunnel.is_some() && policy.proxy_protocol.is_some() {
        report.refuse(at, "only one of `tunnel` and `proxyProtocol` can be set");
    }
    outlier_detection::check(&at.field("outlierDetection"), policy.outlier_detection.as_ref(), report);
    connection_pool::check(&at.field("connectionPool"), policy.connection_pool.as_ref(), report);
    let outliers = policy.outlier_detection.is_some();
    load_balancer::check(&at.field("loadBalancer"), policy.load_balancer.as_ref(), outliers, report);
    client_tls::check(&at.field("tls"), policy.tls.as_ref(), report);
    for (index, port) in policy.port_level_settings.iter().enumerate() {
        of_port(&at.item("portLevelSettings", index), port, report);
    }
    if let Some(settings) = &policy.tunnel {
        tunnel(&at.field("tunnel"), settings, report);
    }
    if let Some(budget) = &policy.retry_budget {
        let at = at.field("retryBudget");
        if budget.percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            report.refuse(&at.field("percent"), "a share is between 0 % and 100 %");
        }
        durations::at_least_a_millisecond(&at.field("budgetInterval"), budget.budget_interval, report);
    }
}

fn of_port(at: &At<'_>, policy: &PortTrafficPolicy, report: &mut Report) {
    let PortTrafficPolicy { port, load_balancer, connection_pool, outlier_detection, tls } = policy;
    match port {
        None => report.refuse(at, "a policy for a port needs a `port`"),
        Some(port) => ports::number(&at.field("port").field("number"), port.number, report),
    }
    if load_balancer.is_none() && connection_pool.is_none() && outlier_detection.is_none() && tls.is_none() {
        report.refuse(at, "a policy for a port must not be empty");
    }
    outlier_detection::check(&at.field("outlierDetection"), outlier_detection.as_ref(), report);
    connection_pool::check(&at.field("connectionPool"), connection_pool.as_ref(), report);
    let outliers = outlier_detection.is_some();
    load_balancer::check(&at.field("loadBalancer"), load_balancer.as_ref(), outliers, report);
    client_tls::check(&at.field("tls"), tls.as_ref(), report);
}

fn tunnel(at: &At<'_>, settings: &TunnelSettings, report: &mut Report) {
    let TunnelSettings { protocol, target_host, target_port } = settings;
    if let Some(protocol) = protocol.as_deref().filter(|name| !matches!(*name, "" | "CONNECT" | "POST")) {
        report.refuse(&at.field("protocol"), format!("`{protocol}` is neither `CONNECT` nor `POST`"));
    }
    let host = target_host.as_deref().unwrap_or_default();
    if !super::address::is_ip(host) {
        report.check(&at.field("targetHost"), names::host_name(host));
    }
    ports::number(&at.field("targetPort"), *target_port, report);
}
