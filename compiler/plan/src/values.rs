//! Small values that several nodes share.

/// How a text is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StringMatch {
    /// The whole text.
    Exact(String),
    /// A prefix.
    Prefix(String),
    /// A suffix.
    Suffix(String),
    /// An RE2 expression over the whole text.
    Regex(String),
    /// Any of these, case ignored; only where the rule says so (AuthorizationPolicy `hosts`).
    IgnoreCase(Box<StringMatch>),
}

/// A share, as Envoy's `FractionalPercent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    /// Parts that count.
    pub numerator: u32,
    /// Parts in all.
    pub denominator: FractionDenominator,
}

/// Parts in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FractionDenominator {
    /// 100.
    Hundred,
    /// 10,000.
    TenThousand,
    /// 1,000,000.
    Million,
}
