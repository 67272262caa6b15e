//! The configuration that is in force, compiled from the file.

mod error;

pub(crate) use error::ConfigError;
