//! What comes of a request in the mesh: the walk through the proxy of the client, then through that of the server, and through
//! gateways between them.

mod arrive;
mod hosts;
mod next;

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_contract::WorkloadRef;
use meshc_plan::{EndpointAddress, Plan, ProxyPlan};

use crate::call::{Call, CallMode, CallProtocol, CallTls, Dialled, Token};
use crate::request::HttpRequest;
use crate::trace::Trace;
use arrive::Path;

/// A request that somebody makes.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who makes it.
    pub from: Caller,
    /// Host of its URL, as the client would look it up (`reviews`, `reviews.prod`, `example.com`).
    pub host: String,
    /// Port of its URL.
    pub port: u16,
    /// Whether the client itself speaks TLS (`https`, `tls`).
    pub tls: bool,
    /// What it speaks.
    pub protocol: CallProtocol,
    /// What it connects to.
    pub connect: Connect,
    /// HTTP method.
    pub method: String,
    /// Path with its query.
    pub path: String,
    /// Headers; `host` replaces that of the URL.
    pub headers: BTreeMap<String, String>,
    /// A token that it carries.
    pub token: Option<Token>,
    /// Addresses of hosts, as far as they are known: the ClusterIP of a Service, the address of an external host. A host that
    /// is not here resolves to an address that no listener names.
    pub addresses: BTreeMap<String, IpAddr>,
}

impl Request {
    /// `GET /` over HTTP/1.1 to a host.
    #[must_use]
    pub fn new(from: Caller, host: &str, port: u16) -> Self {
        Self {
            from,
            host: host.to_owned(),
            port,
            tls: false,
            protocol: CallProtocol::Http1,
            connect: Connect::Url,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            token: None,
            addresses: BTreeMap::new(),
        }
    }
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The application of a workload.
    Workload(WorkloadRef),
    /// Somebody without a proxy.
    Outside,
}

/// What a client connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connect {
    /// The host of the URL.
    Url,
    /// Another host, at the port of the URL.
    Host(String),
    /// A pod of a workload, at the port of the URL.
    Pod(WorkloadRef),
}

/// One way in which a request may end.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<'p> {
    /// Its share, between 0 and 1. Workloads behind one name count alike: how many pods they have is not in a plan.
    pub share: f64,
    /// The proxies that it passes, in order.
    pub hops: Vec<Hop<'p>>,
    /// How it ends.
    pub end: End,
}

/// One proxy on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop<'p> {
    /// The workload of the proxy.
    pub at: &'p WorkloadRef,
    /// The walk through it.
    pub trace: Trace<'p>,
}

/// How a request ends.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It reaches an application.
    Served {
        /// Whose.
        by: Server,
        /// The request that arrives; `None` for bytes.
        request: Option<HttpRequest>,
    },
    /// A proxy answers.
    Answered {
        /// HTTP status; 200 for every answer to gRPC.
        status: u32,
        /// gRPC status of an answer to gRPC.
        grpc_status: Option<u32>,
        /// `location` of a redirect.
        location: Option<String>,
    },
    /// The connection is closed before anything answers.
    Closed,
    /// It is sent in a circle.
    Loops,
}

/// An application that a request reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// That of a workload with a proxy.
    Workload(WorkloadRef),
    /// Whatever is at an endpoint; the plan knows no workload there.
    Endpoint(EndpointAddress),
    /// Whatever is at the address that was dialled.
    Dialled,
}

/// All ways in which a request may end.
#[must_use]
pub fn predict<'p>(plan: &'p Plan, request: &Request) -> Vec<Outcome<'p>> {
    let call = first_call(plan, request);
    let path = Path { plan, request, share: 1.0, hops: Vec::new() };
    match caller(plan, request) {
        Some(proxy) => path.through(proxy, Call { identity: Some(proxy.identity.clone()), ..call }),
        None => path.dialled(&call),
    }
}

/// The proxy of the client, if its connections pass through it.
fn caller<'p>(plan: &'p Plan, request: &Request) -> Option<&'p ProxyPlan> {
    match &request.from {
        Caller::Workload(workload) => plan.proxies.get(workload),
        Caller::Outside => None,
    }
}

/// The call that the client makes.
fn first_call(plan: &Plan, request: &Request) -> Call {
    let usual = if request.tls { 443 } else { 80 };
    let authority = if request.port == usual {
        request.host.clone()
    } else {
        format!("{}:{}", request.host, request.port)
    };
    let stated = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"));
    let others = request.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    let connects_to = match &request.connect {
        Connect::Url => Some(&request.host),
        Connect::Host(host) => Some(host),
        Connect::Pod(_) => None,
    };
    let address = connects_to.and_then(|host| hosts::address(plan, request, host));
    Call {
        mode: CallMode::Outbound,
        dialled: address.map_or(Dialled::Anything, Dialled::Ip),
        port: request.port,
        protocol: request.protocol,
        tls: if request.tls { CallTls::Tls } else { CallTls::Plaintext },
        server_name: request.tls.then(|| request.host.clone()),
        alpn: match request.protocol {
            CallProtocol::Http1 if request.tls => vec!["http/1.1".to_owned()],
            CallProtocol::Http2 if request.tls => vec!["h2".to_owned()],
            _ => Vec::new(),
        },
        identity: None,
        source: None,
        method: request.method.clone(),
        host: Some(stated.map_or(authority, |(_, host)| host.clone())),
        path: request.path.clone(),
        headers: others.map(|(name, value)| (name.clone(), value.clone())).collect(),
        token: request.token.clone(),
    }
}
