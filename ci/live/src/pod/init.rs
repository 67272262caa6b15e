//! The first process of a pod.

use std::fs::{self, File};
use std::io::{self, BufRead as _, Write as _};
use std::os::unix::fs::fchown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Event, PodSetup, Process, SHARED, Step, network, root};
use crate::LiveError;

/// How much of a log is told when a container fails.
const TOLD_LOG: usize = 2000;

/// Sets the pod up, starts its containers, and waits until standard input is closed.
pub(crate) fn run(setup: &Path) -> Result<(), LiveError> {
    let text = fs::read_to_string(setup).map_err(LiveError::io("read", setup))?;
    let setup: PodSetup = serde_json::from_str(&text).map_err(|error| LiveError::invalid(setup, error))?;
    tell(&Event::Created);
    if !go_on() {
        return Ok(());
    }
    match start(&setup) {
        Ok(true) => {
            tell(&Event::Running);
            while go_on() {}
        }
        // The harness is gone.
        Ok(false) => {}
        Err(error) => {
            tell(&Event::Failed { what: format!("pod {}", setup.name), why: error.to_string() });
            while go_on() {}
        }
    }
    Ok(())
}

/// Starts everything; false if the harness went away meanwhile.
fn start(setup: &PodSetup) -> Result<bool, LiveError> {
    network::configure(setup)?;
    root::enter(setup)?;
    for step in &setup.steps {
        match step {
            Step::Run(process) => {
                let status = spawn(process)?.wait().map_err(|error| program(process, error))?;
                if !status.success() {
                    return Err(program(process, format_args!("{status}\n{}", log_tail(&process.name))));
                }
            }
            Step::Stay(process) => {
                watch(spawn(process)?, process.name.clone());
                tell(&Event::Started(process.name.clone()));
                if !go_on() {
                    return Ok(false);
                }
            }
        }
    }
    for process in &setup.containers {
        watch(spawn(process)?, process.name.clone());
    }
    Ok(true)
}

/// Sees its first argument as `/etc/hosts`, and runs the fourth and all behind it as the user and group between them.
const PRIVATE_HOSTS: &str = "mount --bind \"$0\" /etc/hosts && uid=$1 gid=$2 && shift 2 && \
                             exec setpriv --reuid=\"$uid\" --regid=\"$gid\" --clear-groups -- \"$@\"";

fn spawn(process: &Process) -> Result<Child, LiveError> {
    let Process { name, program: path, args, env, uid, gid, hosts } = process;
    let log_path = Path::new(SHARED).join("logs").join(format!("{name}.log"));
    let create = File::options().create(true).append(true).open(&log_path);
    let log = create.map_err(LiveError::io("create", &log_path))?;
    // A program may open /dev/stdout by its name, so that belongs to its user, as runtimes of containers make it.
    fchown(&log, Some(*uid), Some(*gid)).map_err(LiveError::io("give away", &log_path))?;
    let errors = log.try_clone().map_err(LiveError::io("open", &log_path))?;
    let mut command = match hosts {
        // Mounts are made by root, so the container becomes its user afterwards.
        Some(hosts) => {
            let mut command = Command::new("unshare");
            command.args(["--mount", "--", "sh", "-c", PRIVATE_HOSTS, hosts]);
            command.args([uid.to_string(), gid.to_string()]).arg(path);
            command
        }
        None => {
            let mut command = Command::new(path);
            command.uid(*uid).gid(*gid);
            command
        }
    };
    command
        .args(args)
        .env_clear()
        .envs(env)
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(|error| program(process, error))
}

/// Tells when a container ends: none of them should.
fn watch(mut child: Child, name: String) {
    std::thread::spawn(move || {
        let ended = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        tell(&Event::Failed {
            why: format!("{ended}\n{}", log_tail(&name)),
            what: format!("container {name}"),
        });
    });
}

fn program(process: &Process, message: impl std::fmt::Display) -> LiveError {
    LiveError::Program {
        program: format!("container {}: {} {}", process.name, process.program, process.args.join(" ")),
        message: message.to_string(),
    }
}

fn log_tail(name: &str) -> String {
    let text = fs::read(Path::new(SHARED).join("logs").join(format!("{name}.log"))).unwrap_or_default();
    let start = text.len().saturating_sub(TOLD_LOG);
    String::from_utf8_lossy(&text[start..]).into_owned()
}

fn tell(event: &Event) {
    let line = serde_json::to_string(event).unwrap_or_default();
    // Without a harness there is nobody to tell, and standard input says so too.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Waits for the harness; false when it is gone.
fn go_on() -> bool {
    let mut line = String::new();
    matches!(io::stdin().lock().read_line(&mut line), Ok(length) if length > 0)
}
