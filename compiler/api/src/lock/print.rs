//! The file as text: one line an address, in the order of names, every text in quotes.

use std::fmt::{self, Display, Write};

use super::{Lock, LockedHost};

/// What stands above the lines, for whoever meets them in a review or a merge.
const HEAD: &str = "\
# Addresses that meshc gave and keeps: `meshc lock` writes this file; commit it.
# After a conflict of branches, keep the lines of both and run `meshc lock`.
version: 1
";

impl Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service_entries, services, service_range } = self;
        f.write_str(HEAD)?;
        if !service_entries.is_empty() {
            f.write_str("serviceEntries:\n")?;
        }
        for (LockedHost { namespace, name, host }, locked) in service_entries {
            let (v4, v6) = locked.addresses;
            let (namespace, name, host) = (Quoted(namespace), Quoted(name), Quoted(host));
            writeln!(
                f,
                "- {{namespace: {namespace}, name: {name}, host: {host}, addresses: [\"{v4}\", \"{v6}\"]}}"
            )?;
        }
        if let Some(range) = service_range {
            writeln!(f, "serviceRange: \"{range}\"")?;
        }
        if !services.is_empty() {
            f.write_str("services:\n")?;
        }
        for ((namespace, name), locked) in services {
            let addresses: Vec<String> =
                locked.addresses.iter().map(|address| format!("\"{address}\"")).collect();
            let (namespace, name) = (Quoted(namespace), Quoted(name));
            writeln!(f, "- {{namespace: {namespace}, name: {name}, addresses: [{}]}}", addresses.join(", "))?;
        }
        Ok(())
    }
}

/// A text in double quotes, in which YAML reads what JSON reads.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control.is_control() => write!(f, "\\u{:04x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}
