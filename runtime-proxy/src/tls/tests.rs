//! Handshakes between the two sides, over sockets of this machine, with certificates made for each test.

mod authority;
mod handshake;
mod rotation;
