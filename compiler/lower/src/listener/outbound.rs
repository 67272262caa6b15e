//! The outbound listeners of a sidecar (translation-spec §2.1–§2.5).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use meshc_diagnostics::{Diagnostics, Origin};
use meshc_model::{EgressScope, Protocol, Resolution, Service};
use meshc_plan::{BindAddress, Capture, Direction, FilterChain, Listener, ListenerTransport};

use super::bind::{Binding, binds_port, service_binding, stated_binding};
use super::conflict;
use super::inspectors::inspectors;
use super::merge::{Arrival, arrival, merge, must_not_mix};
use super::passthrough::passthrough_chain;
use super::port_chains::chains;
use super::request::{Port, Request};
use super::reserved::may_listen;
use super::shared_port::sharing;
use super::unaddressed::{Unaddressed, needs_place};
use super::virtual_outbound::{http_proxy, outbound_port, virtual_outbound};
use crate::context::ProxyContext;

/// All outbound listeners of a sidecar: those of services sorted by name, the HTTP proxy, `virtualOutbound`.
pub(crate) fn listeners(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> Vec<Arc<Listener>> {
    if outbound_port(cx).is_none() {
        return Vec::new();
    }
    let mut outbound = Outbound { cx, entries: BTreeMap::new(), unaddressed: Unaddressed::default() };
    for egress in &cx.scope.egress {
        outbound.add_egress(egress, diags);
    }
    outbound.place_unaddressed(diags);
    let mut listeners: Vec<Listener> =
        outbound.entries.into_iter().filter_map(|(key, entry)| entry.listener(cx, key.port)).collect();
    listeners.sort_by(|a, b| a.name.cmp(&b.name));
    listeners.extend(http_proxy(cx));
    listeners.extend(virtual_outbound(cx));
    listeners.into_iter().map(Arc::new).collect()
}

/// `max_connections_to_accept_per_socket_event` of listeners that bind; no limit if istiod is told 0.
pub(crate) fn max_accepts(cx: &ProxyContext<'_>) -> Option<u32> {
    Some(cx.mesh.features.max_connections_per_socket_event_loop).filter(|limit| *limit > 0)
}

/// A place: only one listener can be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    address: BindAddress,
    port: u16,
}

/// What is at a place.
struct Entry {
    binding: Binding,
    binds_port: bool,
    /// Protocol that decides how others arrive.
    protocol: Protocol,
    chains: Vec<FilterChain>,
    /// Whether an egress listener with a port made it, so that the catch-all listener must leave it alone.
    locked: bool,
    /// Host of the first service.
    owner: String,
    origin: Origin,
}

struct Outbound<'a> {
    cx: &'a ProxyContext<'a>,
    entries: BTreeMap<Key, Entry>,
    unaddressed: Unaddressed<'a>,
}

impl<'a> Outbound<'a> {
    fn add_egress(&mut self, egress: &'a EgressScope, diags: &mut Diagnostics) {
        let listener = egress.listener.as_ref();
        let binds = binds_port(self.cx, listener);
        let binding = stated_binding(self.cx, listener, binds);
        let virtual_services = egress.virtual_services.as_slice();
        if let Some(stated) = listener.and_then(|listener| listener.port.as_ref()) {
            let protocol = stated.protocol.as_deref().map_or(Protocol::Unsupported, Protocol::parse);
            let number = stated.number.and_then(|number| u16::try_from(number).ok()).unwrap_or(0);
            let port = Port { number, name: stated.name.clone().unwrap_or_default(), protocol };
            for service in &egress.services {
                let draft = Draft { service, port: port.clone(), binds_port: binds, virtual_services };
                self.add(draft, binding.clone(), diags);
            }
            return;
        }
        for entry in self.entries.values_mut() {
            entry.locked = true;
        }
        for service in &egress.services {
            for port in &service.ports {
                let port = Port { number: port.number, name: port.name.clone(), protocol: port.protocol };
                let draft = Draft { service, port, binds_port: binds, virtual_services };
                if binding.is_none() && needs_place(self.cx, service, &draft.port) {
                    self.add_unaddressed(draft, diags);
                } else {
                    self.add(draft, binding.clone(), diags);
                }
            }
        }
    }

    /// A service without an address: its known endpoints have listeners of their own, or chains of one listener if istiod is told
    /// so; what is known only at run time waits.
    fn add_unaddressed(&mut self, draft: Draft<'a>, diags: &mut Diagnostics) {
        let service = draft.service;
        for address in super::unaddressed::known_endpoints(self.cx, service, draft.port.number) {
            if self.cx.mesh.features.enable_headless_filter_chain_listener && !draft.port.protocol.is_auto() {
                let binding = Binding::wildcard(self.cx);
                if may_listen(self.cx, &draft, None, &binding, diags) {
                    let single = if address.is_ipv4() { 32 } else { 128 };
                    self.insert(&draft.clone().request(binding, vec![(address, single)], false), diags);
                }
                continue;
            }
            let binding = Binding::to(BindAddress::Ip(address));
            self.add(draft.clone(), Some(binding), diags);
        }
        if super::unaddressed::has_unknown_endpoints(service, draft.port.number) {
            self.unaddressed.add(draft);
        }
    }

    fn place_unaddressed(&mut self, diags: &mut Diagnostics) {
        let wildcard = Binding::wildcard(self.cx);
        for (port, mut drafts) in std::mem::take(&mut self.unaddressed).by_port() {
            drafts.retain(|draft| may_listen(self.cx, draft, None, &wildcard, diags));
            let (named, mut bytes): (Vec<_>, Vec<_>) = drafts
                .into_iter()
                .partition(|draft| draft.port.protocol.is_tls() && draft.service.is_headless());
            for draft in named {
                self.insert(&draft.request(wildcard.clone(), Vec::new(), false), diags);
            }
            let Some(first) = bytes.first() else { continue };
            let key = Key { address: wildcard.primary.clone(), port };
            let present = self.entries.get(&key);
            let alone = present.is_none() && bytes.len() == 1;
            let taken = present
                .filter(|entry| entry.locked || entry.takes_all_bytes())
                .map(|entry| entry.owner.clone());
            let services: Vec<_> = bytes.iter().map(|draft| draft.service).collect();
            match (&taken, services.as_slice()) {
                (None, [only]) => conflict::everything_on_port(only, &first.port, diags),
                (None, [first, others @ ..]) if !sharing(self.cx, port).is_empty() => {
                    conflict::shares_upstream(port, first, others, diags)
                }
                _ => {
                    conflict::cannot_tell_apart(port, &services, taken.as_deref(), diags);
                    continue;
                }
            }
            let request = bytes.swap_remove(0).request(wildcard.clone(), Vec::new(), alone);
            self.insert(&request, diags);
        }
    }

    fn add(&mut self, draft: Draft<'a>, binding: Option<Binding>, diags: &mut Diagnostics) {
        let protocol = draft.port.protocol;
        if draft.service.resolution == Resolution::Alias
            || matches!(protocol, Protocol::Udp | Protocol::Hbone)
        {
            return;
        }
        let stated = binding.as_ref();
        let (binding, networks) = match &binding {
            Some(binding) => (binding.clone(), Vec::new()),
            None if protocol.is_http() => (Binding::wildcard(self.cx), Vec::new()),
            None => service_binding(self.cx, draft.service),
        };
        if !may_listen(self.cx, &draft, stated, &binding, diags) {
            return;
        }
        let request = draft.request(binding, networks, false);
        self.insert(&request, diags);
    }

    fn insert(&mut self, request: &Request<'a>, diags: &mut Diagnostics) {
        let cx = self.cx;
        let key = Key { address: request.binding.primary.clone(), port: request.port.number };
        let present = self.entries.get_mut(&key);
        if present.as_ref().is_some_and(|entry| entry.locked) {
            return;
        }
        let newcomer = request.port.protocol;
        let arrival = arrival(newcomer, present.as_ref().map(|entry| entry.protocol));
        if let Some(entry) = present {
            if arrival == Arrival::SharesRoutes {
                return;
            }
            if arrival != Arrival::Replaces && must_not_mix(newcomer, entry.protocol) {
                conflict::dropped(request.service, &request.port, &entry.owner, diags);
                return;
            }
            if arrival == Arrival::AddsProtocol || arrival == Arrival::AddsChains {
                let chains = chains(cx, request, arrival == Arrival::AddsProtocol);
                if merge(&mut entry.chains, chains) > 0 && entry.owner != request.service.host() {
                    conflict::dropped(request.service, &request.port, &entry.owner, diags);
                }
                if arrival == Arrival::AddsProtocol {
                    entry.protocol = Protocol::Unsupported;
                }
                return;
            }
        }
        let sniffed = newcomer.is_http() && newcomer != Protocol::HttpProxy && request.binding.is_wildcard();
        let entry = Entry {
            binding: request.binding.clone(),
            binds_port: request.binds_port,
            protocol: if sniffed { Protocol::Unsupported } else { newcomer },
            chains: chains(cx, request, true),
            locked: false,
            owner: request.service.host().to_owned(),
            origin: request.service.origin.clone(),
        };
        self.entries.insert(key, entry);
    }
}

/// A port of a service before it is known where its connections arrive.
#[derive(Debug, Clone)]
pub(super) struct Draft<'a> {
    pub(super) service: &'a Service,
    pub(super) port: Port,
    pub(super) binds_port: bool,
    virtual_services: &'a [Arc<meshc_api::Resource<meshc_api::istio::VirtualService>>],
}

impl<'a> Draft<'a> {
    fn request(self, binding: Binding, networks: Vec<super::bind::Network>, alone: bool) -> Request<'a> {
        let Draft { service, port, binds_port, virtual_services } = self;
        Request { service, port, binding, networks, binds_port, alone, virtual_services }
    }
}

impl Entry {
    /// Whether no connection for bytes is left to others.
    fn takes_all_bytes(&self) -> bool {
        self.chains.iter().any(|chain| chain.matches == meshc_plan::ChainMatch::default())
    }

    fn listener(self, cx: &ProxyContext<'_>, port: u16) -> Option<Listener> {
        let Self { binding, binds_port, protocol: _, mut chains, locked: _, owner: _, origin } = self;
        let matches_all = |chain: &FilterChain| chain.matches == meshc_plan::ChainMatch::default();
        let default_chain = match chains.iter().position(matches_all) {
            // A chain that takes everything needs no match if it is the only one.
            Some(_) if chains.len() == 1 => None,
            Some(index) => Some(chains.remove(index)),
            None => Some(passthrough_chain(cx)),
        };
        let filters = inspectors(chains.iter().chain(&default_chain));
        let detection = cx.mesh.config.protocol_detection_timeout.map_or(Duration::ZERO, |time| time.0);
        Some(Listener {
            name: binding.name(port)?,
            bind: binding.bind(port),
            additional: binding.additional(port),
            transport: ListenerTransport::Tcp,
            capture: if binds_port { Capture::Bound } else { Capture::ByOriginalDestination },
            direction: Direction::Outbound,
            filters_timeout: Some(if filters.http_inspector.is_some() { detection } else { Duration::ZERO }),
            filters,
            continue_on_filters_timeout: true,
            exact_balance: binds_port && cx.workload.metadata_flag("OUTBOUND_LISTENER_EXACT_BALANCE"),
            max_accepts_per_event: if binds_port { max_accepts(cx) } else { None },
            buffer_limit: None,
            chains,
            default_chain,
            access_logs: Vec::new(),
            origin,
        })
    }
}
