//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::log::LogFormat;
use crate::source::Source;

/// Delivers what `meshc build` wrote to a cluster: verified, in order, waited for, pruned, and rolled back when it fails.
#[derive(Debug, Parser)]
#[command(name = "meshc-agent", version, propagate_version = true, args_override_self = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// How log lines on stderr look.
    #[arg(long, global = true, value_enum, default_value = "json", env = "MESHC_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Deliver a release once.
    Push(PushArgs),
    /// Show what a push would change, without changing anything. Exit 1 when there is something.
    Diff(DiffArgs),
    /// Deliver each new release of a source, and repair drift, until stopped.
    Run(RunArgs),
    /// Write a release folder into an OCI image layout.
    Pack(PackArgs),
}

/// Arguments of `push`.
#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Ask the API server what would come of it, show the difference, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// How often the source is looked at for another release.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) poll: Duration,
    /// How often an unchanged release is applied again, which repairs what others changed.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) drift_interval: Duration,
    /// Longest pause after failures; the pause starts at one second and doubles.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub(crate) max_backoff: Duration,
    /// Where `/metrics`, `/healthz` and `/readyz` answer.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9467")]
    pub(crate) listen: SocketAddr,
}

/// Arguments of `pack`.
#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// Output folder of `meshc build`.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The layout to write, `oci:FOLDER[:TAG]`.
    #[arg(value_name = "LAYOUT")]
    pub(crate) layout: Source,
}

/// What is delivered, where to, and how carefully.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeliveryArgs {
    /// The release: an output folder of `meshc build`, or `oci:LAYOUT[:TAG]`.
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Source,
    /// The kubeconfig; otherwise $KUBECONFIG, ~/.kube/config, or the service account of the pod.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig; otherwise its current one.
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Namespace of the agent's own state; otherwise that of the context. It must exist.
    #[arg(long, short, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Name of the ApplySet, the ConfigMap that stands for everything that was applied; otherwise `meshc-<mesh>`.
    #[arg(long, value_name = "NAME")]
    pub(crate) apply_set: Option<String>,
    /// The name under which the API server records which fields are ours.
    #[arg(long, value_name = "NAME", default_value = "meshc-push")]
    pub(crate) field_manager: String,
    /// How long workloads may take until they are rolled out.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    pub(crate) wait_timeout: Duration,
    /// Take fields that other managers own.
    #[arg(long)]
    pub(crate) force_conflicts: bool,
    /// Prune namespaces, custom resource definitions and volume claims too, with everything in them.
    #[arg(long)]
    pub(crate) prune_dangerous: bool,
    /// Refuse to prune more than this part of what was applied.
    #[arg(long, value_name = "PERCENT", default_value = "30", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) max_prune_percent: u8,
    /// Leave what was applied as it is when the run fails.
    #[arg(long)]
    pub(crate) no_rollback: bool,
}

/// Whole seconds, minutes or hours: `90s`, `5m`, `1h`; also `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let count: u64 = digits.parse().map_err(|_| format!("`{text}` is not a duration such as 90s or 5m"))?;
    let milliseconds = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{text}` ends in none of ms, s, m, h")),
    };
    match count.checked_mul(milliseconds) {
        Some(0) | None => Err(format!("`{text}` is out of range")),
        Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory as _;

    use super::{Cli, duration};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        assert!(Cli::command().get_subcommands().count() >= 4);
    }

    #[test]
    fn durations_have_a_unit_and_are_more_than_none() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "5", "0s", "m", "-1s", "1.5s", "99999999999999999999s", "1d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
