//! `meshc.lock`: addresses that stay as they were given, kept in git beside the objects that have them.
//!
//! istiod keeps the addresses that it gives to ServiceEntries in their `status`, and the API server those of Services in their
//! `spec`. A tree has neither, so this file has them: one line an address, sorted, so that a new object adds a line and
//! moves none, and changes of two branches meet only where they are about the same object.

mod conflict;
mod print;
mod range;
mod read;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use meshc_diagnostics::Span;

pub use range::{AddressRange, AddressRangeError};

/// Name of the file in the folder of a tree.
pub const LOCK_FILE: &str = "meshc.lock";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// Automatic addresses of hosts of ServiceEntries.
    pub service_entries: BTreeMap<LockedHost, Locked<(Ipv4Addr, Ipv6Addr)>>,
    /// Cluster addresses of Services, by namespace and name: one, or one of each family.
    pub services: BTreeMap<(String, String), Locked<Vec<IpAddr>>>,
    /// Where new Services get their addresses from; none by default: the API server gives them.
    pub service_range: Option<AddressRange>,
}

/// A host of a ServiceEntry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockedHost {
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// The host, in lower case and without a dot at its end.
    pub host: String,
}

/// A line of the file.
#[derive(Debug, Clone, Eq)]
pub struct Locked<T> {
    /// The addresses.
    pub addresses: T,
    /// Where the line is; `None` for one that is not written yet.
    pub span: Option<Span>,
}

/// Where a line stands does not matter for what it says.
impl<T: PartialEq> PartialEq for Locked<T> {
    fn eq(&self, other: &Self) -> bool {
        self.addresses == other.addresses
    }
}

impl Lock {
    /// Whether nothing is locked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.service_entries.is_empty() && self.services.is_empty() && self.service_range.is_none()
    }

    /// Cluster addresses of a Service; none if it is not locked.
    #[must_use]
    pub fn service(&self, namespace: &str, name: &str) -> &[IpAddr] {
        // A map of pairs of owned texts has no lookup by borrowed ones.
        let key = (namespace.to_owned(), name.to_owned());
        self.services.get(&key).map_or(&[], |locked| locked.addresses.as_slice())
    }
}
