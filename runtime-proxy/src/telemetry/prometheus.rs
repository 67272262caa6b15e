//! The text of a scrape, in Prometheus' exposition format 0.0.4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use meshc_contract::proxy::{Direction, WorkloadLabels};

use super::histogram::{BOUNDS, Merged};
use super::labels::{Interner, Protocol, Security, Target};
use super::metrics::{Family, RequestCounts, Series};

const REQUEST_HISTOGRAMS: [(&str, &str); 3] = [
    (
        "istio_request_duration_milliseconds",
        "Time from the first byte of a request to the last of its response.",
    ),
    ("istio_request_bytes", "Bytes of the bodies of requests."),
    ("istio_response_bytes", "Bytes of the bodies of responses."),
];

const TCP_COUNTERS: [(&str, &str); 4] = [
    ("istio_tcp_connections_opened_total", "Connections that were opened."),
    ("istio_tcp_connections_closed_total", "Connections that were closed."),
    ("istio_tcp_sent_bytes_total", "Bytes that went to clients."),
    ("istio_tcp_received_bytes_total", "Bytes that came from clients."),
];

/// What is told of what is not known.
const UNKNOWN: &str = "unknown";

/// Labels as they stand between braces.
pub(super) fn spell(labels: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        label(&mut text, name, value);
    }
    text
}

/// Writes all counts.
pub(super) fn render(
    interner: &Interner,
    requests: &BTreeMap<Series, Vec<Arc<RequestCounts>>>,
    tcp: &[(Series, [u64; 4])],
    own: &BTreeMap<&'static str, Family>,
    dropped_lines: u64,
) -> String {
    let mut out = String::new();
    let requests: Vec<(String, &Vec<Arc<RequestCounts>>)> =
        requests.iter().map(|(series, counts)| (istio(interner, series), counts)).collect();
    if !requests.is_empty() {
        head(&mut out, "istio_requests_total", "Requests that ended.", "counter");
        for (labels, counts) in &requests {
            let sum: u64 = counts.iter().map(|counts| counts.requests.get()).sum();
            let _ = writeln!(out, "istio_requests_total{{{labels}}} {sum}");
        }
        for (at, (name, help)) in REQUEST_HISTOGRAMS.into_iter().enumerate() {
            head(&mut out, name, help, "histogram");
            for (labels, counts) in &requests {
                let mut merged = Merged::default();
                for counts in counts.iter() {
                    merged.add([&counts.duration, &counts.request_bytes, &counts.response_bytes][at]);
                }
                histogram(&mut out, name, labels, &merged);
            }
        }
    }
    if !tcp.is_empty() {
        for (at, (name, help)) in TCP_COUNTERS.into_iter().enumerate() {
            head(&mut out, name, help, "counter");
            for (series, counts) in tcp {
                let _ = writeln!(out, "{name}{{{}}} {}", istio(interner, series), counts[at]);
            }
        }
    }
    let dropped = "meshc_proxy_access_log_lines_dropped_total";
    head(&mut out, dropped, "Lines of access logs that a file did not take in time.", "counter");
    let _ = writeln!(out, "{dropped} {dropped_lines}");
    for (name, Family { help, kind, values }) in own {
        head(&mut out, name, help, kind);
        for (labels, value) in values {
            let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    }
    out
}

fn head(out: &mut String, name: &str, help: &str, kind: &str) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn histogram(out: &mut String, name: &str, labels: &str, merged: &Merged) {
    let mut below = 0;
    for (bound, count) in BOUNDS.iter().zip(&merged.buckets) {
        below += count;
        let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {below}");
    }
    let all: u64 = merged.buckets.iter().sum();
    let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {all}");
    let (whole, thousandths) = (merged.thousandths / 1_000, merged.thousandths % 1_000);
    let _ = writeln!(out, "{name}_sum{{{labels}}} {whole}.{thousandths:03}");
    let _ = writeln!(out, "{name}_count{{{labels}}} {all}");
}

/// Adds a label; what a value must not hold is escaped.
fn label(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push(',');
    }
    out.push_str(name);
    out.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Istio's labels of a series, by the rules of its stats filter; what is not known is `unknown`.
fn istio(interner: &Interner, series: &Series) -> String {
    let Series { reporter, source, destination, target, protocol, security, code, grpc, flags } = series;
    let mut out = String::with_capacity(1_024);
    let mut add = |name: &str, value: &str| label(&mut out, name, value);
    let reported = match reporter {
        Direction::Inbound => "destination",
        Direction::Outbound => "source",
    };
    add("reporter", reported);
    let destination = interner.workload_of(*destination);
    sides(&interner.workload_of(*source), &destination, &mut add);
    service(*reporter, &interner.target_of(*target), &destination, &mut add);
    let spelled = match protocol {
        Protocol::Http => "http",
        Protocol::Grpc => "grpc",
        Protocol::Tcp => "tcp",
    };
    add("request_protocol", spelled);
    if *protocol != Protocol::Tcp {
        add("response_code", &code.to_string());
        let grpc = match (protocol, grpc) {
            (Protocol::Grpc, Some(status)) => status.to_string(),
            _ => String::new(),
        };
        add("grpc_response_status", &grpc);
    }
    add("response_flags", &flags.short());
    let policy = match security {
        Security::MutualTls => "mutual_tls",
        Security::None => "none",
        Security::Unknown => UNKNOWN,
    };
    add("connection_security_policy", policy);
    out
}

/// The first text that is known.
fn known<'t>(texts: &[&'t str]) -> &'t str {
    texts.iter().copied().find(|text| !text.is_empty()).unwrap_or(UNKNOWN)
}

/// The workloads of both sides.
fn sides(source: &WorkloadLabels, destination: &WorkloadLabels, add: &mut impl FnMut(&str, &str)) {
    for (side, labels) in [("source", source), ("destination", destination)] {
        let WorkloadLabels {
            workload,
            namespace,
            app,
            version,
            canonical_service,
            canonical_revision,
            cluster,
            principal,
        } = labels;
        add(&format!("{side}_workload"), known(&[workload]));
        add(&format!("{side}_workload_namespace"), known(&[namespace]));
        add(&format!("{side}_principal"), known(&[principal]));
        add(&format!("{side}_app"), known(&[app]));
        add(&format!("{side}_version"), known(&[version]));
        add(&format!("{side}_cluster"), known(&[cluster]));
        add(&format!("{side}_canonical_service"), known(&[canonical_service]));
        // The one label for which Istio has another word.
        add(&format!("{side}_canonical_revision"), known(&[canonical_revision, "latest"]));
    }
}

/// The service that was asked. One that receives knows itself, whatever it was asked by; one that sends knows the namespace of whom it
/// reached, if nothing else.
fn service(
    reporter: Direction,
    target: &Target,
    destination: &WorkloadLabels,
    add: &mut impl FnMut(&str, &str),
) {
    let Target { host, name, namespace } = target;
    let WorkloadLabels { canonical_service, namespace: own, .. } = destination;
    let (service, called, namespace) = match reporter {
        Direction::Inbound => {
            (known(&[host, canonical_service]), known(&[name, canonical_service]), known(&[own]))
        }
        Direction::Outbound => (known(&[host]), known(&[name]), known(&[namespace, own])),
    };
    add("destination_service", service);
    add("destination_service_name", called);
    add("destination_service_namespace", namespace);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::telemetry::labels::{PeerId, TargetId};
    use crate::telemetry::{Flags, Metrics, Outcome};

    fn series(metrics: &Metrics) -> Series {
        let (source, target): (PeerId, TargetId) = metrics.interning(|interner| {
            let web = WorkloadLabels { workload: "we\"b".to_owned(), ..WorkloadLabels::default() };
            let target = Target { host: "a.example".to_owned(), ..Target::default() };
            (interner.workload(&web), interner.target(&target))
        });
        Series {
            reporter: Direction::Inbound,
            source,
            destination: source,
            target,
            protocol: Protocol::Http,
            security: Security::MutualTls,
            code: 200,
            grpc: None,
            flags: Flags::NONE,
        }
    }

    #[test]
    fn a_scrape_adds_up_the_threads_and_spells_istios_labels() {
        let metrics = Metrics::new();
        let series = series(&metrics);
        let outcome =
            Outcome { duration: Duration::from_micros(1_500), request_bytes: 3, response_bytes: 1_024 };
        metrics.request(series, outcome);
        std::thread::scope(|scope| {
            scope.spawn(|| metrics.request(series, outcome));
        });
        let text = metrics.render();
        let line = text.lines().find(|line| line.starts_with("istio_requests_total{")).unwrap();
        assert!(line.ends_with("} 2"), "{line}");
        for label in [
            "reporter=\"destination\"",
            "source_workload=\"we\\\"b\"",
            "source_app=\"unknown\"",
            "destination_service=\"a.example\"",
            "response_code=\"200\"",
            "response_flags=\"-\"",
            "connection_security_policy=\"mutual_tls\"",
        ] {
            assert!(line.contains(label), "{label} in {line}");
        }
        let line = |start: &str| {
            let found = text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
            found.rsplit(' ').next().unwrap_or_default().to_owned()
        };
        assert_eq!(line("istio_request_duration_milliseconds_sum"), "3.000");
        assert_eq!(line("istio_request_duration_milliseconds_count"), "2");
        assert!(text.contains("le=\"1\"} 0") && text.contains("le=\"5\"} 2"));
    }

    #[test]
    fn metrics_of_the_proxy_itself_are_set_and_added_to() {
        let metrics = Metrics::new();
        metrics.set("meshc_proxy_build_info", "Build.", &[("version", "1")], 1.0);
        metrics.add("meshc_proxy_reloads_total", "Reloads.", &[], 1.0);
        metrics.add("meshc_proxy_reloads_total", "Reloads.", &[], 1.0);
        let text = metrics.render();
        assert!(
            text.contains("# TYPE meshc_proxy_build_info gauge\nmeshc_proxy_build_info{version=\"1\"} 1\n")
        );
        assert!(text.contains("meshc_proxy_reloads_total 2\n"));
    }

    #[test]
    fn a_service_that_is_not_known_has_the_labels_of_istios_stats_filter() {
        let local = WorkloadLabels {
            namespace: "here".to_owned(),
            canonical_service: "web".to_owned(),
            ..WorkloadLabels::default()
        };
        let said = |reporter, target: &Target, destination: &WorkloadLabels| {
            let mut values = Vec::new();
            service(reporter, target, destination, &mut |_: &str, value: &str| values.push(value.to_owned()));
            values.join(" ")
        };
        let named = |name: &str| Target { name: name.to_owned(), ..Target::default() };
        let nobody = WorkloadLabels::default();
        for (reporter, name, destination, expected) in [
            (Direction::Inbound, "InboundPassthroughCluster", &local, "web InboundPassthroughCluster here"),
            (Direction::Inbound, "", &local, "web web here"),
            (Direction::Outbound, "BlackHoleCluster", &nobody, "unknown BlackHoleCluster unknown"),
            (Direction::Outbound, "PassthroughCluster", &local, "unknown PassthroughCluster here"),
            (Direction::Outbound, "", &nobody, "unknown unknown unknown"),
        ] {
            assert_eq!(said(reporter, &named(name), destination), expected);
        }
        let target = Target { namespace: "there".to_owned(), ..named("a") };
        assert_eq!(said(Direction::Outbound, &target, &local), "unknown a there");
        assert_eq!(said(Direction::Inbound, &target, &local), "web a here");
    }
}
