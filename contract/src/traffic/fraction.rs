//! Shares of requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A share, as Envoy's `FractionalPercent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fraction {
    /// Parts that count.
    pub numerator: u32,
    /// Parts in all.
    pub denominator: FractionDenominator,
}

/// Parts in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FractionDenominator {
    /// 100.
    Hundred,
    /// 10,000.
    TenThousand,
    /// 1,000,000.
    Million,
}

impl FractionDenominator {
    /// Parts in all.
    #[must_use]
    pub const fn parts(self) -> u32 {
        match self {
            Self::Hundred => 100,
            Self::TenThousand => 10_000,
            Self::Million => 1_000_000,
        }
    }
}

impl Fraction {
    /// The share, between 0 and 1.
    #[must_use]
    pub fn share(self) -> f64 {
        (f64::from(self.numerator) / f64::from(self.denominator.parts())).min(1.0)
    }

    /// Whether a request with this random number is one of those that count, as Envoy decides it.
    #[must_use]
    pub const fn takes(self, random: u64) -> bool {
        random % (self.denominator.parts() as u64) < self.numerator as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_takes_that_many_of_all_random_numbers() {
        let quarter = Fraction { numerator: 2_500, denominator: FractionDenominator::TenThousand };
        assert_eq!((0..10_000).filter(|random| quarter.takes(*random)).count(), 2_500);
        assert!((quarter.share() - 0.25).abs() < f64::EPSILON);
        let more_than_all = Fraction { numerator: 200, denominator: FractionDenominator::Hundred };
        assert!(more_than_all.takes(99) && (more_than_all.share() - 1.0).abs() < f64::EPSILON);
    }
}
