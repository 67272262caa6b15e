//! Destinations whose host nobody provides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::{Resource, closest, istio};
use meshc_diagnostics::{Diagnostic, Diagnostics, Severity, codes};

use super::destinations::{self, Found};
use super::{Checked, place};
use crate::host_index::is_visible;
use crate::hosts::{host_subset_of, is_wildcard};
use crate::{Mesh, Registry, Resolution, Service};

/// Reports them.
pub(super) fn report(checked: &Checked<'_>, diagnostics: &mut Diagnostics) {
    let hosts = Hosts::new(checked.mesh);
    for virtual_service in checked.written {
        for found in destinations::of(&virtual_service.spec) {
            if let Some(finding) = finding(checked.mesh, &hosts, virtual_service, &found) {
                diagnostics.push(finding);
            }
        }
    }
}

/// Hosts by the ways in which people get them wrong.
struct Hosts<'a> {
    wildcards: Vec<&'a Arc<Service>>,
    by_first_label: BTreeMap<&'a str, Vec<&'a Arc<Service>>>,
    all: BTreeMap<&'a str, &'a Arc<Service>>,
}

impl<'a> Hosts<'a> {
    fn new(mesh: &'a Mesh) -> Self {
        let mut by_first_label: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for service in &mesh.services {
            let label = service.host().split('.').next().unwrap_or_default();
            by_first_label.entry(label).or_default().push(service);
        }
        let wildcards = mesh.services.iter().filter(|service| is_wildcard(service.host())).collect();
        let all = mesh.services.iter().map(|service| (service.host(), service)).collect();
        Self { wildcards, by_first_label, all }
    }
}

fn finding(
    mesh: &Mesh,
    hosts: &Hosts<'_>,
    virtual_service: &Resource<istio::VirtualService>,
    found: &Found<'_>,
) -> Option<Diagnostic> {
    let host = found.destination.host.as_deref().filter(|host| !host.is_empty())?;
    let lower = host.to_lowercase();
    let providers = mesh.index.by_host.of(&lower);
    let namespace = virtual_service.namespace();
    let seen = |service: &Arc<Service>| service.namespace() == namespace || is_visible(service, namespace);
    if providers.iter().any(seen) {
        return None;
    }
    let path = found.place.path("host");
    let new = |message: String, label: &str| {
        Diagnostic::new(&codes::UNKNOWN_HOST, message)
            .at(virtual_service.span(&path), label)
            .consequence(found.place.consequence(found.share))
            .about(virtual_service.object_ref(), path.clone())
            .contained()
    };
    if let Some(hidden) = providers.first() {
        return Some(not_exported(
            new(format!("`{host}` is not exported to namespace `{namespace}`"), ""),
            hidden,
        ));
    }
    let cover = hosts.wildcards.iter().find(|service| host_subset_of(&lower, service.host()));
    if let Some(cover) = cover {
        let message = format!("`{host}` is only part of the wildcard host `{}`", cover.host());
        return Some(covered(new(message, "no service has exactly this host"), cover));
    }
    let mut finding = new(format!("no Service or ServiceEntry provides the host `{host}`"), "");
    if !found.place.is_fatal(found.share) {
        finding.severity = Severity::Warning;
    }
    Some(with_suggestion(finding, hosts, host, namespace, &mesh.options.domain))
}

/// istiod has a cluster for the host wherever somebody sees it, so this may be meant for others.
fn not_exported(mut finding: Diagnostic, hidden: &Service) -> Diagnostic {
    finding.severity = Severity::Warning;
    finding.consequence = Some("proxies that do not see the service answer 503".to_owned());
    let exported = hidden.export_to.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if let Some(span) = place(&hidden.origin) {
        finding = finding.related(span, format!("exported to {exported} only"));
    }
    let field = match hidden.registry {
        Registry::Kubernetes => "the annotation `networking.istio.io/exportTo`",
        Registry::External => "`spec.exportTo`",
    };
    finding.help(format!("add the namespace to {field} of {}", hidden.object))
}

fn covered(mut finding: Diagnostic, cover: &Service) -> Diagnostic {
    finding.severity = Severity::Warning;
    if let Some(span) = place(&cover.origin) {
        finding = finding.related(span, format!("provides `{}`", cover.host()));
    }
    let help = match cover.resolution {
        Resolution::DynamicDns => format!("send to `{}`: it looks up the host of each request", cover.host()),
        _ => "make a ServiceEntry for exactly this host".to_owned(),
    };
    finding.help(help)
}

fn with_suggestion(
    finding: Diagnostic,
    hosts: &Hosts<'_>,
    host: &str,
    namespace: &str,
    domain: &str,
) -> Diagnostic {
    let Some((help, service)) = suggestion(hosts, host, namespace, domain) else {
        return finding
            .help("create the Service, or a ServiceEntry for the host if it is outside of the cluster");
    };
    let finding = match place(&service.origin) {
        Some(span) => finding.related(span, format!("provides `{}`", service.host())),
        None => finding,
    };
    finding.help(help)
}

/// What was probably meant: a host with a part missing, the same name in another namespace, a slip of the pen.
fn suggestion<'a>(
    hosts: &Hosts<'a>,
    host: &str,
    namespace: &str,
    domain: &str,
) -> Option<(String, &'a Arc<Service>)> {
    let completed = [format!("{host}.svc.{domain}"), format!("{host}.{domain}")];
    if let Some(service) = completed.iter().find_map(|host| hosts.all.get(host.as_str())) {
        return Some((
            format!("only names without a dot are completed: write `{}`", service.host()),
            service,
        ));
    }
    let own = format!(".{namespace}.svc.{domain}");
    let (short, is_short) = match host.strip_suffix(&own) {
        Some(short) if !short.contains('.') => (short, true),
        _ => (host, false),
    };
    if is_short && let Some([service]) = hosts.by_first_label.get(short).map(Vec::as_slice) {
        let help = format!(
            "`{short}` stands for a Service of namespace `{namespace}`; to reach the one of `{}`, write `{}`",
            service.namespace(),
            service.host()
        );
        return Some((help, service));
    }
    let meant = if is_short {
        let near: BTreeSet<&str> = hosts.all.keys().filter_map(|known| known.strip_suffix(&own)).collect();
        closest(short, near).map(|name| format!("{name}{own}"))
    } else {
        closest(host, hosts.all.keys().copied()).map(str::to_owned)
    }?;
    let service = hosts.all.get(meant.as_str())?;
    let shown = if is_short { meant.strip_suffix(&own).unwrap_or(&meant) } else { &meant };
    Some((format!("did you mean `{shown}`?"), service))
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve, service, virtual_service};

    fn texts(host: &str, more: &str) -> Vec<String> {
        let yaml = [
            service("bookinfo", "reviews", "{name: http, port: 9080}"),
            deployment("bookinfo", "reviews"),
            virtual_service(
                "bookinfo",
                "v",
                &format!("{{hosts: [a.example], http: [{{route: [{{destination: {{host: {host}}}}}]}}]}}"),
            ),
            more.to_owned(),
        ];
        resolve(&yaml.concat()).texts()
    }

    fn entry(spec: &str) -> String {
        istio("networking", "ServiceEntry", "other", "e", spec)
    }

    const PORTS: &str = "ports: [{number: 80, name: http, protocol: HTTP}]";

    #[test]
    fn a_slip_finds_the_service_of_the_namespace() {
        assert_eq!(
            texts("revews", ""),
            [
                "Error unknown-host: no Service or ServiceEntry provides the host `revews.bookinfo.svc.cluster.local`; did you mean `reviews`?"
            ]
        );
    }

    #[test]
    fn a_short_name_is_one_of_the_own_namespace() {
        let found = texts("ratings", &service("other", "ratings", "{name: http, port: 80}"));
        assert!(
            found[0].ends_with("to reach the one of `other`, write `ratings.other.svc.cluster.local`"),
            "{found:?}"
        );
    }

    #[test]
    fn a_name_with_a_dot_is_taken_as_it_is() {
        let found = texts("reviews.bookinfo", "");
        assert!(found[0].ends_with("write `reviews.bookinfo.svc.cluster.local`"), "{found:?}");
    }

    #[test]
    fn a_host_that_is_hidden_from_the_namespace_is_a_warning() {
        let found = texts(
            "b.example",
            &entry(&format!("{{hosts: [b.example], exportTo: [.], resolution: DNS, {PORTS}}}")),
        );
        assert!(
            found[0].starts_with("Warning unknown-host: `b.example` is not exported to namespace `bookinfo`"),
            "{found:?}"
        );
    }

    #[test]
    fn a_wildcard_entry_does_not_provide_single_hosts() {
        let found =
            texts("b.c.example", &entry(&format!("{{hosts: ['*.c.example'], resolution: NONE, {PORTS}}}")));
        assert!(found[0].starts_with("Warning unknown-host: `b.c.example` is only part of"), "{found:?}");
    }

    #[test]
    fn a_mirror_to_nowhere_does_no_harm() {
        let yaml = [
            service("bookinfo", "reviews", "{name: http, port: 9080}"),
            virtual_service(
                "bookinfo",
                "v",
                "{hosts: [a.example], http: [{route: [{destination: {host: reviews}}], mirror: {host: gone}}]}",
            ),
        ];
        let fixture = resolve(&yaml.concat());
        assert!(fixture.texts()[0].starts_with("Warning unknown-host"), "{:?}", fixture.texts());
        assert_eq!(fixture.ends(0), ["gone"]);
    }
}
