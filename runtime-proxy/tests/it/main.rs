//! The real binary on the loopback address.
#![cfg(test)]

mod admin;
mod command;
mod http;
mod limits;
mod malformed;
mod probes;
mod proxy;
mod reload;
mod routing;
mod tcp;
mod tls_transport;
