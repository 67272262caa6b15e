//! Small values that several nodes share.

use std::net::IpAddr;

use meshc_plan::{DnsFamily, Fraction, FractionDenominator, StringMatch};

use super::xds;

/// A text match.
pub(super) fn string_match(value: &StringMatch) -> xds::StringMatcher {
    let mut matcher = xds::StringMatcher::default();
    match value {
        StringMatch::Exact(text) => matcher.exact = Some(text.clone()),
        StringMatch::Prefix(text) => matcher.prefix = Some(text.clone()),
        StringMatch::Suffix(text) => matcher.suffix = Some(text.clone()),
        StringMatch::Regex(regex) => {
            matcher.safe_regex = Some(xds::RegexMatcher { regex: regex.to_string() })
        }
        StringMatch::IgnoreCase(inner) => {
            matcher = xds::StringMatcher { ignore_case: true, ..string_match(inner) };
        }
    }
    matcher
}

/// A share.
pub(super) fn fraction(value: Fraction) -> xds::FractionalPercent {
    let Fraction { numerator, denominator } = value;
    let denominator = match denominator {
        FractionDenominator::Hundred => None,
        FractionDenominator::TenThousand => Some(xds::Denominator::TenThousand),
        FractionDenominator::Million => Some(xds::Denominator::Million),
    };
    xds::FractionalPercent { numerator, denominator }
}

/// A share that no runtime key changes.
pub(super) fn runtime_fraction(value: Fraction) -> xds::RuntimeFractionalPercent {
    xds::RuntimeFractionalPercent { default_value: Some(fraction(value)) }
}

/// A network.
pub(super) fn network(address: IpAddr, prefix: u8) -> xds::CidrRange {
    xds::CidrRange { address_prefix: address.to_string(), prefix_len: Some(u32::from(prefix)) }
}

/// Address families of look-ups.
pub(super) fn dns_family(family: DnsFamily) -> xds::DnsLookupFamily {
    match family {
        DnsFamily::V4Only => xds::DnsLookupFamily::V4Only,
        DnsFamily::V6Only => xds::DnsLookupFamily::V6Only,
        DnsFamily::All => xds::DnsLookupFamily::All,
    }
}

/// A plain duration in Envoy's words.
pub(super) fn duration(value: Option<std::time::Duration>) -> Option<xds::Duration> {
    value.map(xds::Duration)
}
