//! One file a command: its flags, and the calls that do its work.

pub(crate) mod build;
pub(crate) mod ca;
pub(crate) mod graph;
pub(crate) mod import;
pub(crate) mod lock;
pub(crate) mod verify;
