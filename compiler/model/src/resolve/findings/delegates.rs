//! Delegations that istiod leaves out without a word.

use meshc_api::closest;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use super::Checked;
use crate::resolve::delegates::{Dropped, Reason};

/// Reports them.
pub(super) fn report(checked: &Checked<'_>, diagnostics: &mut Diagnostics) {
    for dropped in checked.dropped {
        diagnostics.push(finding(checked, dropped));
    }
}

fn finding(checked: &Checked<'_>, dropped: &Dropped) -> Diagnostic {
    let Dropped { root, route, reason } = dropped;
    let delegate = root.spec.http.get(*route).and_then(|route| route.delegate.as_ref());
    let name = delegate.and_then(|delegate| delegate.name.as_deref()).unwrap_or_default();
    let path = format!("spec.http[{route}].delegate");
    let unknown = |message: String| {
        Diagnostic::new(&codes::UNKNOWN_DELEGATE, message)
            .at(root.span(&path), "")
            .consequence("istiod leaves the rule out: its requests fall to the rules below it")
            .about(root.object_ref(), path.clone())
    };
    match reason {
        Reason::NotFound => {
            let stated = delegate.and_then(|delegate| delegate.namespace.as_deref());
            let namespace = stated.filter(|namespace| !namespace.is_empty()).unwrap_or(root.namespace());
            let known = checked.written.iter().filter(|other| other.spec.hosts.is_empty() && other.namespace() == namespace);
            let finding = unknown(format!("there is no VirtualService `{namespace}/{name}`"));
            match closest(name, known.map(|other| other.name())) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("create a VirtualService of this name without `hosts`"),
            }
        }
        Reason::NotADelegate(other) => unknown(format!("`{name}` has hosts of its own, so it is not a delegate"))
            .related(other.span("spec.hosts"), "a delegate has no hosts")
            .help("remove the hosts of the delegate"),
        Reason::NotExported(other) => {
            unknown(format!("`{name}` is not exported to namespace `{}`", root.namespace()))
                .related(other.span("spec.exportTo"), "")
                .help("add the namespace to `spec.exportTo` of the delegate")
        }
        Reason::Conflict(other, rule) => {
            Diagnostic::new(
                &codes::DELEGATE_OUTSIDE_RULE,
                format!("no match of this rule lies within one of the rule that delegates to it, in {}", root.object_ref()),
            )
            .at(other.span(&format!("spec.http[{rule}].match")), "")
            .related(root.span(&format!("spec.http[{route}].match")), "delegates only what matches here")
            .consequence("istiod leaves the rule out: its requests fall to other rules")
            .help("a prefix of the delegate must begin with that of the rule; regular expressions cannot be combined")
            .about(other.object_ref(), format!("spec.http[{rule}].match"))
        }
    }
}
