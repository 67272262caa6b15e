//! Which upstream a destination names (translation-spec §2.9.5, §2.10).

use meshc_api::istio::Destination;
use meshc_model::{Resolution, Service};
use meshc_plan::UpstreamName;

use crate::context::ProxyContext;

/// How many ExternalName Services in a row are followed.
const ALIAS_HOPS: usize = 8;

/// Host of a destination; empty where it names none.
pub(crate) fn host(destination: &Destination) -> &str {
    destination.host.as_deref().unwrap_or_default()
}

/// Port that a destination states.
pub(crate) fn stated_port(destination: &Destination) -> Option<u16> {
    destination.port.as_ref().and_then(|port| port.number).and_then(|number| u16::try_from(number).ok())
}

/// The upstream of a destination: the port that it states, else the only port of its service, else the port that is
/// listened on. Hosts of ExternalName Services stand for the host that they name.
pub(crate) fn upstream(
    cx: &ProxyContext<'_>,
    destination: &Destination,
    only_port: Option<u16>,
    listen_port: u16,
) -> UpstreamName {
    let host = host(destination);
    if host.is_empty() {
        return UpstreamName::UnknownService;
    }
    let port = stated_port(destination).or(only_port).unwrap_or(listen_port);
    let subset = destination.subset.clone().filter(|subset| !subset.is_empty());
    UpstreamName::Outbound { port, subset, host: concrete_host(cx, host).to_owned() }
}

/// The only port of a service.
pub(crate) fn only_port(service: &Service) -> Option<u16> {
    match service.ports.as_slice() {
        [port] => Some(port.number),
        _ => None,
    }
}

/// The host that an ExternalName Service stands for, through several of them; every other host itself.
fn concrete_host<'a>(cx: &'a ProxyContext<'_>, host: &'a str) -> &'a str {
    let mut current = host;
    for _ in 0..ALIAS_HOPS {
        let service = cx.scope.service(current).filter(|service| service.resolution == Resolution::Alias);
        match service.and_then(|service| service.external_name.as_deref()) {
            Some(next) => current = next,
            None => return current,
        }
    }
    host
}
