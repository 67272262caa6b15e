//! `traffic.yaml`: what the applications of a scenario do, which calls are made, and what must come of them.

mod expect;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::LiveError;
use crate::echo::{EchoFault, EchoProtocol, Protocol};
pub(crate) use expect::{Expect, SeenExpect};

/// A whole `traffic.yaml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Traffic {
    /// What applications do, by `<namespace>.<workload>`. A workload that is absent here answers on every container port.
    #[serde(default)]
    pub(crate) applications: BTreeMap<String, Application>,
    /// Pods without a proxy, outside of the mesh: callers, and servers of external hosts.
    #[serde(default)]
    pub(crate) outside: BTreeMap<String, Outside>,
    /// TLS Secrets that exist in the cluster and not in git; the harness makes them.
    #[serde(default)]
    pub(crate) credentials: Vec<Credential>,
    /// The calls, made one after the other.
    pub(crate) calls: Vec<CallSpec>,
}

/// What the application of a workload does.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Application {
    /// What it speaks on which port; a container port that is absent here speaks what its Service says, HTTP by default.
    #[serde(default)]
    pub(crate) ports: BTreeMap<u16, EchoProtocol>,
    /// DNS names of its certificate, where a port speaks `https`.
    #[serde(default)]
    pub(crate) certificate_hosts: Vec<String>,
    /// What it does on paths with a prefix.
    #[serde(default)]
    pub(crate) paths: BTreeMap<String, PathRule>,
    /// Headers that it copies from a request to the calls it makes in order to answer, besides those of tracing.
    #[serde(default)]
    pub(crate) forward: Vec<String>,
}

/// What an application does on a path.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PathRule {
    /// URLs that it calls before it answers.
    #[serde(default)]
    pub(crate) calls: Vec<String>,
    /// An error instead of the answer.
    #[serde(default)]
    pub(crate) fault: Option<EchoFault>,
    /// Time that passes before the answer.
    #[serde(default, with = "crate::duration::option")]
    pub(crate) delay: Option<Duration>,
    /// Headers of the answer.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// A pod outside of the mesh.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Outside {
    /// External host names that lead to it.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// What it does; a caller needs to do nothing.
    #[serde(default)]
    pub(crate) application: Application,
}

/// A Secret of type `kubernetes.io/tls` that the harness makes, signed by an authority of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Credential {
    /// Namespace of the Secret.
    pub(crate) namespace: String,
    /// Name of the Secret.
    pub(crate) name: String,
    /// DNS names of the certificate.
    pub(crate) hosts: Vec<String>,
}

/// A call and its verdict.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CallSpec {
    /// What the call shows, as a sentence.
    pub(crate) name: String,
    /// Who calls: the application of a workload, `<namespace>.<workload>`, or a name of `outside`.
    pub(crate) from: String,
    /// What is called.
    pub(crate) request: RequestSpec,
    /// How often; 1 by default.
    #[serde(default = "once")]
    pub(crate) repeat: u32,
    /// How many calls are under way at once; 1 by default.
    #[serde(default = "once")]
    pub(crate) concurrency: u32,
    /// Why no simulator can tell the verdict, as a sentence: only run time knows.
    #[serde(default)]
    pub(crate) only_at_run_time: Option<String>,
    /// What must come of every one of them.
    pub(crate) expect: Expect,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RequestSpec {
    /// `http`, `https`, `tcp` or `tls`; its host is the `Host` header and the server name too.
    pub(crate) url: String,
    /// What is connected to instead of the URL's host: a Service `<name>.<namespace>`, as a load balancer's address, or
    /// the first pod of a workload `<namespace>.<workload>` with the prefix `pod:`, as someone who bypasses DNS.
    #[serde(default)]
    pub(crate) connect_to: Option<String>,
    /// `GET` by default, `POST` for gRPC.
    #[serde(default)]
    pub(crate) method: Option<String>,
    /// `http1` by default.
    #[serde(default)]
    pub(crate) protocol: Protocol,
    /// Headers; `host` replaces that of the URL.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Body, or the line that is sent over TCP.
    #[serde(default)]
    pub(crate) body: String,
    /// How long an answer may take; 10 s by default.
    #[serde(default = "ten_seconds", with = "crate::duration")]
    pub(crate) timeout: Duration,
    /// Whether each repetition opens a connection.
    #[serde(default)]
    pub(crate) new_connections: bool,
    /// Whether each repetition sends the cookies that answers to earlier ones have set, as a browser does.
    #[serde(default)]
    pub(crate) keep_cookies: bool,
}

fn once() -> u32 {
    1
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

impl Traffic {
    /// Reads a `traffic.yaml`.
    ///
    /// # Errors
    /// The file cannot be read, or says something that the harness does not understand.
    pub fn read(path: &Path) -> Result<Self, LiveError> {
        let text = std::fs::read_to_string(path).map_err(LiveError::io("read", path))?;
        Self::parse(&text).map_err(|message| LiveError::invalid(path, message))
    }

    /// Reads the text of a `traffic.yaml`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let traffic: Self = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        for CallSpec { name, expect, only_at_run_time, .. } in &traffic.calls {
            expect.check().map_err(|problem| format!("call `{name}`: {problem}"))?;
            if only_at_run_time.as_ref().is_some_and(String::is_empty) {
                return Err(format!("call `{name}`: onlyAtRunTime says no reason"));
            }
        }
        Ok(traffic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_expects_nothing_is_refused() {
        let text = "calls:\n- name: x\n  from: a\n  request: {url: 'http://b/'}\n  expect: {}\n";
        assert!(Traffic::parse(text).unwrap_err().contains("`x`"));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let text = "calls:\n- name: x\n  from: a\n  request: {url: 'http://b/', headerz: {}}\n  expect: {status: 200}\n";
        assert!(Traffic::parse(text).unwrap_err().contains("headerz"));
    }
}
