//! A request on its way from proxy to proxy.

use meshc_plan::{Discovery, EndpointAddress, Plan, ProxyPlan, ProxyRole, UpstreamName};

use super::hosts::{self, Place, Who};
use super::next::{self, Payload, Sender};
use super::{Connect, End, Hop, Outcome, Request, Server};
use crate::call::{Call, CallMode, CallProtocol, CallTls};
use crate::request::HttpRequest;
use crate::tls::Transport;
use crate::trace::Trace;
use crate::verdict::{AbortStatus, Destination, Failure, Verdict};
use crate::{forward, simulate};

/// The longest way that is followed; a longer one is taken for a circle.
const LONGEST: usize = 8;

/// The way so far.
#[derive(Debug, Clone)]
pub(super) struct Path<'p, 'r> {
    pub(super) plan: &'p Plan,
    pub(super) request: &'r Request,
    pub(super) share: f64,
    pub(super) hops: Vec<Hop<'p>>,
}

impl<'p> Path<'p, '_> {
    /// A connection that no proxy captures.
    pub(super) fn dialled(self, call: &Call) -> Vec<Outcome<'p>> {
        let places = match &self.request.connect {
            Connect::Url => hosts::behind(self.plan, self.request, &self.request.host, call.port),
            Connect::Host(host) => hosts::behind(self.plan, self.request, host, call.port),
            Connect::Pod(workload) => {
                hosts::of_workload(self.plan, workload, call.port).into_iter().collect()
            }
        };
        if places.is_empty() {
            return self.served(Server::Dialled, call);
        }
        self.spread(&places, |place| Call { port: place.port, ..call.clone() })
    }

    /// A walk through a proxy, and on.
    pub(super) fn through(mut self, proxy: &'p ProxyPlan, call: Call) -> Vec<Outcome<'p>> {
        if self.hops.len() >= LONGEST {
            return self.end(End::Loops);
        }
        let trace = simulate(proxy, &call);
        self.hops.push(Hop { at: &proxy.workload, trace: trace.clone() });
        let mut outcomes = Vec::new();
        if let Some((share, status)) = trace.abort().filter(|(share, _)| *share > 0.0 && *share < 1.0) {
            outcomes.extend(self.clone().with_share(share).end(aborted(&call, status)));
            self.share *= 1.0 - share;
        }
        outcomes.extend(self.on(proxy, &call, &trace));
        outcomes
    }

    fn on(self, proxy: &'p ProxyPlan, call: &Call, trace: &Trace<'p>) -> Vec<Outcome<'p>> {
        let answered = |status: u32, location: Option<String>| answered(call, status, location);
        match &trace.verdict {
            Verdict::Tcp(destinations) => {
                let payload = Payload::Bytes(transport(call, trace));
                destinations.iter().flat_map(|to| self.clone().to(proxy, call, to, &payload)).collect()
            }
            Verdict::Http { destinations, forward, request } => {
                let sent = |index: usize| match (trace.route(), forward.upstreams.get(index)) {
                    (Some(route), Some(weighted)) => forward::forwarded(route, forward, weighted, request),
                    _ => (**request).clone(),
                };
                destinations
                    .iter()
                    .enumerate()
                    .flat_map(|(index, to)| {
                        if to.upstream.is_none() {
                            let status = if forward.unknown_upstream_is_500 { 500 } else { 503 };
                            return self.clone().with_share(to.share).end(answered(status, None));
                        }
                        self.clone().to(proxy, call, to, &Payload::Http(Box::new(sent(index))))
                    })
                    .collect()
            }
            Verdict::Redirected { status, location, redirect: _ } => {
                self.end(answered(u32::from(*status), Some(location.clone())))
            }
            Verdict::RedirectedToHttps { location } => self.end(answered(301, Some(location.clone()))),
            Verdict::RedirectedToPlainPath { location } => self.end(answered(307, Some(location.clone()))),
            Verdict::Answered { status, body: _ } => self.end(answered(*status, None)),
            Verdict::Aborted(status) => self.end(aborted(call, *status)),
            Verdict::Preflight => self.end(answered(200, None)),
            Verdict::Denied { http: true, .. } => self.end(answered(403, None)),
            Verdict::Denied { .. } => self.end(End::Closed),
            Verdict::Unauthenticated => self.end(answered(401, None)),
            Verdict::Failed(failure) => self.failed(*failure, call),
        }
    }

    fn failed(self, failure: Failure, call: &Call) -> Vec<Outcome<'p>> {
        let answered = |status: u32| answered(call, status, None);
        match failure {
            // Nothing captures the connection.
            Failure::NoListener if call.mode == CallMode::Outbound => self.dialled(call),
            Failure::BadRequest => self.end(answered(400)),
            Failure::NoRouteTable | Failure::NoVirtualHost | Failure::NoRoute => self.end(answered(404)),
            Failure::NoAction => self.end(answered(500)),
            Failure::NoListener
            | Failure::NoFilterChain
            | Failure::MultipleFilterChains
            | Failure::NoTerminalFilter
            | Failure::TlsError
            | Failure::MtlsError
            | Failure::ProtocolError => self.end(End::Closed),
        }
    }

    /// From a proxy to one of its destinations.
    fn to(
        self,
        proxy: &'p ProxyPlan,
        call: &Call,
        to: &Destination<'p>,
        payload: &Payload,
    ) -> Vec<Outcome<'p>> {
        let path = self.with_share(to.share);
        let nobody = match payload {
            Payload::Http(_) => answered(call, 503, None),
            Payload::Bytes(_) => End::Closed,
        };
        let sender = Sender { identity: &proxy.identity, call };
        let Some(upstream) = to.upstream else { return path.end(nobody) };
        if matches!(to.name, UpstreamName::Inbound { .. } | UpstreamName::InboundPassthrough) {
            let request = if let Payload::Http(request) = payload { Some((**request).clone()) } else { None };
            return path.end(End::Served { by: Server::Workload(proxy.workload.clone()), request });
        }
        let places = match (&upstream.discovery, payload) {
            (Discovery::OriginalDestination { .. }, _) => {
                let next = next::call(sender, upstream, true, call.port, payload);
                return path.dialled(&next);
            }
            (Discovery::DynamicForwardProxy { .. }, Payload::Http(request)) => {
                let host = meshc_contract::traffic::host::without_port(&request.authority);
                let port = call.port;
                vec![Place {
                    who: Who::Endpoint(EndpointAddress::Name(host.to_owned(), port)),
                    port,
                    mtls: false,
                }]
            }
            _ => hosts::endpoints(path.plan, upstream),
        };
        if places.is_empty() {
            return path.end(nobody);
        }
        path.spread(&places, |place| next::call(sender, upstream, place.mtls, place.port, payload))
    }

    /// To each of several places alike.
    fn spread(self, places: &[Place<'p>], call: impl Fn(&Place<'p>) -> Call) -> Vec<Outcome<'p>> {
        let count = f64::from(u32::try_from(places.len()).unwrap_or(u32::MAX));
        let one = |place: &Place<'p>| {
            let path = self.clone().with_share(1.0 / count);
            let call = call(place);
            match &place.who {
                Who::Endpoint(address) => path.served(Server::Endpoint(address.clone()), &call),
                Who::Proxy(proxy) => {
                    let mode = match proxy.role {
                        ProxyRole::Sidecar => CallMode::Inbound,
                        ProxyRole::Gateway => CallMode::Gateway,
                    };
                    path.through(proxy, Call { mode, ..call })
                }
            }
        };
        places.iter().flat_map(one).collect()
    }

    /// An application without a proxy gets what is sent.
    fn served(self, by: Server, call: &Call) -> Vec<Outcome<'p>> {
        let request = (call.protocol != CallProtocol::Tcp).then(|| HttpRequest::sent(call));
        self.end(End::Served { by, request })
    }

    fn with_share(self, share: f64) -> Self {
        Self { share: self.share * share, ..self }
    }

    fn end(self, end: End) -> Vec<Outcome<'p>> {
        let Self { plan: _, request: _, share, hops } = self;
        vec![Outcome { share, hops, end }]
    }
}

/// An answer of a proxy. To gRPC every answer is 200, with a gRPC status that stands for the HTTP status.
fn answered(call: &Call, status: u32, location: Option<String>) -> End {
    if !is_grpc(call) {
        return End::Answered { status, grpc_status: None, location };
    }
    let grpc = match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    };
    End::Answered { status: 200, grpc_status: Some(grpc), location }
}

fn aborted(call: &Call, status: AbortStatus) -> End {
    match (answered(call, status.http, None), status.grpc) {
        (End::Answered { status, grpc_status: Some(_), location }, Some(grpc)) => {
            End::Answered { status, grpc_status: Some(grpc), location }
        }
        (end, _) => end,
    }
}

fn is_grpc(call: &Call) -> bool {
    let is_grpc = |value: &str| value == "application/grpc" || value.starts_with("application/grpc+");
    call.headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("content-type") && is_grpc(value))
}

/// How the bytes of a connection come out of a proxy.
fn transport(call: &Call, trace: &Trace<'_>) -> Transport {
    let terminated = trace.chain().is_some_and(|chain| chain.tls.is_some());
    match (&call.tls, terminated) {
        (CallTls::Plaintext, _) => Transport::Plain,
        (_, true) => Transport::Terminated { mutual: false },
        (_, false) => Transport::Opaque,
    }
}
