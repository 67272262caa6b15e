//! Blocks of addresses that new ones are taken from.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Most addresses of a block that are used: more than a cluster has Services.
const MOST: u128 = 1 << 20;

/// A block of addresses, as `10.96.128.0/17`. It has no bit set behind its prefix, and room for two addresses or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressRange {
    first: IpAddr,
    prefix: u8,
}

/// Why a text is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRangeError(String);

impl fmt::Display for AddressRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressRangeError {}

impl AddressRange {
    /// How many addresses can be taken: all but the first and the last one, and no more than about a million.
    #[must_use]
    pub fn len(self) -> u32 {
        let bits = self.bits() - u32::from(self.prefix);
        let all = 1_u128.checked_shl(bits).map_or(u128::MAX, |all| all - 2);
        u32::try_from(all.min(MOST)).unwrap_or(u32::MAX)
    }

    /// Whether no address can be taken; never so for a block that was read.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The address of a number, which wraps around.
    #[must_use]
    pub fn at(self, number: u32) -> IpAddr {
        let number = number.checked_rem(self.len()).unwrap_or(0) + 1;
        match self.first {
            IpAddr::V4(first) => Ipv4Addr::from_bits(first.to_bits() | number).into(),
            IpAddr::V6(first) => Ipv6Addr::from_bits(first.to_bits() | u128::from(number)).into(),
        }
    }

    fn bits(self) -> u32 {
        if self.first.is_ipv4() { 32 } else { 128 }
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let error = |reason: &str| AddressRangeError(format!("`{text}` {reason}"));
        let (address, prefix) =
            text.split_once('/').ok_or_else(|| error("is not a block of addresses, as `10.96.128.0/17`"))?;
        let first: IpAddr = address.parse().map_err(|_| error("does not begin with an IP address"))?;
        let prefix: u8 = prefix.parse().map_err(|_| error("does not end with the length of a prefix"))?;
        let range = Self { first, prefix };
        if u32::from(prefix) + 2 > range.bits() {
            return Err(error("has no room for addresses"));
        }
        let behind = u128::MAX.checked_shr(128 - (range.bits() - u32::from(prefix))).unwrap_or(0);
        let bits = match first {
            IpAddr::V4(first) => u128::from(first.to_bits()),
            IpAddr::V6(first) => first.to_bits(),
        };
        if bits & behind != 0 {
            return Err(error("has bits set behind its prefix"));
        }
        Ok(range)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressRange;

    #[test]
    fn a_block_gives_all_but_its_first_and_last_address() {
        let range: AddressRange = "10.96.128.0/30".parse().unwrap();
        assert_eq!(range.len(), 2);
        let addresses: Vec<_> = (0..3).map(|number| range.at(number).to_string()).collect();
        assert_eq!(addresses, ["10.96.128.1", "10.96.128.2", "10.96.128.1"]);
        let range: AddressRange = "fd00:1::/64".parse().unwrap();
        assert_eq!((range.len(), range.at(1).to_string()), (1 << 20, "fd00:1::2".to_owned()));
        assert_eq!("::/0".parse::<AddressRange>().unwrap().at(0).to_string(), "::1");
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let reason = |text: &str| text.parse::<AddressRange>().unwrap_err().to_string();
        assert_eq!(reason("10.0.0.0"), "`10.0.0.0` is not a block of addresses, as `10.96.128.0/17`");
        assert_eq!(reason("web/8"), "`web/8` does not begin with an IP address");
        assert_eq!(reason("10.0.0.0/x"), "`10.0.0.0/x` does not end with the length of a prefix");
        assert_eq!(reason("10.0.0.0/31"), "`10.0.0.0/31` has no room for addresses");
        assert_eq!(reason("10.0.0.1/8"), "`10.0.0.1/8` has bits set behind its prefix");
    }
}
