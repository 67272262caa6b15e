//! The program `meshc-live`. People call `run`; the others are processes that the harness starts.

use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::node::Assignment;
use crate::{Input, LiveError, Report, Requirements, RunOptions, echo, envoy_binary, node, pod, run};

/// Runs a scenario on this machine: every pod a network namespace with its real Envoy.
#[derive(Debug, Parser)]
#[command(name = "meshc-live")]
pub struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile scenarios, start them, make their calls and print the verdicts.
    Run(RunArgs),
    /// The first process of a node.
    #[command(hide = true)]
    Node,
    /// The first process of a pod.
    #[command(hide = true)]
    Pod { setup: PathBuf },
    /// The application of a pod.
    #[command(hide = true)]
    Echo { config: PathBuf, socket: PathBuf },
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Folders with `mesh/` and `traffic.yaml`.
    #[arg(required_unless_present = "manifests", value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Folder of manifests that are compiled already, or of Secrets, instead of scenarios; may be repeated.
    #[arg(long, value_name = "DIR", requires = "traffic", conflicts_with = "scenarios")]
    manifests: Vec<PathBuf>,
    /// The applications and calls that go with --manifests.
    #[arg(long, value_name = "FILE", requires = "manifests")]
    traffic: Option<PathBuf>,
    /// The compiler; by default the one beside this program.
    #[arg(long, value_name = "FILE")]
    meshc: Option<PathBuf>,
    /// Value of `meshc build --target`, to compile for the bundled proxy; may be repeated.
    #[arg(long, value_name = "TARGET")]
    target: Vec<String>,
    /// The bundled proxy; by default the one beside this program, if it is there.
    #[arg(long, value_name = "FILE", env = "MESHC_PROXY_BIN")]
    meshc_proxy: Option<PathBuf>,
    /// Version of Envoy, as ci/setup installs it; may be repeated.
    #[arg(long, value_name = "VERSION", default_value = "1.40.0")]
    envoy_version: Vec<String>,
    /// Keep all that a run writes in this folder: compiled files, logs of the containers.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the program.
#[must_use]
pub fn main(program: Program) -> ExitCode {
    let done = match program.command {
        Command::Run(args) => scenarios(&args),
        Command::Node => serve_as_node(),
        Command::Pod { setup } => pod::run(&setup).map(|()| true),
        Command::Echo { config, socket } => echo::run(&config, &socket).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed terminal is no reason to say more.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(2)
        }
    }
}

fn scenarios(args: &RunArgs) -> Result<bool, LiveError> {
    if let Requirements::Missing(reason) = Requirements::check() {
        return Err(LiveError::Scenario(reason));
    }
    let program = std::env::current_exe().map_err(LiveError::io("find", Path::new("/proc/self/exe")))?;
    let beside = Some(program.with_file_name("meshc-proxy")).filter(|binary| binary.is_file());
    let meshc_proxy = args.meshc_proxy.clone().or(beside);
    let meshc = args.meshc.clone().unwrap_or_else(|| program.with_file_name("meshc"));
    let mut passed = true;
    for (scenario, input, traffic) in inputs(args, &meshc) {
        for version in &args.envoy_version {
            let options = RunOptions {
                scenario: scenario.clone(),
                input: input.clone(),
                traffic: traffic.clone(),
                envoy: envoy_binary(version).map_err(LiveError::Scenario)?,
                meshc_proxy: meshc_proxy.clone(),
                program: program.clone(),
                keep: args.keep.clone(),
            };
            let report = run(&options, &mut tell)?;
            passed &= report.passed();
            let text = if args.json { json(&report) } else { report.table() };
            // Whoever closed the output does not want the rest.
            let _ = io::stdout().write_all(text.as_bytes());
        }
    }
    Ok(passed)
}

/// Name, input and traffic of everything that is to be run.
fn inputs(args: &RunArgs, meshc: &Path) -> Vec<(String, Input, PathBuf)> {
    let named = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let scenario = |folder: &PathBuf| {
        let input =
            Input::Tree { mesh: folder.join("mesh"), meshc: meshc.to_owned(), targets: args.target.clone() };
        (named(folder), input, folder.join("traffic.yaml"))
    };
    match &args.traffic {
        Some(traffic) => {
            let name = traffic.parent().map(named).unwrap_or_default();
            vec![(name, Input::Manifests(args.manifests.clone()), traffic.clone())]
        }
        None => args.scenarios.iter().map(scenario).collect(),
    }
}

fn tell(progress: &str) {
    // A closed terminal is no reason to stop.
    let _ = writeln!(io::stderr(), "{progress}");
}

fn json(report: &Report) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

/// Takes the assignment from standard input, carries it out, and prints the report or why there is none.
fn serve_as_node() -> Result<bool, LiveError> {
    let input = Path::new("standard input");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(LiveError::io("read", input))?;
    let assignment: Assignment =
        serde_json::from_str(&line).map_err(|error| LiveError::invalid(input, error))?;
    std::thread::spawn(end_with_the_harness);
    let reply = node::run(assignment).map_err(|error| error.to_string());
    let text = serde_json::to_string(&reply).map_err(|error| LiveError::invalid(input, error))?;
    io::stdout().write_all(text.as_bytes()).map_err(LiveError::io("write", Path::new("standard output")))?;
    Ok(true)
}

/// Ends the node, and with it every pod, as soon as nobody waits for its report any more.
#[allow(clippy::exit, reason = "the first process of a namespace ends all others by ending, from any thread")]
fn end_with_the_harness() {
    let mut line = String::new();
    while matches!(io::stdin().lock().read_line(&mut line), Ok(length) if length > 0) {}
    std::process::exit(3);
}
