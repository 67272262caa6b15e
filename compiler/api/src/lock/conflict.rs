//! Lines that contradict each other, as they stand after two branches were merged.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_diagnostics::{Diagnostic, Diagnostics, Span, codes};

/// Lines of git around the two sides of a conflict.
const MARKERS: [&str; 3] = ["<<<<<<< ", "=======", ">>>>>>> "];

/// Where git left a conflict, if it did: the first byte of the line and the one behind its last.
pub(super) fn marker(text: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.trim_end();
        if MARKERS.iter().any(|marker| written.starts_with(marker.trim_end())) {
            return Some((start, start + written.len()));
        }
        start += line.len();
    }
    None
}

/// Addresses that lines have, so that no two have the same.
#[derive(Debug, Default)]
pub(super) struct Owners {
    owners: BTreeMap<IpAddr, Span>,
}

impl Owners {
    /// Takes addresses for a line; if another line has one of them, says so and takes none.
    pub(super) fn take(&mut self, addresses: &[IpAddr], line: Span, diagnostics: &mut Diagnostics) -> bool {
        let taken = addresses.iter().find_map(|address| Some((address, self.owners.get(address)?)));
        if let Some((address, owner)) = taken {
            diagnostics.push(
                Diagnostic::new(&codes::LOCK_CONFLICT, format!("two lines have the address `{address}`"))
                    .at(line, "")
                    .related(*owner, "the other line")
                    .consequence("connections to one of the two could not be told from those to the other")
                    .help("run `meshc lock`, which gives a new address to one of them"),
            );
            return false;
        }
        self.owners.extend(addresses.iter().map(|address| (*address, line)));
        true
    }
}

/// What to say of a second line about the same thing; nothing if it says the same.
pub(super) fn said_twice(what: &str, line: Span, other: Option<Span>) -> Diagnostic {
    let message = format!("two lines give different addresses to {what}");
    let finding = Diagnostic::new(&codes::LOCK_CONFLICT, message)
        .at(line, "")
        .consequence("clients that were told one address cannot be reached at the other one")
        .help("run `meshc lock`, which keeps the first line, or delete one of the two");
    match other {
        Some(other) => finding.related(other, "the other line"),
        None => finding,
    }
}
