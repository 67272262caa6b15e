//! Names under which requests reach a service (translation-spec §2.8.5).

use std::net::IpAddr;

use meshc_model::{Registry, Resolution, Service};

use crate::context::ProxyContext;

/// The part of Kubernetes names that stands between namespace and cluster.
const SERVICE_MARK: &str = ".svc.";

/// Domains of a service or host. `alternates` are those that stand for a name which nobody wrote; where another service
/// really has such a name, it is not taken away from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Domains {
    pub(super) all: Vec<String>,
    pub(super) alternates: Vec<String>,
}

impl Domains {
    /// Adds a name; with a port where ports of the `Host` header count.
    fn add(&mut self, domain: &str, port: Option<u16>) {
        self.all.push(domain.to_owned());
        if let Some(port) = port {
            self.all.push(format!("{domain}:{port}"));
        }
    }

    fn add_alternate(&mut self, domain: &str, port: Option<u16>) {
        let before = self.all.len();
        self.add(domain, port);
        self.alternates.extend_from_slice(&self.all[before..]);
    }
}

/// Domains of a host that no service has.
pub(super) fn host_domains(host: &str, port: Option<u16>) -> Domains {
    let mut domains = Domains::default();
    domains.add(&bracketed(host), port);
    domains
}

/// Domains of a service as this proxy sees it: its names, those of its aliases, those of pods of a headless Service, its
/// addresses. `port` is stated where ports of the `Host` header count.
pub(super) fn service_domains(cx: &ProxyContext<'_>, service: &Service, port: Option<u16>) -> Domains {
    let mut domains = Domains::default();
    let aliases = service.aliases.iter().map(|alias| alias.host.as_str());
    for host in std::iter::once(service.host()).chain(aliases) {
        domains.add(&bracketed(host), port);
        for alternate in alternates(cx, host) {
            domains.add_alternate(&alternate, port);
        }
    }
    if service.resolution == Resolution::Passthrough && service.registry == Registry::Kubernetes {
        let pods: Vec<String> = domains.all.iter().map(|domain| format!("*.{domain}")).collect();
        domains.all.extend(pods);
    }
    for address in service.addresses_for(cx.workload) {
        domains.add(&bracketed(&address), port);
    }
    domains
}

/// Other names of a host: with a trailing dot, and for Services of Kubernetes the short names that DNS of the proxy's
/// namespace completes.
pub(crate) fn alternates(cx: &ProxyContext<'_>, host: &str) -> Vec<String> {
    if host.parse::<IpAddr>().is_ok() {
        return Vec::new();
    }
    let absolute = cx.mesh.features.enable_absolute_fqdn_vhost_domain.then(|| format!("{host}."));
    absolute.into_iter().chain(short_names(host, cx.workload.namespace())).collect()
}

fn short_names(host: &str, namespace: &str) -> Vec<String> {
    // The first `.svc.` counts, as in istiod: a Service in a namespace called `svc` has no short names.
    let Some(end) = host.find(SERVICE_MARK) else { return Vec::new() };
    let qualified = &host[..end];
    let Some((service, owner)) = qualified.split_once('.') else { return Vec::new() };
    let in_services = format!("{qualified}.svc");
    if owner == namespace {
        vec![service.to_owned(), in_services, qualified.to_owned()]
    } else {
        vec![qualified.to_owned(), in_services]
    }
}

/// An address as a `Host` header has it.
pub(crate) fn bracketed(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(_)) => format!("[{host}]"),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_the_own_namespace_has_its_short_name() {
        assert_eq!(short_names("a.one.svc.cluster.local", "one"), ["a", "a.one.svc", "a.one"]);
        assert_eq!(short_names("a.two.svc.cluster.local", "one"), ["a.two", "a.two.svc"]);
        assert_eq!(short_names("pod-0.a.one.svc.cluster.local", "one"), ["pod-0.a.one", "pod-0.a.one.svc"]);
    }

    #[test]
    fn other_hosts_have_no_short_names() {
        assert_eq!(short_names("api.example.com", "one"), Vec::<String>::new());
        assert_eq!(short_names("a.svc.svc.cluster.local", "one"), Vec::<String>::new());
    }

    #[test]
    fn only_ipv6_addresses_are_bracketed() {
        assert_eq!(bracketed("2001:db8::1"), "[2001:db8::1]");
        assert_eq!(bracketed("192.0.2.1"), "192.0.2.1");
        assert_eq!(bracketed("a.example"), "a.example");
    }

    #[test]
    fn ports_follow_names_where_they_count() {
        assert_eq!(host_domains("a.example", Some(80)).all, ["a.example", "a.example:80"]);
        assert_eq!(host_domains("a.example", None).all, ["a.example"]);
    }
}
