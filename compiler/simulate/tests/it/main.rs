//! Walks through compiled plans end as Istio's own simulation says, and as real Envoys do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may fail")]

mod case;
mod compile;
mod expectations;
mod render;
mod scenarios;
mod simulation;
