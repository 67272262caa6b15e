//! What proxies say of the certificates that they have loaded.
//!
//! A report is what a proxy's admin interface answers to `GET /certs`, which Envoy and `meshc-proxy` lay out alike. It is
//! kept in a file `<namespace>.<pod>.json`; or many in one file, as
//! `{"proxies": [{"namespace": …, "pod": …, "certificates": [… as in /certs]}]}`. A list of pods, as
//! `kubectl get pods --all-namespaces -o json` prints it, may lie beside them: then each running pod that mounts a
//! certificate must have reported, and a workload without pods need not.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::pods::{Pod, PodItem};
use crate::CaError;

/// Reports of proxies, and which pods there are if that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    pub(super) reports: Vec<Report>,
    pub(super) pods: Option<Vec<Pod>>,
}

/// What one proxy reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    /// The file, for messages.
    pub(super) source: String,
    pub(super) namespace: String,
    pub(super) pod: String,
    /// One for each TLS context, of listeners and of clusters.
    pub(super) contexts: Vec<Context>,
}

/// One TLS context of a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Context {
    /// Serial numbers of its roots. Envoy up to 1.36 reports only the first of the file.
    pub(super) roots: Vec<String>,
    /// The certificates that it presents, without their chains.
    pub(super) leaves: Vec<Leaf>,
}

/// A certificate that a proxy presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) serial: String,
    pub(super) uris: Vec<String>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
}

#[derive(Deserialize)]
struct File {
    certificates: Option<Vec<CertsContext>>,
    proxies: Option<Vec<Proxy>>,
    items: Option<Vec<PodItem>>,
}

#[derive(Deserialize)]
struct Proxy {
    namespace: String,
    pod: String,
    certificates: Vec<CertsContext>,
}

/// `envoy.admin.v3.Certificate`.
#[derive(Deserialize)]
struct CertsContext {
    #[serde(default)]
    ca_cert: Vec<CertsRoot>,
    #[serde(default)]
    cert_chain: Vec<CertsLeaf>,
}

/// `envoy.admin.v3.CertificateDetails`, of a root.
#[derive(Deserialize)]
struct CertsRoot {
    serial_number: String,
}

/// `envoy.admin.v3.CertificateDetails`, of a leaf.
#[derive(Deserialize)]
struct CertsLeaf {
    serial_number: String,
    #[serde(default)]
    subject_alt_names: Vec<CertsName>,
    valid_from: String,
    expiration_time: String,
}

#[derive(Deserialize)]
struct CertsName {
    uri: Option<String>,
}

impl Evidence {
    /// Reads files, and every `*.json` directly in folders.
    ///
    /// # Errors
    /// [`CaError::Io`]; [`CaError::Evidence`] for a file that is neither a report nor a list of pods, an empty one for
    /// instance, which a failed download leaves.
    pub fn read(paths: &[PathBuf]) -> Result<Self, CaError> {
        let mut evidence = Self::default();
        for path in paths {
            for file in files_of(path)? {
                let content = fs::read(&file).map_err(CaError::io("read", &file))?;
                let wrong = |reason| CaError::Evidence { path: file.clone(), reason };
                evidence.add(&file, &content).map_err(wrong)?;
            }
        }
        Ok(evidence)
    }

    fn add(&mut self, path: &Path, content: &[u8]) -> Result<(), String> {
        let file: File = serde_json::from_slice(content).map_err(|error| {
            format!("it is no JSON as `/certs` or `kubectl get pods -o json` give it ({error})")
        })?;
        let source = path.display().to_string();
        match file {
            File { certificates: Some(certificates), proxies: None, items: None } => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let (namespace, pod) = name.split_once('.').ok_or_else(|| {
                    format!("the answer of `/certs` is kept in a file NAMESPACE.POD.json, this is `{name}`")
                })?;
                self.report(source, namespace, pod, certificates)
            }
            File { certificates: None, proxies: Some(proxies), items: None } => {
                let add = |Proxy { namespace, pod, certificates }| {
                    self.report(source.clone(), &namespace, &pod, certificates)
                };
                proxies.into_iter().try_for_each(add)
            }
            File { certificates: None, proxies: None, items: Some(items) } => {
                let running = items.into_iter().filter_map(PodItem::running);
                self.pods.get_or_insert_default().extend(running);
                Ok(())
            }
            _ => {
                Err("it must hold one of `certificates`, `proxies` and the `items` of a list of pods"
                    .to_owned())
            }
        }
    }

    fn report(
        &mut self,
        source: String,
        namespace: &str,
        pod: &str,
        certificates: Vec<CertsContext>,
    ) -> Result<(), String> {
        let contexts = certificates.into_iter().map(CertsContext::read).collect::<Result<_, _>>()?;
        let (namespace, pod) = (namespace.to_owned(), pod.to_owned());
        self.reports.push(Report { source, namespace, pod, contexts });
        Ok(())
    }
}

impl CertsContext {
    fn read(self) -> Result<Context, String> {
        let Self { ca_cert, cert_chain } = self;
        let roots = ca_cert.iter().map(|CertsRoot { serial_number }| serial(serial_number)).collect();
        let leaves = cert_chain.into_iter().map(CertsLeaf::read).collect::<Result<_, _>>()?;
        Ok(Context { roots, leaves })
    }
}

impl CertsLeaf {
    fn read(self) -> Result<Leaf, String> {
        let Self { serial_number, subject_alt_names, valid_from, expiration_time } = self;
        let time = |text: &str| {
            OffsetDateTime::parse(text, &Rfc3339)
                .map_err(|error| format!("`{}` is no time ({error})", text.escape_debug()))
        };
        Ok(Leaf {
            serial: serial(&serial_number),
            uris: subject_alt_names.into_iter().filter_map(|CertsName { uri }| uri).collect(),
            not_before: time(&valid_from)?,
            not_after: time(&expiration_time)?,
        })
    }
}

/// A serial number as a number is written: lower-case hexadecimal without separators and without zeros before it.
pub(super) fn serial(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    digits.trim_start_matches('0').to_ascii_lowercase()
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, CaError> {
    if !fs::metadata(path).map_err(CaError::io("read", path))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(CaError::io("read", path))? {
        let file = entry.map_err(CaError::io("read", path))?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const CERTS: &str = r#"{"certificates": [{
        "ca_cert": [{"path": "<inline>", "serial_number": "00:0A:fF", "subject_alt_names": [{"uri": "spiffe://td"}],
            "days_until_expiration": "29", "valid_from": "2026-11-24T12:00:00Z", "expiration_time": "2026-12-24T12:00:00Z"}],
        "cert_chain": [{"path": "<inline>", "serial_number": "46d3", "subject_alt_names": [{"dns": "x"},
            {"uri": "spiffe://td/ns/a/sa/b"}], "days_until_expiration": "4", "valid_from": "2026-11-24T12:00:00Z",
            "expiration_time": "2026-11-29T12:00:00Z", "ocsp_details": {}}]}]}"#;

    fn read(name: &str, text: &str) -> Result<Evidence, String> {
        let mut evidence = Evidence::default();
        evidence.add(Path::new(name), text.as_bytes()).map(|()| evidence)
    }

    #[test]
    fn an_answer_of_the_admin_interface_is_read_and_its_file_names_the_pod() {
        let evidence = read("evidence/shop.cart-1.2.json", CERTS).unwrap();
        let [report] = &evidence.reports[..] else { panic!("{evidence:?}") };
        assert_eq!((report.namespace.as_str(), report.pod.as_str()), ("shop", "cart-1.2"));
        assert_eq!(report.contexts[0].roots, ["aff"]);
        let leaf = &report.contexts[0].leaves[0];
        assert_eq!(
            (leaf.serial.as_str(), &leaf.uris[..]),
            ("46d3", &["spiffe://td/ns/a/sa/b".to_owned()][..])
        );
        assert_eq!(leaf.not_after, datetime!(2026-11-29 12:00:00 UTC));
        assert_eq!(evidence.pods, None);
    }

    #[test]
    fn many_proxies_in_one_file_name_their_pods_themselves() {
        let inner = CERTS.trim_start_matches('{');
        let text = format!(r#"{{"proxies": [{{"namespace": "shop", "pod": "cart-1", {inner}]}}"#);
        let evidence = read("all.json", &text).unwrap();
        let one = read("shop.cart-1.json", CERTS).unwrap();
        assert_eq!(evidence.reports[0].contexts, one.reports[0].contexts);
        assert_eq!(evidence.reports[0].pod, "cart-1");
    }

    #[test]
    fn what_is_no_evidence_is_refused_with_what_it_must_be() {
        for (name, text, said) in [
            ("a.b.json", "", "no JSON"),
            ("a.b.json", "upstream connect error", "no JSON"),
            ("a.b.json", "{}", "`proxies`"),
            ("a.b.json", r#"{"certificates": [], "proxies": []}"#, "one of"),
            ("certs.json", CERTS, "NAMESPACE.POD.json"),
            ("a.b.json", &CERTS.replace("2026-11-29T12:00:00Z", "soon"), "`soon` is no time"),
            ("a.b.json", &CERTS.replace(r#""serial_number": "46d3","#, ""), "serial_number"),
        ] {
            let error = read(name, text).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
