//! Starts pods and probes them, as the kubelet does.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::mpsc;

use super::blueprint::{Blueprint, HttpProbe};
use super::{LOOK, Node, PATIENCE, network};
use crate::LiveError;
use crate::echo::{self, Command, Reply};
use crate::exchange::{Exchange, Outcome};
use crate::kubernetes::ProxyProgram;
use crate::pod::{Event, PodSetup, Process, Step};

/// A pod that runs, until this is dropped.
pub(super) struct Pod {
    /// The name that calls use.
    pub(super) name: String,
    pub(super) address: Ipv4Addr,
    pub(super) proxy: Option<ProxyProgram>,
    /// The socket of its application.
    socket: PathBuf,
    _process: Child,
    _stdin: ChildStdin,
}

impl Pod {
    /// Asks the application of the pod.
    pub(super) async fn ask(&self, command: &Command) -> Result<Reply, LiveError> {
        echo::ask(&self.socket, command).await.map_err(LiveError::io("ask", &self.socket))
    }
}

/// Starts a pod and waits until it is ready.
pub(super) async fn start(
    node: Rc<Node>,
    blueprint: Blueprint,
    failed: mpsc::UnboundedSender<String>,
) -> Result<Pod, LiveError> {
    let Blueprint { index, name, setup, startup, readiness, proxy } = blueprint;
    let (mut process, mut stdin, mut events) = spawn(&setup)?;
    expect(&name, &mut events, &Event::Created).await?;
    let id = process.id().ok_or_else(|| LiveError::Scenario(format!("{name}: the pod ended at once")))?;
    network::attach(index, id, setup.address)?;
    go_on(&name, &mut stdin).await?;
    for step in &setup.steps {
        let Step::Stay(Process { name: container, .. }) = step else { continue };
        expect(&name, &mut events, &Event::Started(container.clone())).await?;
        if let Some(probe) = startup.get(container) {
            until_it_succeeds(&name, probe, &mut events).await?;
        }
        go_on(&name, &mut stdin).await?;
    }
    expect(&name, &mut events, &Event::Running).await?;
    let socket = setup.shared.join("socket").join("echo");
    let (sender, pod_name) = (failed, name.clone());
    tokio::task::spawn_local(async move {
        while let Ok(Some(line)) = events.next_line().await {
            if let Ok(Event::Failed { what, why }) = serde_json::from_str(&line) {
                // Nobody listens any more when the run is over, and then pods may end.
                let _ = sender.send(format!("{pod_name}: {what}: {why}"));
            }
        }
    });
    for probe in &readiness {
        probe_until(&name, probe).await?;
    }
    until_listening(&name, &socket, &mut process).await?;
    node.set_ready(setup.address);
    Ok(Pod { name, address: setup.address, proxy, socket, _process: process, _stdin: stdin })
}

type Events = Lines<BufReader<ChildStdout>>;

fn spawn(setup: &PodSetup) -> Result<(Child, ChildStdin, Events), LiveError> {
    let file = setup.shared.join("setup.json");
    let text = serde_json::to_string(setup).map_err(|error| LiveError::invalid(&file, error))?;
    fs::write(&file, text).map_err(LiveError::io("write", &file))?;
    let log = setup.shared.join("logs").join("pod.log");
    let log_file = fs::File::create(&log).map_err(LiveError::io("create", &log))?;
    let failed = |message: String| LiveError::Program { program: format!("pod {}", setup.name), message };
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let mut process = tokio::process::Command::new("unshare")
        .args(["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "--"])
        .arg(program)
        .arg("pod")
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log_file)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    match (process.stdin.take(), process.stdout.take()) {
        (Some(stdin), Some(stdout)) => Ok((process, stdin, BufReader::new(stdout).lines())),
        _ => Err(failed("its pipes are missing".to_owned())),
    }
}

async fn expect(name: &str, events: &mut Events, expected: &Event) -> Result<(), LiveError> {
    let line = tokio::time::timeout(PATIENCE, events.next_line()).await;
    let problem = match line {
        Err(_) => return Err(deadline(format!("{name}: {expected:?}"))),
        Ok(Ok(Some(line))) => match serde_json::from_str::<Event>(&line) {
            Ok(event) if event == *expected => return Ok(()),
            Ok(Event::Failed { what, why }) => format!("{what}: {why}"),
            Ok(event) => format!("said {event:?} instead of {expected:?}"),
            Err(error) => format!("said `{line}`: {error}"),
        },
        Ok(Ok(None)) => "ended before its containers were started".to_owned(),
        Ok(Err(error)) => error.to_string(),
    };
    Err(LiveError::Scenario(format!("{name}: {problem}")))
}

async fn go_on(name: &str, stdin: &mut ChildStdin) -> Result<(), LiveError> {
    let sent = async {
        stdin.write_all(b"\n").await?;
        stdin.flush().await
    };
    sent.await.map_err(|error| LiveError::Scenario(format!("{name}: {error}")))
}

fn deadline(what: String) -> LiveError {
    LiveError::Deadline { seconds: PATIENCE.as_secs(), what }
}

async fn until_it_succeeds(name: &str, probe: &HttpProbe, events: &mut Events) -> Result<(), LiveError> {
    // A container that ends says so; without that, its probe would be waited for in vain.
    tokio::select! {
        probed = probe_until(name, probe) => probed,
        line = events.next_line() => {
            let line = line.ok().flatten().unwrap_or_else(|| "the pod ended".to_owned());
            Err(LiveError::Scenario(match serde_json::from_str(&line) {
                Ok(Event::Failed { what, why }) => format!("{name}: {what}: {why}"),
                _ => format!("{name}: {line}"),
            }))
        }
    }
}

async fn probe_until(name: &str, probe: &HttpProbe) -> Result<(), LiveError> {
    let mut seen = String::from("nothing");
    let probing = async {
        loop {
            let Exchange { outcome, .. } = echo::get(&probe.url).await;
            let good = |status: u16| (200..400).contains(&status);
            if matches!(&outcome, Outcome::Answered(answer) if answer.status.is_some_and(good)) {
                return;
            }
            seen = outcome.to_string();
            tokio::time::sleep(LOOK).await;
        }
    };
    match tokio::time::timeout(PATIENCE, probing).await {
        Ok(()) => Ok(()),
        Err(_) => {
            Err(deadline(format!("{name}: probe of {} at {}, which gave {seen}", probe.container, probe.url)))
        }
    }
}

async fn until_listening(name: &str, socket: &Path, process: &mut Child) -> Result<(), LiveError> {
    let asking = async {
        while echo::ask(socket, &Command::Seen).await.is_err() {
            if let Ok(Some(status)) = process.try_wait() {
                return Err(LiveError::Scenario(format!("{name}: the pod ended: {status}")));
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(done) => done,
        Err(_) => Err(deadline(format!("{name}: its application"))),
    }
}
