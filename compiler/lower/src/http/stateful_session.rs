//! Persistent sessions: labels of a service by which its clients stay with one endpoint (translation-spec §2.8.5).

use meshc_api::IstiodFeatures;
use meshc_api::istio::HttpRouteDestination;
use meshc_model::Service;
use meshc_plan::StatefulSession;

use super::destination;
use super::forward::weight;

/// Path of a cookie whose label states none.
const DEFAULT_PATH: &str = "/";

/// How clients of a service say which endpoint they had, if `PILOT_ENABLE_PERSISTENT_SESSION_FILTER` is set and a label asks for
/// it. The label of the cookie is `name` or `name:/path`, and comes before the one of the header.
pub(crate) fn stateful_session(features: &IstiodFeatures, service: &Service) -> Option<StatefulSession> {
    if !features.enable_persistent_session_filter {
        return None;
    }
    let cookie = || {
        let stated = label(service, &features.persistent_session_label)?;
        let (name, path) = stated.split_once(':').unwrap_or((stated, DEFAULT_PATH));
        Some(StatefulSession::Cookie { name: name.to_owned(), path: path.to_owned() })
    };
    let header = || {
        let name = label(service, &features.persistent_session_header_label)?;
        Some(StatefulSession::Header { name: name.to_owned() })
    };
    cookie().or_else(header)
}

/// Whether requests of sessions reach endpoints that take no new ones. As in istiod, the labels say so and no flag.
pub(crate) fn reaches_draining(features: &IstiodFeatures, service: &Service) -> bool {
    let labels = [&features.persistent_session_label, &features.persistent_session_header_label];
    labels.iter().any(|name| label(service, name).is_some())
}

/// Sessions of a route: those of its first destination that has some.
pub(super) fn of_destinations(
    destinations: &[HttpRouteDestination],
    session: &dyn Fn(&str) -> Option<StatefulSession>,
) -> Option<StatefulSession> {
    let only = destinations.len() == 1;
    let counted = destinations.iter().filter(|stated| only || weight(stated.weight).is_some());
    counted.filter_map(|stated| stated.destination.as_ref()).find_map(|to| session(destination::host(to)))
}

fn label<'a>(service: &'a Service, name: &str) -> Option<&'a str> {
    service.labels.get(name).map(String::as_str).filter(|value| !value.is_empty())
}
