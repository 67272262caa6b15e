//! Every code that meshc can report. Numbers are permanent and grouped by pass: 10xx load, 11xx parse, 20xx schema,
//! 21xx decode, 30xx resolve, 40xx lower, 50xx lint, 60xx emit, 70xx certificates. A retired number is not used again.

use crate::{Code, Severity};

macro_rules! codes {
    ($($(#[$doc:meta])* $ident:ident = $number:literal $name:literal $severity:ident $($istio:literal)?;)*) => {
        $($(#[$doc])* pub static $ident: Code = Code {
            number: $number,
            name: $name,
            istio: codes!(@istio $($istio)?),
            severity: Severity::$severity,
        };)*
        /// All codes, in the order of the table.
        pub static ALL: &[&Code] = &[$(&$ident),*];
    };
    (@istio) => { None };
    (@istio $istio:literal) => { Some($istio) };
}

codes! {
    /// A kind or field is read and understood, but no pass acts on it yet.
    NOT_SUPPORTED_YET = 2110 "not-supported-yet" Warning;
    /// A reference names a host that no Service or ServiceEntry provides.
    UNKNOWN_HOST = 3001 "unknown-host" Error "IST0101";
    /// A reference names a subset that no DestinationRule of the host defines.
    UNKNOWN_SUBSET = 3004 "unknown-subset" Error "IST0101";
    /// A VirtualService names a Gateway that does not exist.
    UNKNOWN_GATEWAY = 3005 "unknown-gateway" Error "IST0101";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn numbers_and_names_are_unique() {
        let numbers: BTreeSet<_> = ALL.iter().map(|code| code.number).collect();
        let names: BTreeSet<_> = ALL.iter().map(|code| code.name).collect();
        assert_eq!((numbers.len(), names.len()), (ALL.len(), ALL.len()));
    }
}
