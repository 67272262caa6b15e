//! The model against recordings of a real istiod (`shared/conformance/istiod`).

mod clusters;
mod inbound;
mod proxies;
mod support;
