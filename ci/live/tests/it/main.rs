//! Real Envoys, real capture rules, real certificates: the harness itself, then every scenario.

mod handmade;
mod machine;
mod scenarios;
