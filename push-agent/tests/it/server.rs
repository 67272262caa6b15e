//! etcd and the API server, started once for all tests.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::PublicKeyData as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::wait::{PATIENCE, until};

/// Token of an administrator.
pub(crate) const ADMIN: &str = "admin-token";
/// Token of the agent's service account.
pub(crate) const AGENT: &str = "agent-token";

/// A running etcd.
struct Etcd {
    url: String,
    _process: Child,
}

/// A running API server.
pub(crate) struct Server {
    folder: PathBuf,
    binary: PathBuf,
    etcd: Arc<Etcd>,
    port: u16,
    child: Mutex<Child>,
}

/// The server that tests share; none, with the reason printed, where its parts are not installed.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(Server::start) {
        Ok(server) => Some(server),
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none(), "with CI set these tests must run, but {reason}");
            println!("skipped: {reason}");
            None
        }
    }
}

impl Server {
    fn start() -> Result<Self, String> {
        let binary = api_server()?;
        let program = etcd()?;
        let folder = fresh_folder();
        let key = rcgen::KeyPair::generate().unwrap();
        fs::write(folder.join("sa.key"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
        fs::write(folder.join("sa.pub"), pem("PUBLIC KEY", &key.subject_public_key_info())).unwrap();
        let tokens = format!(
            "{ADMIN},admin,1,system:masters\n\
             {AGENT},system:serviceaccount:meshc-system:meshc-agent,2,\"system:serviceaccounts,system:serviceaccounts:meshc-system\"\n"
        );
        fs::write(folder.join("tokens.csv"), tokens).unwrap();
        let (client, peer) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{client}");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).arg("--data-dir").arg(folder.join("etcd"));
        command.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
        command.args(["--listen-peer-urls", &format!("http://127.0.0.1:{peer}")]);
        let process = spawn(command, &folder.join("etcd.log"));
        Ok(Self::launch(folder, binary, Arc::new(Etcd { url, _process: process })))
    }

    fn launch(folder: PathBuf, binary: PathBuf, etcd: Arc<Etcd>) -> Self {
        let port = free_port();
        let child = Mutex::new(Self::spawn_api_server(&folder, &binary, &etcd, port));
        let server = Self { folder, binary, etcd, port, child };
        server.wait_until_ready();
        server
    }

    /// Another API server on the same etcd, which a test may stop.
    pub(crate) fn another(&self) -> Self {
        Self::launch(self.folder.clone(), self.binary.clone(), Arc::clone(&self.etcd))
    }

    pub(crate) fn stop(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub(crate) fn start_again(&self) {
        *self.child.lock().unwrap() =
            Self::spawn_api_server(&self.folder, &self.binary, &self.etcd, self.port);
        self.wait_until_ready();
    }

    fn spawn_api_server(folder: &Path, binary: &Path, etcd: &Etcd, port: u16) -> Child {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(binary);
        command.args(["--etcd-servers", &etcd.url, "--secure-port", &port.to_string()]);
        command.arg("--cert-dir").arg(folder.join(format!("certs-{port}")));
        command.args(["--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1"]);
        command.arg("--service-account-key-file").arg(folder.join("sa.pub"));
        command.arg("--service-account-signing-key-file").arg(folder.join("sa.key"));
        command.args(["--service-account-issuer", "https://kubernetes.default.svc"]);
        command.arg("--token-auth-file").arg(folder.join("tokens.csv"));
        command.args(["--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.96.0.0/16"]);
        command.args(["--disable-admission-plugins", "ServiceAccount", "--endpoint-reconciler-type", "none"]);
        spawn(command, &folder.join(format!("api-{port}.log")))
    }

    fn wait_until_ready(&self) {
        until("the API server is ready", PATIENCE, || {
            let ended = self.child.lock().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the API server ended: see {}", self.folder.display());
            let certificate = self.certificate();
            let ready = certificate.exists() && Api::connect(self).text("/readyz").is_ok();
            ready.then_some(())
        });
    }

    fn certificate(&self) -> PathBuf {
        self.folder.join(format!("certs-{}/apiserver.crt", self.port))
    }

    /// A kubeconfig of whoever has a token.
    pub(crate) fn kubeconfig(&self, token: &str) -> PathBuf {
        let path = self.folder.join(format!("{token}-{}.json", self.port));
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.port),
                "certificate-authority": self.certificate(),
            }}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        // Tests write it at once; each must read a whole one.
        let partial = tempfile::NamedTempFile::new_in(&self.folder).unwrap();
        fs::write(partial.path(), config.to_string()).unwrap();
        partial.persist(&path).unwrap();
        path
    }
}

/// The binary: `MESHC_KUBE_APISERVER`, else the one that `ci/setup` built of the sources in `ci/kube-apiserver`.
fn api_server() -> Result<PathBuf, String> {
    if let Some(binary) = std::env::var_os("MESHC_KUBE_APISERVER") {
        return Ok(binary.into());
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/kube-apiserver");
    let mut hash = Sha256::new();
    for file in ["go.mod", "go.sum", "main.go"] {
        hash.update(fs::read(sources.join(file)).unwrap());
    }
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let cache = cache()?;
    let binary = cache.join("kube-apiserver").join(hash).join("kube-apiserver");
    if binary.exists() {
        Ok(binary)
    } else {
        Err("the API server is not built: `ci/setup` builds it".to_owned())
    }
}

/// etcd: that of the machine, else the one that `ci/setup` unpacked.
fn etcd() -> Result<PathBuf, String> {
    if Command::new("etcd").arg("--version").stdout(Stdio::null()).status().is_ok() {
        return Ok("etcd".into());
    }
    let unpacked = cache()?.join("etcd/usr/bin/etcd");
    if unpacked.exists() { Ok(unpacked) } else { Err("there is no etcd: `ci/setup` unpacks it".to_owned()) }
}

/// Where `ci/setup` keeps what it made.
fn cache() -> Result<PathBuf, String> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = folder("MESHC_CACHE")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("meshc")))
        .or_else(|| Some(folder("HOME")?.join(".cache/meshc")));
    cache.ok_or_else(|| "there is no home folder".to_owned())
}

/// A folder for the logs and data of this process. Those of processes that have ended go.
fn fresh_folder() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(parent).unwrap();
    for entry in fs::read_dir(parent).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ended = name.strip_prefix("kubernetes-").is_some_and(|id| !Path::new("/proc").join(id).exists());
        if ended {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let folder = parent.join(format!("kubernetes-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn free_port() -> u16 {
    // Below the range that the kernel takes from for connections, so that none of them has the port before the server does, or
    // while it is stopped.
    static NEXT: AtomicU16 = AtomicU16::new(8_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Starts a program that ends with this process. The kernel ends it with the thread that started it, so that is one that stays.
fn spawn(mut command: Command, log: &Path) -> Child {
    type Order = (Command, Sender<Child>);
    static KEEPER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (send, receive) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in receive {
                answer.send(command.spawn().unwrap()).unwrap();
            }
        });
        Mutex::new(send)
    });
    let file = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
    let (send, receive) = channel();
    keeper.lock().unwrap().send((command, send)).unwrap();
    receive.recv().unwrap()
}
