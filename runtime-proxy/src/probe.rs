//! The bridge by which probes and hooks of the kubelet reach the application beside the mesh (dataplane.md §4.3).
//!
//! A request is forwarded to the address that the kubelet dialled. Whether a connection or a gRPC call succeeds is found out over and
//! over, and the kubelet is told the outcome of the last try.

mod check;
mod forward;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use meshc_contract::proxy::{ProbeBridge, ProbeKind, ProbeRoute, ProbeTarget, UpstreamTls};
use tokio::net::{TcpSocket, TcpStream};

use crate::admin::{Answer, listen, serve_on, text};
use crate::tls;
use check::Check;

/// Time for a connection to the application.
const CONNECT: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";

/// What is behind a path.
enum Target {
    /// A request is forwarded.
    Forward { port: u16, path: String, tls: bool },
    /// Something is asked over and over.
    Checked(Check),
}

/// Opens the port and answers on it. Runs on a `LocalSet`.
///
/// # Errors
/// If it cannot be bound, or there can be no TLS.
pub(crate) async fn serve(bridge: &ProbeBridge, store: &tls::Store) -> io::Result<()> {
    let listener = listen(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), bridge.port))?;
    let unverified = UpstreamTls {
        istio_mutual: false,
        certificate: None,
        roots: None,
        names: Vec::new(),
        sni: None,
        match_host: false,
        alpn: Vec::new(),
        crl: None,
    };
    let connector = tls::Connector::compile(&unverified, store).map_err(io::Error::other)?;
    let targets: BTreeMap<String, Target> =
        bridge.probes.iter().map(|probe| (path(probe), target(&probe.target))).collect();
    let shared = Rc::new((targets, connector));
    let answer = move |asked: crate::admin::Asked| {
        let shared = Rc::clone(&shared);
        async move {
            let (targets, connector) = &*shared;
            answer(targets, connector, asked.request, asked.local.ip()).await
        }
    };
    serve_on(listener, Rc::new(answer));
    Ok(())
}

/// The path at which the bridge answers for a probe, as Istio's agent has it.
fn path(probe: &ProbeRoute) -> String {
    let ProbeRoute { container, kind, target: _ } = probe;
    match kind {
        ProbeKind::Startup => format!("/app-health/{container}/startupz"),
        ProbeKind::Readiness => format!("/app-health/{container}/readyz"),
        ProbeKind::Liveness => format!("/app-health/{container}/livez"),
        ProbeKind::PostStart => format!("/app-lifecycle/{container}/poststartz"),
        ProbeKind::PreStop => format!("/app-lifecycle/{container}/prestopz"),
    }
}

fn target(target: &ProbeTarget) -> Target {
    match target {
        ProbeTarget::Http { port, path, tls } => {
            Target::Forward { port: *port, path: path.clone(), tls: *tls }
        }
        ProbeTarget::Tcp { port, timing } => Target::Checked(Check::tcp(*port, *timing)),
        ProbeTarget::Grpc { port, service, timing } => Target::Checked(Check::grpc(*port, service, *timing)),
    }
}

async fn answer(
    targets: &BTreeMap<String, Target>,
    connector: &tls::Connector,
    request: Request<Incoming>,
    dialled: IpAddr,
) -> Answer {
    match targets.get(request.uri().path()) {
        None => text(StatusCode::NOT_FOUND, TEXT, "there is no such probe\n".to_owned()),
        Some(Target::Checked(check)) if check.succeeds() => text(StatusCode::OK, TEXT, String::new()),
        Some(Target::Checked(_)) => unavailable("the last try failed"),
        Some(Target::Forward { port, path, tls }) => {
            let address = SocketAddr::new(dialled.to_canonical(), *port);
            let connector = tls.then_some(connector);
            forward::forward(request, address, path, connector)
                .await
                .unwrap_or_else(|error| unavailable(&error))
        }
    }
}

fn unavailable(reason: &str) -> Answer {
    text(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n"))
}

/// Connects to the application from an address whose connections are not captured.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let (socket, source): (TcpSocket, IpAddr) = match address {
        SocketAddr::V4(_) => (TcpSocket::new_v4()?, Ipv4Addr::new(127, 0, 0, 6).into()),
        SocketAddr::V6(_) => (TcpSocket::new_v6()?, Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 6).into()),
    };
    if socket.bind(SocketAddr::new(source, 0)).is_err() {
        // A host that does not have the address captures nothing from it either.
        return TcpStream::connect(address).await;
    }
    socket.connect(address).await
}
