//! Reads the file. A line that cannot be read is an error at its place, never left out in silence.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use meshc_diagnostics::{Diagnostic, Diagnostics, FileId, Span, codes};
use meshc_source::{Entry, NodeRef, Value, parse_file};

use super::conflict::{Owners, marker, said_twice};
use super::{Lock, Locked, LockedHost};

/// The version of the format.
const VERSION: i64 = 1;

impl Lock {
    /// Reads the text of a file. Of lines that contradict each other the first one counts.
    #[must_use]
    pub fn read(file: FileId, text: &Arc<str>, diagnostics: &mut Diagnostics) -> Self {
        if let Some((start, end)) = marker(text) {
            let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
            let span = Span { file, start: at(start), end: at(end) };
            let finding = invalid(span, "git left a conflict of branches here")
                .help("keep the lines of both sides, delete those of git, and run `meshc lock`");
            diagnostics.push(finding);
            return Self::default();
        }
        let documents = parse_file(file, text, diagnostics);
        let mut lock = Self::default();
        for (index, document) in documents.iter().enumerate() {
            if index > 0 {
                diagnostics.push(invalid(document.headline(), "a lock file is one document"));
                break;
            }
            Reader { lock: &mut lock, owners: Owners::default(), diagnostics }.document(document.root());
        }
        lock
    }
}

struct Reader<'a> {
    lock: &'a mut Lock,
    owners: Owners,
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn document(&mut self, root: NodeRef<'_>) {
        match root.get("version").map(NodeRef::value) {
            Some(Value::Int(VERSION)) => {}
            Some(_) => {
                let at = root.get("version").map_or(root.span(), NodeRef::span);
                self.refuse(at, "this meshc reads version 1 of lock files");
                return;
            }
            None => {
                self.refuse(root.headline(), "a lock file states its `version`");
                return;
            }
        }
        for Entry { key, key_span, value } in root.entries() {
            match key {
                "version" => {}
                "serviceRange" => self.range(value),
                "serviceEntries" => self.lines(value, Self::service_entry),
                "services" => self.lines(value, Self::service),
                _ => self.refuse(key_span, format!("a lock file has no `{key}`")),
            }
        }
    }

    fn range(&mut self, value: NodeRef<'_>) {
        match value.written().trim_matches(['"', '\'']).parse() {
            Ok(range) => self.lock.service_range = Some(range),
            Err(error) => self.refuse(value.span(), error.to_string()),
        }
    }

    fn lines(&mut self, list: NodeRef<'_>, line: fn(&mut Self, NodeRef<'_>) -> Option<()>) {
        match list.value() {
            Value::List => {
                for item in list.items() {
                    // What is wrong with a line has been said.
                    let _ = line(self, item);
                }
            }
            Value::Null => {}
            _ => self.refuse(list.span(), "expected a list"),
        }
    }

    fn service_entry(&mut self, line: NodeRef<'_>) -> Option<()> {
        self.has_only(line, &["namespace", "name", "host", "addresses"])?;
        let key = LockedHost {
            namespace: self.text(line, "namespace")?,
            name: self.text(line, "name")?,
            host: self.text(line, "host")?,
        };
        let addresses = self.addresses(line)?;
        let [IpAddr::V4(v4), IpAddr::V6(v6)] = addresses[..] else {
            self.refuse(line.span(), "a ServiceEntry has an IPv4 and an IPv6 address");
            return None;
        };
        let locked = Locked { addresses: (v4, v6), span: Some(line.span()) };
        if let Some(known) = self.lock.service_entries.get(&key) {
            if *known != locked {
                let what = format!("`{}` of {}/{}", key.host, key.namespace, key.name);
                self.diagnostics.push(said_twice(&what, line.span(), known.span));
            }
        } else if self.owners.take(&addresses, line.span(), self.diagnostics) {
            self.lock.service_entries.insert(key, locked);
        }
        Some(())
    }

    fn service(&mut self, line: NodeRef<'_>) -> Option<()> {
        self.has_only(line, &["namespace", "name", "addresses"])?;
        let key = (self.text(line, "namespace")?, self.text(line, "name")?);
        let addresses = self.addresses(line)?;
        let families = |v4: bool| addresses.iter().filter(|address| address.is_ipv4() == v4).count();
        if addresses.is_empty() || families(true) > 1 || families(false) > 1 {
            self.refuse(line.span(), "a Service has one address, or one of each family");
            return None;
        }
        let locked = Locked { addresses, span: Some(line.span()) };
        if let Some(known) = self.lock.services.get(&key) {
            if *known != locked {
                let what = format!("Service {}/{}", key.0, key.1);
                self.diagnostics.push(said_twice(&what, line.span(), known.span));
            }
        } else if self.owners.take(&locked.addresses, line.span(), self.diagnostics) {
            self.lock.services.insert(key, locked);
        }
        Some(())
    }

    fn has_only(&mut self, line: NodeRef<'_>, keys: &[&str]) -> Option<()> {
        if line.value() != Value::Map {
            self.refuse(line.span(), format!("expected a line with {}", keys.join(", ")));
            return None;
        }
        let unknown = line.entries().find(|entry| !keys.contains(&entry.key));
        if let Some(Entry { key, key_span, .. }) = unknown {
            self.refuse(key_span, format!("a line of this list has no `{key}`"));
            return None;
        }
        Some(())
    }

    fn text(&mut self, line: NodeRef<'_>, key: &str) -> Option<String> {
        let stated = line.get(key);
        match stated.and_then(NodeRef::as_str).filter(|text| !text.is_empty()) {
            Some(text) => Some(text.to_owned()),
            None => {
                let at = stated.map_or(line.span(), NodeRef::span);
                self.refuse(at, format!("`{key}` must be a text"));
                None
            }
        }
    }

    fn addresses(&mut self, line: NodeRef<'_>) -> Option<Vec<IpAddr>> {
        let mut addresses = Vec::new();
        let stated = line.get("addresses");
        for item in stated.into_iter().flat_map(NodeRef::items) {
            match item.as_str().and_then(|text| text.parse().ok()).filter(can_be_dialled) {
                Some(address) => addresses.push(address),
                None => {
                    let message = format!("`{}` is not an address that can be dialled", item.written());
                    self.refuse(item.span(), message);
                    return None;
                }
            }
        }
        if stated.is_none_or(|list| list.value() != Value::List) {
            self.refuse(line.span(), "`addresses` must be a list");
            return None;
        }
        Some(addresses)
    }

    fn refuse(&mut self, span: Span, message: impl Into<String>) {
        let finding = invalid(span, message)
            .help("restore the line from git, or delete it and run `meshc lock`, which gives a new address");
        self.diagnostics.push(finding);
    }
}

fn invalid(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(&codes::INVALID_LOCK, message)
        .at(span, "")
        .consequence("addresses that clients know cannot be kept, so nothing is written")
}

/// Whether an address names one peer.
fn can_be_dialled(address: &IpAddr) -> bool {
    let special = address.is_unspecified() || address.is_loopback() || address.is_multicast();
    !special && *address != IpAddr::V4(Ipv4Addr::BROADCAST) && !is_mapped(address)
}

/// Whether an IPv6 address is an IPv4 one, which would be two spellings of one address.
fn is_mapped(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() || *v6 == Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::{Diagnostics, FileId};

    use super::Lock;

    fn read(lines: &str) -> (Lock, Vec<String>) {
        let mut diagnostics = Diagnostics::new();
        let text: std::sync::Arc<str> = lines.into();
        let lock = Lock::read(FileId(0), &text, &mut diagnostics);
        let findings = diagnostics.into_sorted().into_iter();
        let at = |finding: &meshc_diagnostics::Diagnostic| {
            let span = finding.primary.as_ref().map(|label| label.span);
            span.map_or("", |span| &lines[span.start as usize..span.end as usize]).trim().to_owned()
        };
        let said =
            findings.map(|finding| format!("{}: {} @ {}", finding.code.name, finding.message, at(&finding)));
        (lock, said.collect())
    }

    const HOST: &str = "- {namespace: \"ns\", name: \"a\", host: \"a.example\", addresses: [\"240.240.1.2\", \"2001:2::1\"]}";

    #[test]
    fn what_is_printed_reads_the_same() {
        let services = "serviceRange: \"10.96.128.0/17\"\nservices:\n- {namespace: \"ns\", name: \"no\", addresses: [\"10.96.128.1\", \"fd00::1\"]}\n";
        let (lock, findings) = read(&format!("version: 1\nserviceEntries:\n{HOST}\n{services}"));
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!(lock.service("ns", "no").len(), 2);
        assert_eq!(lock.service("ns", "other").len(), 0);
        let printed = lock.to_string();
        assert!(printed.contains(HOST) && printed.contains(services), "{printed}");
        assert_eq!(read(&printed), (lock, Vec::new()));
    }

    #[test]
    fn a_conflict_of_branches_is_an_error_where_git_left_it() {
        let (lock, findings) = read("version: 1\n<<<<<<< HEAD\nserviceEntries: []\n");
        assert!(lock.is_empty());
        assert_eq!(findings, ["invalid-lock: git left a conflict of branches here @ <<<<<<< HEAD"]);
    }

    #[test]
    fn lines_that_contradict_each_other_are_errors_and_the_first_one_counts() {
        let other_host = HOST.replace("a.example", "b.example");
        let other_address = HOST.replace("240.240.1.2", "240.240.1.3").replace("::1", "::2");
        let (lock, findings) =
            read(&format!("version: 1\nserviceEntries:\n{HOST}\n{HOST}\n{other_host}\n{other_address}\n"));
        let said: Vec<_> = findings.iter().map(|finding| finding.split(" @").next().unwrap()).collect();
        assert_eq!(
            said,
            [
                "lock-conflict: two lines have the address `240.240.1.2`",
                "lock-conflict: two lines give different addresses to `a.example` of ns/a"
            ]
        );
        assert_eq!(lock.service_entries.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_at_its_place() {
        let cases = [
            ("version: 2\n", "this meshc reads version 1 of lock files @ 2"),
            ("services: []\n", "a lock file states its `version` @ services: []"),
            ("version: 1\njwks: []\n", "a lock file has no `jwks` @ jwks"),
            (
                "version: 1\nserviceRange: 10.0.0.1/8\n",
                "`10.0.0.1/8` has bits set behind its prefix @ 10.0.0.1/8",
            ),
            ("version: 1\nservices: {}\n", "expected a list @ {}"),
            (
                "version: 1\nservices: [{namespace: a, names: b}]\n",
                "a line of this list has no `names` @ names",
            ),
            ("version: 1\nservices: [{namespace: a, name: 1, addresses: []}]\n", "`name` must be a text @ 1"),
            (
                "version: 1\nservices: [{namespace: a, name: b, addresses: [127.0.0.1]}]\n",
                "`127.0.0.1` is not an address that can be dialled @ 127.0.0.1",
            ),
            (
                "version: 1\nserviceEntries: [{namespace: a, name: b, host: c, addresses: [240.240.0.1]}]\n",
                "a ServiceEntry has an IPv4 and an IPv6 address @ {namespace: a, name: b, host: c, addresses: [240.240.0.1]}",
            ),
        ];
        for (text, says) in cases {
            let (lock, findings) = read(text);
            assert_eq!(findings, [format!("invalid-lock: {says}")], "{text}");
            assert!(lock.service_entries.is_empty() && lock.services.is_empty());
        }
        let (_, findings) = read("version: 1\n---\nversion: 1\n");
        assert_eq!(findings, ["invalid-lock: a lock file is one document @ version: 1"]);
    }
}
