//! The commands: what is read, asked and told.

use std::future::Future;
use std::io::Write as _;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Cli, Command, DeliveryArgs, PackArgs};
use crate::cluster::Cluster;
use crate::error::Error;
use crate::exit::Outcome;
use crate::log::Log;
use crate::push::{self, Options, Report};
use crate::source::Source;
use crate::verify::{Verified, verify};
use crate::{diff, oci, plan, run};

/// Runs a command to its end, or until a signal.
pub(crate) fn run(cli: &Cli) -> Result<Outcome, Error> {
    let log = Log { format: cli.log_format };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Failed(format!("cannot start: {error}")))?;
    runtime.block_on(until_signal(command(&cli.command, log)))
}

async fn command(command: &Command, log: Log) -> Result<Outcome, Error> {
    match command {
        Command::Push(args) if args.dry_run => preview(&args.delivery, log).await.map(|_| Outcome::Clean),
        Command::Push(args) => push(&args.delivery, log).await,
        Command::Diff(args) => preview(&args.delivery, log).await,
        Command::Run(args) => run::run(args, log).await.map(|never| match never {}),
        Command::Pack(args) => pack(args, log),
    }
}

/// Drops what is under way when a signal comes: a delivery may end anywhere.
async fn until_signal(work: impl Future<Output = Result<Outcome, Error>>) -> Result<Outcome, Error> {
    let failed = |error: std::io::Error| Error::Failed(format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::select! {
        outcome = work => outcome,
        _ = terminate.recv() => Ok(Outcome::Signalled(15)),
        _ = interrupt.recv() => Ok(Outcome::Signalled(2)),
    }
}

/// Reads and checks a release. Files are read on another thread.
pub(crate) async fn load(source: &Source, log: Log) -> Result<Verified, Error> {
    log.info("verify", "checking the release", &[]);
    let source = source.clone();
    match tokio::task::spawn_blocking(move || verify(&source.load()?)).await {
        Ok(release) => release,
        Err(error) => Err(Error::Failed(format!("cannot read the release: {error}"))),
    }
}

async fn push(args: &DeliveryArgs, log: Log) -> Result<Outcome, Error> {
    let release = load(&args.source, log).await?;
    let cluster = Cluster::connect(args).await?;
    let set = push::apply_set(&cluster, &release, args);
    let report = push::push(&cluster, &release, &set, &Options::of(args), log).await?;
    let Report { applied, unchanged, pruned } = report;
    log.info("done", "the cluster is as the release says", &[("release", json!(release.digest))]);
    print(&format!("{applied} applied, {unchanged} unchanged, {pruned} pruned\n"))?;
    Ok(Outcome::Clean)
}

/// Shows what a push would change.
async fn preview(args: &DeliveryArgs, log: Log) -> Result<Outcome, Error> {
    let release = load(&args.source, log).await?;
    let cluster = Cluster::connect(args).await?;
    let set = push::apply_set(&cluster, &release, args);
    let plan = plan::plan(&cluster, &Options::of(args).request(&release, &set)).await?;
    print(&diff::render(&plan))?;
    Ok(if plan.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

fn pack(args: &PackArgs, log: Log) -> Result<Outcome, Error> {
    let Source::Oci { layout, tag } = &args.layout else {
        return Err(Error::Failed("name the layout to write as oci:FOLDER or oci:FOLDER:TAG".to_owned()));
    };
    let source = Source::Folder(args.folder.clone());
    log.info("verify", "checking the release", &[]);
    let bundle = source.load()?;
    // What nobody could deliver is not packed.
    verify(&bundle)?;
    let digest = oci::pack(&bundle, layout, tag.as_deref())?;
    print(&format!("{digest}\n"))?;
    Ok(Outcome::Clean)
}

fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Error::Failed(format!("cannot write to stdout: {error}")))
}
