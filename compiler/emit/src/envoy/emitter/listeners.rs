//! Listeners of proxies: each printed once for all proxies in which it refers to the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{FilterChain, Listener, NetworkFilter, RouteSource, RouteTableName, UpstreamName};

use super::Emitter;
use super::route_tables::relevant;
use crate::envoy::chain::ChainScope;
use crate::envoy::check::Kind;
use crate::envoy::emitted_proxy::Table;
use crate::envoy::resource_list::{ResourceKind, ResourceList, Text};
use crate::envoy::route::{RouteScope, destinations, route_table};
use crate::envoy::secrets::{self, SdsSecret};
use crate::envoy::tracing::{self, CanonicalNames};
use crate::envoy::xds::Printed;
use crate::envoy::{findings, listener, names};
use crate::json;

/// What a listener refers to: its printed form depends on it.
pub(super) struct ListenerReferences<'p> {
    names_workload: bool,
    named: Vec<&'p RouteTableName>,
    inline_destinations: BTreeSet<&'p UpstreamName>,
    secrets: BTreeSet<SdsSecret>,
}

/// A listener, what it says that its workload is called, the printed tables in it, and the upstreams whose ALPN its own tables
/// must keep.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ListenerKey {
    listener: usize,
    workload: Option<WorkloadKey>,
    tables: Vec<usize>,
    keep_alpn: Vec<UpstreamName>,
}

/// Canonical name and revision of a workload; none where its proxy finds them in its environment.
type WorkloadKey = Option<(String, String)>;

/// What the print of a listener depends on beside the listener.
pub(super) struct ListenerScope<'s, 'p> {
    pub(super) named: &'s BTreeMap<&'p RouteTableName, Table>,
    pub(super) keep_alpn: &'s BTreeSet<UpstreamName>,
    pub(super) canonical_names: CanonicalNames<'s>,
}

impl<'p> Emitter<'p> {
    pub(super) fn listener(
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

    /// The list of these listeners.
    pub(super) fn listener_list(&mut self, texts: Vec<Text>) -> ResourceList {
        let key = texts.iter().map(|text| text.as_ptr().addr()).collect();
        let made = || ResourceList::new(ResourceKind::Listeners, texts.into());
        self.listener_lists.entry(key).or_insert_with(made).clone()
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

fn workload_key(names: CanonicalNames<'_>) -> WorkloadKey {
    match names {
        CanonicalNames::Stated(labels) => {
            Some((labels.canonical_service.clone(), labels.canonical_revision.clone()))
        }
        CanonicalNames::Environment => None,
    }
}
