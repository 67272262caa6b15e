//! Emits proxy after proxy, and every resource that several of them share once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_plan::{
    Direction, FilterChain, Listener, NetworkFilter, ProxyPlan, RouteSource, RouteTable, RouteTableName,
    Upstream, UpstreamName,
};

use super::chain::ChainScope;
use super::check::{Checker, Kind};
use super::emitted_proxy::{EmittedProxy, Table};
use super::references::{ServiceList, UsedUpstreams, of_services};
use super::resource_list::{ResourceKind, ResourceList, Text};
use super::route::{RouteScope, destinations, route_table};
use super::secrets::{self, SdsSecret};
use super::tracing::CanonicalNames;
use super::xds::{self, Printed};
use super::{EnvoyFlavor, EnvoyOptions, alpn, bootstrap, cluster, findings, listener, names, tracing};
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

/// What a listener refers to: its printed form depends on it.
struct ListenerReferences<'p> {
    names_workload: bool,
    named: Vec<&'p RouteTableName>,
    inline_destinations: BTreeSet<&'p UpstreamName>,
    secrets: BTreeSet<SdsSecret>,
}

/// A listener, what it says that its workload is called, the printed tables in it, and the upstreams whose ALPN its own tables
/// must keep.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ListenerKey {
    listener: usize,
    workload: Option<WorkloadKey>,
    tables: Vec<usize>,
    keep_alpn: Vec<UpstreamName>,
}

/// Canonical name and revision of a workload; none where its proxy finds them in its environment.
type WorkloadKey = Option<(String, String)>;

/// Clusters of services, and whether they are all of the list or those in use.
type ClusterListKey<'p> = (ServiceList<'p>, bool);

/// Clusters of services, printed, and the secrets that they need.
#[derive(Clone)]
struct ClusterList {
    list: ResourceList,
    secrets: Arc<BTreeSet<SdsSecret>>,
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
        let mut named: BTreeMap<&RouteTableName, Table> = BTreeMap::new();
        for table in route_tables {
            named.insert(&table.name, self.table(table, &keep_alpn, diagnostics));
        }
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
        let own = bootstrap::own_resources(process, &self.options);
        secrets.extend(process.upstreams.iter().flat_map(secrets::of_upstream));
        for secret in &secrets {
            self.check_secret(secret, origin, diagnostics);
        }
        let shell = bootstrap::bootstrap(workload, *role, process, &self.options);
        let mut own_texts = |kind, resources: Vec<Printed>| -> Arc<[Text]> {
            resources.iter().map(|resource| self.own(kind, resource, origin, diagnostics)).collect()
        };
        EmittedProxy {
            own_listeners: own_texts(Kind::Listener, own.listeners.iter().map(Printed::of).collect()),
            own_clusters: own_texts(Kind::Cluster, own.clusters.iter().map(Printed::of).collect()),
            listeners: self.listener_list(listener_texts),
            inbound_listeners: inbound.into(),
            route_tables: named.into_values().collect(),
            clusters: services.list,
            special_clusters,
            shell: self.shell(&shell, origin, diagnostics),
            secrets,
        }
    }

    /// The list of these listeners.
    fn listener_list(&mut self, texts: Vec<Text>) -> ResourceList {
        let key = texts.iter().map(|text| text.as_ptr().addr()).collect();
        let made = || ResourceList::new(ResourceKind::Listeners, texts.into());
        self.listener_lists.entry(key).or_insert_with(made).clone()
    }

    /// The list of the clusters of services.
    fn service_clusters(
        &mut self,
        list: ServiceList<'p>,
        upstreams: &'p [Arc<Upstream>],
        used: Option<&UsedUpstreams<'p>>,
        diagnostics: &mut Diagnostics,
    ) -> ClusterList {
        let key = (list, used.is_some());
        if let Some(known) = self.cluster_lists.get(&key) {
            return known.clone();
        }
        let names = used.and_then(|used| used.of_list(&key.0));
        let in_use = |upstream: &&'p Arc<Upstream>| names.is_none_or(|names| names.contains(&upstream.name));
        let mut secrets = BTreeSet::new();
        let texts = upstreams
            .iter()
            .filter(in_use)
            .map(|upstream| self.cluster(upstream, &mut secrets, diagnostics))
            .collect();
        let made = ClusterList {
            list: ResourceList::new(ResourceKind::Clusters, texts),
            secrets: Arc::new(secrets),
        };
        self.cluster_lists.insert(key, made.clone());
        made
    }

    /// Upstreams whose ALPN a stock Envoy must be told to keep; Istio's build reads it from the metadata of the cluster.
    fn keep_alpn(&self, upstreams: &[Arc<Upstream>]) -> BTreeSet<UpstreamName> {
        match self.options.flavor {
            EnvoyFlavor::IstioProxy => BTreeSet::new(),
            EnvoyFlavor::Stock => {
                let kept = upstreams.iter().filter(|upstream| alpn::is_kept(&upstream.tls));
                kept.map(|upstream| upstream.name.clone()).collect()
            }
        }
    }

    fn table(
        &mut self,
        table: &'p Arc<RouteTable>,
        keep_alpn: &BTreeSet<UpstreamName>,
        diagnostics: &mut Diagnostics,
    ) -> Table {
        let id = Arc::as_ptr(table).addr();
        let reached = self.destinations.entry(id).or_insert_with(|| destinations(table));
        let key = (id, relevant(keep_alpn, reached));
        if let Some(known) = self.tables.get(&key) {
            return known.clone();
        }
        let printed = Printed::of(&route_table(table, RouteScope { flavor: self.options.flavor, keep_alpn }));
        let name = names::route_table(&table.name);
        self.check(Kind::RouteConfiguration, &name, printed.text(), &table.origin, diagnostics);
        let known = Table::new(printed);
        self.tables.insert(key, known.clone());
        known
    }

    fn listener(
        &mut self,
        listener: &'p Arc<Listener>,
        scope: &ListenerScope<'_, 'p>,
        secrets: &mut BTreeSet<SdsSecret>,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let ListenerScope { named, keep_alpn, canonical_names } = scope;
        let id = Arc::as_ptr(listener).addr();
        let references = self.references.entry(id).or_insert_with(|| ListenerReferences::of(listener));
        secrets.extend(references.secrets.iter().cloned());
        for name in references.named.iter().filter(|name| !named.contains_key(*name)) {
            diagnostics.push(findings::missing_table(listener, name));
        }
        let tables = references.named.iter().filter_map(|name| named.get(name));
        let key = ListenerKey {
            listener: id,
            workload: references.names_workload.then(|| workload_key(*canonical_names)),
            tables: tables.map(|table| table.printed().address()).collect(),
            keep_alpn: relevant(keep_alpn, &references.inline_destinations),
        };
        if let Some(known) = self.listeners.get(&key) {
            return Arc::clone(known);
        }
        let printed = self.print_listener(listener, scope);
        self.check(
            Kind::Listener,
            &names::listener(&listener.name),
            printed.text(),
            &listener.origin,
            diagnostics,
        );
        let text: Text = json::layout(printed.text()).into();
        self.listeners.insert(key, Arc::clone(&text));
        text
    }

    fn print_listener(&self, listener: &Listener, scope: &ListenerScope<'_, 'p>) -> Printed {
        let ListenerScope { named, keep_alpn, canonical_names } = scope;
        let routes = RouteScope { flavor: self.options.flavor, keep_alpn };
        let scope = ChainScope {
            options: &self.options,
            canonical_names: *canonical_names,
            named: &|name| named.get(name).map(|table| table.printed().clone()),
            inline: &|table| Printed::of(&route_table(table, routes)),
        };
        Printed::of(&listener::listener(listener, &scope))
    }

    fn cluster(
        &mut self,
        upstream: &'p Arc<Upstream>,
        secrets: &mut BTreeSet<SdsSecret>,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(upstream).addr();
        if let Some((text, needed)) = self.clusters.get(&id) {
            secrets.extend(needed.iter().cloned());
            return Arc::clone(text);
        }
        let printed = Printed::of(&cluster::cluster(upstream, &self.options));
        self.check(
            Kind::Cluster,
            &names::upstream(&upstream.name),
            printed.text(),
            &upstream.origin,
            diagnostics,
        );
        findings::left_out(upstream, &self.options, diagnostics);
        let text: Text = json::layout(printed.text()).into();
        let needed = secrets::of_upstream(upstream);
        secrets.extend(needed.iter().cloned());
        self.clusters.insert(id, (Arc::clone(&text), needed));
        text
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

impl<'p> ListenerReferences<'p> {
    fn of(listener: &'p Listener) -> Self {
        let chains = listener.chains.iter().chain(&listener.default_chain);
        let mut references = Self {
            names_workload: false,
            named: Vec::new(),
            inline_destinations: BTreeSet::new(),
            secrets: secrets::of_listener(listener),
        };
        let filters = chains.flat_map(|chain: &FilterChain| &chain.filters);
        for filter in filters {
            let NetworkFilter::Http(connection) = filter else { continue };
            references.names_workload |= connection.tracing.as_ref().is_some_and(tracing::names_workload);
            match &connection.routes {
                RouteSource::Named(name) => references.named.push(name),
                RouteSource::Inline(table) => references.inline_destinations.extend(destinations(table)),
            }
        }
        references
    }
}

/// What the print of a listener depends on beside the listener.
struct ListenerScope<'s, 'p> {
    named: &'s BTreeMap<&'p RouteTableName, Table>,
    keep_alpn: &'s BTreeSet<UpstreamName>,
    canonical_names: CanonicalNames<'s>,
}

fn workload_key(names: CanonicalNames<'_>) -> WorkloadKey {
    match names {
        CanonicalNames::Stated(labels) => {
            Some((labels.canonical_service.clone(), labels.canonical_revision.clone()))
        }
        CanonicalNames::Environment => None,
    }
}

/// The part of a set that a table can reach.
fn relevant(keep_alpn: &BTreeSet<UpstreamName>, reached: &BTreeSet<&UpstreamName>) -> Vec<UpstreamName> {
    keep_alpn.iter().filter(|name| reached.contains(name)).cloned().collect()
}
