//! Route tables of proxies: each printed once for all proxies in which its destinations keep their ALPN alike.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_diagnostics::Diagnostics;
use meshc_plan::{RouteTable, RouteTableName, Upstream, UpstreamName};

use super::Emitter;
use crate::envoy::check::Kind;
use crate::envoy::emitted_proxy::Table;
use crate::envoy::route::{RouteScope, destinations, route_table};
use crate::envoy::xds::Printed;
use crate::envoy::{EnvoyFlavor, alpn, names};

impl<'p> Emitter<'p> {
    /// The tables of a proxy by their names.
    pub(super) fn named_tables(
        &mut self,
        tables: &'p [Arc<RouteTable>],
        keep_alpn: &BTreeSet<UpstreamName>,
        diagnostics: &mut Diagnostics,
    ) -> BTreeMap<&'p RouteTableName, Table> {
        let mut named = BTreeMap::new();
        for table in tables {
            named.insert(&table.name, self.table(table, keep_alpn, diagnostics));
        }
        named
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

    /// Upstreams whose ALPN a stock Envoy must be told to keep; Istio's build reads it from the metadata of the cluster.
    pub(super) fn keep_alpn(&self, upstreams: &[Arc<Upstream>]) -> BTreeSet<UpstreamName> {
        match self.options.flavor {
            EnvoyFlavor::IstioProxy => BTreeSet::new(),
            EnvoyFlavor::Stock => {
                let kept = upstreams.iter().filter(|upstream| alpn::is_kept(&upstream.tls));
                kept.map(|upstream| upstream.name.clone()).collect()
            }
        }
    }
}

/// The part of a set that a table can reach.
pub(super) fn relevant(
    keep_alpn: &BTreeSet<UpstreamName>,
    reached: &BTreeSet<&UpstreamName>,
) -> Vec<UpstreamName> {
    keep_alpn.iter().filter(|name| reached.contains(name)).cloned().collect()
}
