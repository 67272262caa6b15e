//! Emits proxy after proxy, and every resource that several of them share once.

mod clusters;
mod listeners;
mod route_tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_plan::{BootstrapPlan, Direction, Listener, ProxyPlan, UpstreamName};

use self::clusters::{ClusterList, ClusterListKey};
use self::listeners::{ListenerKey, ListenerReferences, ListenerScope};
use super::check::{Checker, Kind};
use super::emitted_proxy::{EmittedProxy, Table};
use super::references::{ServiceList, UsedUpstreams, of_services};
use super::resource_list::{ResourceList, Text};
use super::secrets::{self, SdsSecret};
use super::tracing::CanonicalNames;
use super::xds::{self, Printed};
use super::{EnvoyOptions, bootstrap, findings};
use crate::json;

/// Emits proxies. Nodes of the plan are told apart by their addresses, so the plan must not change meanwhile.
pub struct Emitter<'p> {
    options: EnvoyOptions,
    checker: Option<Checker>,
    destinations: BTreeMap<usize, BTreeSet<&'p UpstreamName>>,
    tables: BTreeMap<(usize, Vec<UpstreamName>), Table>,
    references: BTreeMap<usize, ListenerReferences<'p>>,
    listeners: BTreeMap<ListenerKey, Text>,
    listener_lists: BTreeMap<Vec<usize>, ResourceList>,
    clusters: BTreeMap<usize, (Text, BTreeSet<SdsSecret>)>,
    cluster_lists: BTreeMap<ClusterListKey<'p>, ClusterList>,
    own: BTreeMap<String, Text>,
    checked_secrets: BTreeSet<SdsSecret>,
}

impl<'p> Emitter<'p> {
    /// An emitter that has seen nothing yet.
    #[must_use]
    pub fn new(options: EnvoyOptions) -> Self {
        Self {
            checker: options.check.then(Checker::default),
            options,
            destinations: BTreeMap::new(),
            tables: BTreeMap::new(),
            references: BTreeMap::new(),
            listeners: BTreeMap::new(),
            listener_lists: BTreeMap::new(),
            clusters: BTreeMap::new(),
            cluster_lists: BTreeMap::new(),
            own: BTreeMap::new(),
            checked_secrets: BTreeSet::new(),
        }
    }

    /// Emits one proxy with everything that its plan has.
    pub fn proxy(&mut self, proxy: &'p ProxyPlan, diagnostics: &mut Diagnostics) -> EmittedProxy {
        self.emit(proxy, None, diagnostics)
    }

    /// Emits one proxy for pods that many proxies have much in common with: without the clusters of services that are not in
    /// use, and with the names of the workload in its environment, [`CANONICAL_SERVICE`](super::CANONICAL_SERVICE) and
    /// [`CANONICAL_REVISION`](super::CANONICAL_REVISION), instead of in its listeners.
    pub fn proxy_in_use(
        &mut self,
        proxy: &'p ProxyPlan,
        used: &UsedUpstreams<'p>,
        diagnostics: &mut Diagnostics,
    ) -> EmittedProxy {
        self.emit(proxy, Some(used), diagnostics)
    }

    fn emit(
        &mut self,
        proxy: &'p ProxyPlan,
        used: Option<&UsedUpstreams<'p>>,
        diagnostics: &mut Diagnostics,
    ) -> EmittedProxy {
        let ProxyPlan {
            workload,
            role,
            labels,
            target: _,
            identity: _,
            listeners,
            route_tables,
            upstreams,
            bootstrap: process,
            origin,
        } = proxy;
        let keep_alpn = self.keep_alpn(upstreams);
        let mut secrets = BTreeSet::new();
        let named = self.named_tables(route_tables, &keep_alpn, diagnostics);
        let canonical_names = match used {
            Some(_) => CanonicalNames::Environment,
            None => CanonicalNames::Stated(labels),
        };
        let scope = ListenerScope { named: &named, keep_alpn: &keep_alpn, canonical_names };
        let mut listener_texts: Vec<Text> = listeners
            .iter()
            .map(|listener| self.listener(listener, &scope, &mut secrets, diagnostics))
            .collect();
        let is_inbound = |listener: &Arc<Listener>| listener.direction == Direction::Inbound;
        let inbound =
            listener_texts.split_off(listeners.iter().position(is_inbound).unwrap_or(listeners.len()));
        let (of_services, special) = of_services(upstreams);
        let services = self.service_clusters(ServiceList::of(proxy), of_services, used, diagnostics);
        secrets.extend(services.secrets.iter().cloned());
        let special_clusters =
            special.iter().map(|upstream| self.cluster(upstream, &mut secrets, diagnostics)).collect();
        secrets.extend(process.upstreams.iter().flat_map(secrets::of_upstream));
        for secret in &secrets {
            self.check_secret(secret, origin, diagnostics);
        }
        let (own_listeners, own_clusters) = self.own_resources(process, origin, diagnostics);
        let shell = bootstrap::bootstrap(workload, *role, process, &self.options);
        EmittedProxy {
            own_listeners,
            own_clusters,
            listeners: self.listener_list(listener_texts),
            inbound_listeners: inbound.into(),
            route_tables: named.into_values().collect(),
            clusters: services.list,
            special_clusters,
            shell: self.shell(&shell, origin, diagnostics),
            secrets,
        }
    }

    /// The listeners and clusters of the process itself.
    fn own_resources(
        &mut self,
        process: &BootstrapPlan,
        origin: &Origin,
        diagnostics: &mut Diagnostics,
    ) -> (Arc<[Text]>, Arc<[Text]>) {
        let own = bootstrap::own_resources(process, &self.options);
        let mut texts = |kind, resources: Vec<Printed>| -> Arc<[Text]> {
            resources.iter().map(|resource| self.own(kind, resource, origin, diagnostics)).collect()
        };
        let listeners = texts(Kind::Listener, own.listeners.iter().map(Printed::of).collect());
        let clusters = texts(Kind::Cluster, own.clusters.iter().map(Printed::of).collect());
        (listeners, clusters)
    }

    /// A listener or cluster of the process itself; there are few different ones.
    fn own(&mut self, kind: Kind, printed: &Printed, origin: &Origin, diagnostics: &mut Diagnostics) -> Text {
        if let Some(known) = self.own.get(printed.text()) {
            return Arc::clone(known);
        }
        self.check(kind, "of the process itself", printed.text(), origin, diagnostics);
        let text: Text = json::layout(printed.text()).into();
        self.own.insert(printed.text().to_owned(), Arc::clone(&text));
        text
    }

    /// The bootstrap up to its static resources: an object without its closing brace.
    fn shell(&mut self, bootstrap: &xds::Bootstrap, origin: &Origin, diagnostics: &mut Diagnostics) -> Text {
        // Proxies differ in their node only, which is free-form: what is checked is checked once.
        let common = Printed::of(&xds::Bootstrap { node: None, ..bootstrap.clone() });
        if !self.own.contains_key(common.text()) {
            self.check(Kind::Bootstrap, "of the process itself", common.text(), origin, diagnostics);
            self.own.insert(common.text().to_owned(), "".into());
        }
        let laid_out = json::layout(Printed::of(bootstrap).text());
        laid_out.strip_suffix("\n}").unwrap_or(&laid_out).into()
    }

    fn check_secret(&mut self, secret: &SdsSecret, origin: &Origin, diagnostics: &mut Diagnostics) {
        if self.checked_secrets.insert(secret.clone()) {
            let printed = Printed::of(&secret.secret());
            self.check(Kind::Secret, &secret.name(), printed.text(), origin, diagnostics);
        }
    }

    fn check(&mut self, kind: Kind, name: &str, text: &str, origin: &Origin, diagnostics: &mut Diagnostics) {
        let problems = self.checker.as_mut().map(|checker| checker.check(kind, text)).unwrap_or_default();
        for problem in problems {
            diagnostics.push(findings::refused(kind, name, &problem, origin));
        }
    }
}
