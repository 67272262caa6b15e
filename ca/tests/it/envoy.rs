//! A real Envoy that reads its certificate through SDS files from a folder that is swapped as Kubernetes swaps a Secret
//! volume. It speaks over Unix sockets, so no port has to be free.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long an Envoy may take to start or to load a certificate.
const PATIENCE: Duration = Duration::from_secs(120);

/// The oldest and the newest Envoy that we support. With `CI` set they must be there.
pub(crate) fn envoys() -> Option<[PathBuf; 2]> {
    let folder = std::env::var_os("MESHC_ENVOY_DIR").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(Path::new(&home).join(".cache/meshc/envoy"))
    })?;
    let envoys = ["1.36.4", "1.40.0"].map(|version| folder.join(format!("envoy-{version}/bin/envoy")));
    if envoys.iter().all(|envoy| envoy.is_file()) {
        return Some(envoys);
    }
    assert!(std::env::var_os("CI").is_none(), "no Envoys below {}", folder.display());
    println!("skipped: no Envoys below {}; ci/setup installs them", folder.display());
    None
}

/// One proxy, which answers its mTLS listener itself and sends what comes to its plain one to the other proxy.
pub(crate) struct Proxy {
    folder: PathBuf,
    swaps: usize,
    envoy: Option<Child>,
}

impl Proxy {
    /// A proxy in a folder, not started; its certificate is loaded first.
    pub(crate) fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(folder.join("volume")).unwrap();
        Self { folder, swaps: 0, envoy: None }
    }

    /// Starts it, with the other one as its upstream, and waits until it is ready.
    pub(crate) fn start(&mut self, envoy: &Path, other: &Proxy) {
        let at = |folder: &Path, name: &str| folder.join(name).display().to_string();
        let own = |name: &str| at(&self.folder, name);
        for (file, secret) in [("certificate.yaml", CERTIFICATE), ("roots.yaml", ROOTS)] {
            fs::write(self.folder.join(file), secret.replace("FOLDER", &own("volume"))).unwrap();
        }
        let bootstrap = BOOTSTRAP.replace("OTHER", &at(&other.folder, "in.sock")).replace("OWN", &own(""));
        fs::write(self.folder.join("envoy.yaml"), bootstrap).unwrap();
        let (log, config) = (own("envoy.log"), own("envoy.yaml"));
        let arguments =
            ["--use-dynamic-base-id", "--concurrency", "1", "--log-path", &log, "--config-path", &config];
        let started = Command::new(envoy).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.envoy = Some(started.unwrap());
        self.wait("it is ready", || {
            get(&self.folder.join("admin.sock"), "/ready").is_some_and(|(s, _)| s == 200)
        });
    }

    /// Swaps its certificate, key and roots for those of another folder at one moment.
    pub(crate) fn load(&mut self, leaf: &Path) {
        self.swaps += 1;
        let volume = self.folder.join("volume");
        let (name, link) = (format!("..{}", self.swaps), volume.join("..data.new"));
        fs::create_dir(volume.join(&name)).unwrap();
        for file in ["tls.crt", "tls.key", "ca.crt"] {
            fs::copy(leaf.join(file), volume.join(&name).join(file)).unwrap();
        }
        symlink(name, &link).unwrap();
        fs::rename(link, volume.join("..data")).unwrap();
    }

    /// What it reports of its certificates, once that holds all of these words.
    pub(crate) fn certs(&self, words: &[&str]) -> String {
        let mut certs = String::new();
        self.wait("it has loaded its certificate", || {
            certs = get(&self.folder.join("admin.sock"), "/certs").map(|(_, body)| body).unwrap_or_default();
            words.iter().all(|word| certs.contains(word))
        });
        certs
    }

    /// The status of a request that it sends to the other proxy on a new connection.
    pub(crate) fn call(&self) -> u16 {
        get(&self.folder.join("out.sock"), "/").unwrap().0
    }

    fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let start = Instant::now();
        while !holds() {
            let log = || fs::read_to_string(self.folder.join("envoy.log")).unwrap_or_default();
            assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}\n{}", log());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(envoy) = &mut self.envoy {
            let _ = envoy.kill();
            let _ = envoy.wait();
        }
    }
}

/// Status and body of a request; `None` while nobody listens.
fn get(socket: &Path, path: &str) -> Option<(u16, String)> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Some((status, if chunked { unchunked(body) } else { body.to_owned() }))
}

fn unchunked(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    text
}

const CERTIFICATE: &str = r#"
resources:
- "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: default
  tls_certificate:
    certificate_chain: {filename: FOLDER/..data/tls.crt}
    private_key: {filename: FOLDER/..data/tls.key}
    watched_directory: {path: FOLDER}
"#;

const ROOTS: &str = r#"
resources:
- "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: ROOTCA
  validation_context:
    trusted_ca: {filename: FOLDER/..data/ca.crt}
    watched_directory: {path: FOLDER}
"#;

const BOOTSTRAP: &str = r#"
node: {id: test, cluster: test}
admin: {address: {pipe: {path: OWN/admin.sock}}}
static_resources:
  listeners:
  - name: in
    address: {pipe: {path: OWN/in.sock}}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context: &tls
            tls_certificate_sds_secret_configs:
            - {name: default, sds_config: {path_config_source: {path: OWN/certificate.yaml}}}
            combined_validation_context:
              default_validation_context:
                match_typed_subject_alt_names:
                - {san_type: URI, matcher: {prefix: "spiffe://cluster.local/"}}
              validation_context_sds_secret_config:
                name: ROOTCA
                sds_config: {path_config_source: {path: OWN/roots.yaml}}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: in
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: /}, direct_response: {status: 200}}]}
          http_filters: &router
          - name: envoy.filters.http.router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  - name: out
    address: {pipe: {path: OWN/out.sock}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: out
          route_config:
            virtual_hosts:
            - {name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: other}}]}
          http_filters: *router
  clusters:
  - name: other
    load_assignment:
      cluster_name: other
      endpoints: [{lb_endpoints: [{endpoint: {address: {pipe: {path: OTHER}}}}]}]
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        common_http_protocol_options: {max_requests_per_connection: 1}
        explicit_http_config: {http_protocol_options: {}}
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        common_tls_context: *tls
"#;
