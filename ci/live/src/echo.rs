//! Our application: it answers with what it saw, calls what it is told to call, and fails when it is told to. It also makes
//! the calls of a scenario, because a call is captured only if the application's own process makes it.
//!
//! It is one process in the pod, which runs as the application's user. The harness speaks to it through a Unix socket in a
//! mounted folder, which neither the pod's network nor its capture rules see.

mod call;
mod client;
mod config;
mod connect;
mod control;
mod cookies;
mod http;
mod record;
mod tcp;
mod tls;
mod url;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use tokio::net::{TcpListener, UnixListener};
use tokio::task::LocalSet;

pub(crate) use call::{Call, KEPT_BODY, Protocol};
pub use config::{EchoConfig, EchoFault, EchoPath, EchoPort, EchoProtocol, EchoTls};
pub(crate) use control::{Command, Reply, ask};
pub(crate) use record::Seen;

use crate::LiveError;
use crate::exchange::{Exchange, FailureKind, Outcome};
use record::Record;

/// One running application.
struct Application {
    config: EchoConfig,
    record: Record,
    client: Rc<client::Client>,
}

/// Runs the application of a configuration file and listens to the harness on a socket, until it is killed.
pub(crate) fn run(config: &Path, socket: &Path) -> Result<(), LiveError> {
    let text = std::fs::read_to_string(config).map_err(LiveError::io("read", config))?;
    let parsed: EchoConfig =
        serde_json::from_str(&text).map_err(|error| LiveError::invalid(config, error))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LiveError::io("start the runtime of", config))?;
    LocalSet::new().block_on(&runtime, serve(parsed, socket))
}

async fn serve(config: EchoConfig, socket: &Path) -> Result<(), LiveError> {
    let ports = config.ports.clone();
    let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let application = Rc::new(Application { config, record: Record::default(), client: Rc::default() });
    for EchoPort { port, protocol } in ports {
        let listener = TcpListener::bind(("0.0.0.0", port))
            .await
            .map_err(|source| LiveError::Scenario(format!("cannot listen on port {port}: {source}")))?;
        let (application, tls) = (Rc::clone(&application), tls.clone());
        tokio::task::spawn_local(async move {
            match protocol {
                EchoProtocol::Http => http::serve(listener, None, application).await,
                EchoProtocol::Https => http::serve(listener, tls, application).await,
                EchoProtocol::Tcp => tcp::serve(listener, application).await,
            }
        });
    }
    // The socket is the sign that everything listens, so it comes last.
    let listener = UnixListener::bind(socket).map_err(LiveError::io("listen on", socket))?;
    control::serve(listener, application).await;
    Ok(())
}

/// Gets a URL on behalf of the node, over a connection of its own.
pub(crate) async fn get(url: &str) -> Exchange {
    let call = Call { new_connections: true, ..Call::get(url.to_owned(), BTreeMap::new()) };
    let failed =
        || Exchange { elapsed_ms: 0, outcome: Outcome::failed(FailureKind::Other, "no call was made") };
    Rc::new(client::Client::default()).call(call).await.pop().unwrap_or_else(failed)
}
