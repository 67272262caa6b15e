//! Annotations that decide whether the webhook accepts an object of any kind.

use crate::admission::{At, Report};
use crate::{Kind, Resource};

/// Asks for a policy that is evaluated but not enforced.
pub(super) const DRY_RUN: &str = "istio.io/dry-run";
/// Makes the webhook refuse the object; made for tests of it.
const ALWAYS_REJECT: &str = "internal.istio.io/webhook-always-reject";

/// The annotations of a kind that cannot be tried without enforcing it.
pub(super) fn check<T: Kind>(object: &Resource<T>, report: &mut Report) {
    if object.meta.annotations.contains_key(DRY_RUN) {
        let annotations = At::METADATA.field("annotations");
        report.refuse(
            &annotations.field(DRY_RUN),
            format!("a {} cannot be tried with the annotation `{DRY_RUN}`", T::KIND),
        );
    }
    always_reject(object, report);
}

/// The annotation that makes the webhook refuse anything.
pub(super) fn always_reject<T: Kind>(object: &Resource<T>, report: &mut Report) {
    if object.meta.annotations.contains_key(ALWAYS_REJECT) {
        let annotations = At::METADATA.field("annotations");
        report.refuse(
            &annotations.field(ALWAYS_REJECT),
            format!("the annotation `{ALWAYS_REJECT}` asks to be refused"),
        );
    }
}
