//! TLS that a chain terminates.

use meshc_plan::{ClientCertificate, DownstreamTls, FilterChain, ProxyPlan, TrustSource};

use crate::call::{Call, CallTls};
use crate::network;
use crate::trace::{Inspected, Step};
use crate::verdict::{Failure, Verdict};

/// How a connection is secured once its chain is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Plain text.
    Plain,
    /// TLS that the proxy does not terminate: its filters see encrypted bytes.
    Opaque,
    /// TLS that the proxy terminates.
    Terminated {
        /// Whether the client presented a certificate.
        mutual: bool,
    },
}

/// Shakes hands and goes on with the filters of the chain.
pub(crate) fn walk<'p>(
    proxy: &'p ProxyPlan,
    chain: &'p FilterChain,
    inspected: &Inspected,
    call: &Call,
    steps: &mut Vec<Step<'p>>,
) -> Verdict<'p> {
    let transport = match &chain.tls {
        None if call.tls == CallTls::Plaintext => Transport::Plain,
        None => Transport::Opaque,
        Some(tls) => match handshake(tls, call) {
            Ok(mutual) => {
                steps.push(Step::Handshake { mutual });
                Transport::Terminated { mutual }
            }
            Err(failure) => return Verdict::Failed(failure),
        },
    };
    network::walk(proxy, chain, transport, inspected, call, steps)
}

/// Whether the client presents a certificate, or why there is no connection.
fn handshake(tls: &DownstreamTls, call: &Call) -> Result<bool, Failure> {
    match &call.tls {
        CallTls::Plaintext => Err(Failure::TlsError),
        CallTls::Tls if tls.client.required => Err(Failure::MtlsError),
        CallTls::Tls => Ok(false),
        CallTls::Mutual { accepts } => {
            let accepted = accepts.as_ref().is_none_or(|source| tls.certificates.contains(source));
            let asked = tls.client.required || tls.client.trust.is_some();
            if accepted && asked && is_welcome(&tls.client, call) {
                Ok(true)
            } else {
                Err(Failure::MtlsError)
            }
        }
    }
}

/// Whether the identity of a client is one that is asked for. Who signed a certificate of another authority is not known here.
fn is_welcome(client: &ClientCertificate, call: &Call) -> bool {
    let Some(identity) = &call.identity else { return true };
    if client.trust != Some(TrustSource::Mesh) || client.names.is_empty() {
        return true;
    }
    let identity = identity.to_string();
    client.names.iter().any(|name| name.matches(&identity))
}
