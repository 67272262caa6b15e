//! Shares as Envoy counts them.

use meshc_api::istio::Percent;
use meshc_plan::{Fraction, FractionDenominator};

/// A share in millionths; what is below one of them is cut off, and so is what lies outside of 0 to 100.
pub(super) fn millionths(percent: &Percent) -> Fraction {
    let numerator = (percent.value.clamp(0.0, 100.0) * 10_000.0) as u32;
    Fraction { numerator, denominator: FractionDenominator::Million }
}

/// A share in whole per cent.
pub(super) fn hundredths(percent: u32) -> Fraction {
    Fraction { numerator: percent, denominator: FractionDenominator::Hundred }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_cut_to_millionths() {
        assert_eq!(millionths(&Percent { value: 0.25 }).numerator, 2_500);
        assert_eq!(millionths(&Percent { value: 0.00019 }).numerator, 1);
        assert_eq!(millionths(&Percent { value: 100.0 }).numerator, 1_000_000);
    }
}
