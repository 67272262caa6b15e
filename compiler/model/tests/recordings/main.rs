//! The model against recordings of a real istiod (`shared/conformance/istiod`).

mod clusters;
mod endpoints;
mod inbound;
mod proxies;
mod support;
