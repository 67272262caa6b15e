//! The command line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, ConfigError, Source};
use crate::telemetry::Metrics;
use crate::{log, run};

/// What is wrong with the file or the command line; clap uses it as well.
const USAGE: u8 = 2;

/// The bundled proxy of meshc.
#[derive(Debug, Parser)]
#[command(name = "meshc-proxy", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the proxy until SIGTERM; SIGHUP reads everything again
    Run(RunArgs),
    /// Check a configuration with the files that it names; exit 2 says what is wrong
    Validate(FileArgs),
    /// Print a configuration as this proxy reads it
    Dump(FileArgs),
}

#[derive(Debug, Args)]
struct FileArgs {
    /// The configuration, proxy.json
    #[arg(long, value_name = "FILE", env = "MESHC_PROXY_CONFIG")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    file: FileArgs,
    /// Threads; without it what the configuration says, else the CPU limit of the container, at most 2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    concurrency: Option<u32>,
    /// Where name servers are listed
    #[arg(long, value_name = "FILE", default_value = "/etc/resolv.conf")]
    resolv_conf: PathBuf,
    /// How the log on standard error is written
    #[arg(long, value_enum, default_value_t = log::Format::Json)]
    log_format: log::Format,
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let Cli { command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // It is help or what is wrong; there is nobody else to tell when it cannot be written.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
    };
    match command {
        Command::Run(RunArgs { file, concurrency, resolv_conf, log_format }) => {
            log::choose(log_format);
            let options = run::Options { config: file.config, concurrency, resolv_conf };
            match run::run(&options) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    log::error("the proxy cannot run", &[("error", &error)]);
                    match error {
                        run::RunError::Config(_) => ExitCode::from(USAGE),
                        run::RunError::Io { .. } => ExitCode::FAILURE,
                    }
                }
            }
        }
        Command::Validate(FileArgs { config }) => told(validate(&config), "valid\n"),
        Command::Dump(FileArgs { config }) => match dump(&config) {
            Ok(text) => told(Ok(()), &text),
            Err(error) => told(Err(error), ""),
        },
    }
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read, or says something wrong.
pub(crate) fn load(path: &Path) -> Result<Source, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new("", format!("{} cannot be read: {error}", path.display())))?;
    config::read(&text)
}

fn validate(path: &Path) -> Result<(), ConfigError> {
    config::compile(load(path)?, None, &Metrics::new()).map(|_| ())
}

fn dump(path: &Path) -> Result<String, ConfigError> {
    let Source { config, digest: _ } = load(path)?;
    let text = serde_json::to_string_pretty(&config).map_err(|error| ConfigError::new("", error))?;
    Ok(text + "\n")
}

fn told(outcome: Result<(), ConfigError>, text: &str) -> ExitCode {
    match outcome {
        Ok(()) => match io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "error: {error}");
            ExitCode::from(USAGE)
        }
    }
}
