//! Emits proxy after proxy, and every resource that several of them share once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_plan::{
    FilterChain, Listener, NetworkFilter, ProxyPlan, RouteSource, RouteTable, RouteTableName, Upstream,
    UpstreamName,
};

use super::chain::ChainScope;
use super::check::{Checker, Kind};
use super::emitted_proxy::{EmittedProxy, Text};
use super::route::{RouteScope, destinations, route_table};
use super::secrets::{self, SdsSecret};
use super::xds::{self, Printed};
use super::{EnvoyFlavor, EnvoyOptions, alpn, bootstrap, cluster, findings, listener, names};
use crate::json;

/// Emits proxies. Nodes of the plan are told apart by their addresses, so the plan must not change meanwhile.
pub struct Emitter<'p> {
    options: EnvoyOptions,
    checker: Option<Checker>,
    destinations: BTreeMap<usize, BTreeSet<&'p UpstreamName>>,
    tables: BTreeMap<(usize, Vec<UpstreamName>), Table>,
    references: BTreeMap<usize, ListenerReferences<'p>>,
    listeners: BTreeMap<ListenerKey, Text>,
    clusters: BTreeMap<usize, (Text, BTreeSet<SdsSecret>)>,
    own: BTreeMap<String, Text>,
    checked_secrets: BTreeSet<SdsSecret>,
}

/// A route table, printed to stand inside of a connection manager and laid out to stand alone.
#[derive(Clone)]
struct Table {
    printed: Printed,
    text: Text,
}

/// What a listener refers to: its printed form depends on it.
struct ListenerReferences<'p> {
    named: Vec<&'p RouteTableName>,
    inline_destinations: BTreeSet<&'p UpstreamName>,
    secrets: BTreeSet<SdsSecret>,
}

/// A listener, the printed tables in it, and the upstreams whose ALPN its own tables must keep.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ListenerKey {
    listener: usize,
    tables: Vec<usize>,
    keep_alpn: Vec<UpstreamName>,
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
            clusters: BTreeMap::new(),
            own: BTreeMap::new(),
            checked_secrets: BTreeSet::new(),
        }
    }

    /// Emits one proxy.
    pub fn proxy(&mut self, proxy: &'p ProxyPlan, diagnostics: &mut Diagnostics) -> EmittedProxy {
        let ProxyPlan {
            workload,
            role,
            labels: _,
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
        let listener_texts: Arc<[Text]> = listeners
            .iter()
            .map(|listener| self.listener(listener, &named, &keep_alpn, &mut secrets, diagnostics))
            .collect();
        let cluster_texts: Arc<[Text]> =
            upstreams.iter().map(|upstream| self.cluster(upstream, &mut secrets, diagnostics)).collect();
        let own = bootstrap::own_resources(process, &self.options);
        for secret in &secrets {
            self.check_secret(secret, origin, diagnostics);
        }
        EmittedProxy {
            listeners: listener_texts,
            route_tables: named.into_values().map(|table| table.text).collect(),
            clusters: cluster_texts,
            shell: self.shell(
                &bootstrap::bootstrap(workload, *role, process, &self.options),
                origin,
                diagnostics,
            ),
            own_listeners: own
                .listeners
                .iter()
                .map(|listener| self.own(Kind::Listener, listener, origin, diagnostics))
                .collect(),
            own_clusters: own
                .clusters
                .iter()
                .map(|cluster| self.own(Kind::Cluster, cluster, origin, diagnostics))
                .collect(),
            secrets,
        }
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
        let known = Table { text: json::layout(printed.text()).into(), printed };
        self.tables.insert(key, known.clone());
        known
    }

    fn listener(
        &mut self,
        listener: &'p Arc<Listener>,
        named: &BTreeMap<&RouteTableName, Table>,
        keep_alpn: &BTreeSet<UpstreamName>,
        secrets: &mut BTreeSet<SdsSecret>,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let id = Arc::as_ptr(listener).addr();
        let references = self.references.entry(id).or_insert_with(|| ListenerReferences::of(listener));
        secrets.extend(references.secrets.iter().cloned());
        for name in references.named.iter().filter(|name| !named.contains_key(*name)) {
            diagnostics.push(findings::missing_table(listener, name));
        }
        let tables = references.named.iter().filter_map(|name| named.get(name));
        let key = ListenerKey {
            listener: id,
            tables: tables.map(|table| table.printed.address()).collect(),
            keep_alpn: relevant(keep_alpn, &references.inline_destinations),
        };
        if let Some(known) = self.listeners.get(&key) {
            return Arc::clone(known);
        }
        let printed = self.print_listener(listener, named, keep_alpn);
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

    fn print_listener(
        &self,
        listener: &Listener,
        named: &BTreeMap<&RouteTableName, Table>,
        keep_alpn: &BTreeSet<UpstreamName>,
    ) -> Printed {
        let routes = RouteScope { flavor: self.options.flavor, keep_alpn };
        let scope = ChainScope {
            options: &self.options,
            named: &|name| named.get(name).map(|table| table.printed.clone()),
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
    fn own(
        &mut self,
        kind: Kind,
        resource: &impl serde::Serialize,
        origin: &Origin,
        diagnostics: &mut Diagnostics,
    ) -> Text {
        let printed = Printed::of(resource);
        if let Some(known) = self.own.get(printed.text()) {
            return Arc::clone(known);
        }
        self.check(kind, "of the process itself", printed.text(), origin, diagnostics);
        let text: Text = json::layout(printed.text()).into();
        self.own.insert(printed.text().to_owned(), Arc::clone(&text));
        text
    }

    /// The bootstrap up to its static resources: an object without its closing brace.
    fn shell(
        &mut self,
        bootstrap: &xds::Bootstrap,
        origin: &Origin,
        diagnostics: &mut Diagnostics,
    ) -> String {
        // Proxies differ in their node only, which is free-form: what is checked is checked once.
        let common = Printed::of(&xds::Bootstrap { node: None, ..bootstrap.clone() });
        if !self.own.contains_key(common.text()) {
            self.check(Kind::Bootstrap, "of the process itself", common.text(), origin, diagnostics);
            self.own.insert(common.text().to_owned(), "".into());
        }
        let laid_out = json::layout(Printed::of(bootstrap).text());
        laid_out.strip_suffix("\n}").unwrap_or(&laid_out).to_owned()
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
            named: Vec::new(),
            inline_destinations: BTreeSet::new(),
            secrets: secrets::of_listener(listener),
        };
        let filters = chains.flat_map(|chain: &FilterChain| &chain.filters);
        for filter in filters {
            let NetworkFilter::Http(connection) = filter else { continue };
            match &connection.routes {
                RouteSource::Named(name) => references.named.push(name),
                RouteSource::Inline(table) => references.inline_destinations.extend(destinations(table)),
            }
        }
        references
    }
}

/// The part of a set that a table can reach.
fn relevant(keep_alpn: &BTreeSet<UpstreamName>, reached: &BTreeSet<&UpstreamName>) -> Vec<UpstreamName> {
    keep_alpn.iter().filter(|name| reached.contains(name)).cloned().collect()
}
