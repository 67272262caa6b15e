//! The real binary with a configuration of one listener and one upstream.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use meshc_contract::SpiffeId;
use serde_json::{Value, json};

use crate::credentials::Root;

/// Longer than anything takes, on a slow machine under load too.
const DEADLINE: Duration = Duration::from_secs(120);

/// A running proxy; it ends with the test.
pub(crate) struct Proxy {
    child: Child,
    folder: tempfile::TempDir,
    pub(crate) identity: SpiffeId,
    pub(crate) port: u16,
    admin: u16,
}

/// What is special about one proxy.
pub(crate) struct Setup<'s> {
    /// Name of its workload.
    pub(crate) workload: &'s str,
    /// Where it leads.
    pub(crate) upstream: SocketAddr,
    /// TLS that it terminates.
    pub(crate) downstream_tls: Value,
    /// TLS to its upstream.
    pub(crate) upstream_tls: Value,
    /// Protocol to its upstream.
    pub(crate) protocol: &'s str,
}

fn free_port() -> u16 {
    // Below the range that the kernel takes from for connections, so that none of them has the port before the proxy does.
    static NEXT: AtomicU16 = AtomicU16::new(28_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

impl Proxy {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(root: &Root, setup: &Setup<'_>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identity: SpiffeId =
            format!("spiffe://cluster.local/ns/shop/sa/{}", setup.workload).parse().unwrap();
        let credentials = folder.path().join("credentials");
        std::fs::create_dir(&credentials).unwrap();
        root.mount(&credentials, &identity, 1);
        let (port, admin) = (free_port(), free_port());
        let config = config(setup, &identity, &credentials, port, admin);
        let path = folder.path().join("proxy.json");
        std::fs::write(&path, config.to_string()).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_meshc-proxy"))
            .args(["run", "--config"])
            .arg(&path)
            .spawn()
            .unwrap();
        let proxy = Self { child, folder, identity, port, admin };
        wait("the proxy to be ready", || proxy.get(proxy.admin, "/ready").starts_with("HTTP/1.1 200"));
        proxy
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("proxy.json")
    }

    /// Changes the configuration so that answers carry this generation, and waits until they do.
    pub(crate) fn reload(&self, generation: u32) {
        let mut config: Value = serde_json::from_slice(&std::fs::read(self.path()).unwrap()).unwrap();
        config["listeners"][0]["defaultChain"]["handler"]["http"]["routes"]["inline"]["virtualHosts"][0]["routes"]
            [0]["headers"] = json!({ "response": [{ "name": "x-generation", "value": generation.to_string(), "append": false }] });
        let new = self.folder.path().join("proxy.json.new");
        std::fs::write(&new, config.to_string()).unwrap();
        std::fs::rename(new, self.path()).unwrap();
        let wanted = format!("x-generation: {generation}\r\n");
        wait("the new configuration", || self.get(self.port, "/").contains(&wanted));
    }

    /// Changes the certificate, and waits until the proxy presents it.
    pub(crate) fn rotate(&self, root: &Root, serial: u64) {
        root.mount(&self.folder.path().join("credentials"), &self.identity, serial);
        let wanted = format!("\"serial_number\": \"{serial:02x}\"");
        let compact = |text: String| text.replace("\":\"", "\": \"");
        wait("the new certificate", || compact(self.get(self.admin, "/certs")).contains(&wanted));
    }

    /// The whole answer to a request as text; empty if there is none.
    fn get(&self, port: u16, path: &str) -> String {
        let mut answer = Vec::new();
        let request = format!("GET {path} HTTP/1.1\r\nhost: shop.example.com\r\nconnection: close\r\n\r\n");
        let exchange = |answer: &mut Vec<u8>| -> std::io::Result<()> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_read_timeout(Some(DEADLINE))?;
            stream.write_all(request.as_bytes())?;
            stream.read_to_end(answer)?;
            Ok(())
        };
        // A proxy that does not listen yet is asked again by the caller.
        exchange(&mut answer).ok();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Asks until something holds.
fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited for {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn config(setup: &Setup<'_>, identity: &SpiffeId, credentials: &Path, port: u16, admin: u16) -> Value {
    let http = json!({ "http": {
        "routes": { "inline": { "virtualHosts": [{
            "name": "shop",
            "domains": ["*"],
            "routes": [{
                "matches": { "path": { "prefix": "/" } },
                "action": { "forward": { "upstreams": [{ "upstream": "server" }] } },
            }],
        }] } },
        "metrics": true,
        "serverHeader": "passThrough",
        "forwardClientCert": "sanitize",
        "path": { "level": "base" },
    } });
    let mut chain = json!({ "handler": http });
    if !setup.downstream_tls.is_null() {
        chain["tls"] = setup.downstream_tls.clone();
    }
    json!({
        "version": 1,
        "node": {
            "labels": { "workload": setup.workload, "namespace": "shop" },
            "identity": identity.to_string(),
            "mesh": "test",
        },
        "identity": {
            "certificate": credentials.join("tls.crt"),
            "key": credentials.join("tls.key"),
            "roots": credentials.join("ca.crt"),
        },
        "admin": { "port": admin, "statusPort": free_port(), "prometheusPort": free_port() },
        "drainDuration": "5s",
        "concurrency": 2,
        "listeners": [{
            "name": "shop",
            "bind": [{ "ip": ["127.0.0.1", port] }],
            "capture": "bound",
            "direction": "outbound",
            "chains": [],
            "defaultChain": chain,
        }],
        "upstreams": { "server": {
            "discovery": { "endpoints": {
                "groups": [{ "endpoints": [{ "address": { "ip": [setup.upstream.ip(), setup.upstream.port()] }, "mtls": true }] }],
                "refreshRate": "60s",
                "family": "v4Only",
            } },
            "connectTimeout": "5s",
            "protocol": setup.protocol,
            "loadBalancing": "leastRequest",
            "tls": setup.upstream_tls,
        } },
    })
}
