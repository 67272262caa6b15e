//! What there is to say about addresses that are not locked, and about lines of the lock file that nothing needs.

use meshc_api::{Locked, LockedHost};
use meshc_diagnostics::{Diagnostic, codes};

use super::Wanted;
use crate::addresses::AutoAddresses;

/// How many hosts a finding names before it only counts.
const NAMED: usize = 3;

pub(super) fn not_locked(unlocked: &[&Wanted<'_>]) -> Diagnostic {
    let named: Vec<String> =
        unlocked.iter().take(NAMED).map(|wanted| format!("`{}`", wanted.key.host)).collect();
    let rest = match unlocked.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("the lock file has no address for {}{rest}", named.join(", "));
    let finding = Diagnostic::new(&codes::ADDRESS_NOT_LOCKED, message)
        .consequence(
            "they get addresses in the order of their names, so that an entry that is added may move others",
        )
        .help("run `meshc lock` and commit the file, or state `addresses`");
    match unlocked.first() {
        Some(first) => first.at(finding, &first.path),
        None => finding,
    }
}

pub(super) fn stale_line(
    host: &LockedHost,
    locked: &Locked<AutoAddresses>,
    wanted: &[Wanted<'_>],
) -> Diagnostic {
    let LockedHost { namespace, name, host: text } = host;
    let known = wanted.iter().find(|wanted| wanted.key == *host);
    let what = match known {
        Some(_) => {
            format!("`{text}` of ServiceEntry {namespace}/{name} has another address than the locked one")
        }
        None => format!("no ServiceEntry {namespace}/{name} of the tree needs an address for `{text}`"),
    };
    let consequence = match known {
        Some(_) => "the address in its status counts, or a free one where another host has the locked one",
        None => "the line has no effect",
    };
    let finding = Diagnostic::new(&codes::STALE_LOCK, what).consequence(consequence).help("run `meshc lock`");
    let finding = match locked.span {
        Some(span) => finding.at(span, ""),
        None => finding,
    };
    match known {
        Some(known) => finding.related(known.object.document.span(&known.path), "the host"),
        None => finding,
    }
}
