//! What is answered to whom.

use http::{Method, StatusCode};

use super::{Admin, Answer, State, dump, scrape, text};

/// Who may ask at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// Whoever is in the pod.
    Operator,
    /// The kubelet.
    Kubelet,
    /// Who scrapes.
    Prometheus,
}

/// Prometheus' text format.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers a request. Envoy's paths have Envoy's meaning.
pub(super) fn answer(admin: &Admin, audience: Audience, method: &Method, path: &str) -> Answer {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let posts = *method == Method::POST;
    match (audience, path) {
        (Audience::Kubelet, "/healthz/ready") | (Audience::Operator, "/ready") if reads => ready(admin),
        (Audience::Prometheus | Audience::Operator, "/stats/prometheus") if reads => {
            text(StatusCode::OK, METRICS, scrape::scrape(admin))
        }
        (Audience::Operator, "/config_dump") if reads => text(StatusCode::OK, JSON, dump::config(admin)),
        (Audience::Operator, "/certs") if reads => text(StatusCode::OK, JSON, dump::certificates(admin)),
        (Audience::Operator, "/server_info") if reads => text(StatusCode::OK, JSON, dump::server(admin)),
        (Audience::Operator, "/quitquitquit") if posts => {
            admin.quit.notify_one();
            text(StatusCode::OK, TEXT, "OK\n".to_owned())
        }
        (
            Audience::Operator,
            "/quitquitquit" | "/ready" | "/stats/prometheus" | "/config_dump" | "/certs" | "/server_info",
        )
        | (Audience::Kubelet, "/healthz/ready")
        | (Audience::Prometheus, "/stats/prometheus") => {
            text(StatusCode::METHOD_NOT_ALLOWED, TEXT, "this path takes another method\n".to_owned())
        }
        _ => text(StatusCode::NOT_FOUND, TEXT, "there is nothing here\n".to_owned()),
    }
}

/// Whether traffic should come: not before names are resolved, and not while draining.
fn ready(admin: &Admin) -> Answer {
    let state = admin.state();
    let status = if state == State::Live { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    text(status, TEXT, format!("{}\n", state.name()))
}
