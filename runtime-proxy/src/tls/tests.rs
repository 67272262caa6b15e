//! Handshakes between the two sides, over sockets of this machine, with certificates made for each test.

pub(crate) mod authority;
mod handshake;
mod outside;
mod rotation;
mod strictness;
