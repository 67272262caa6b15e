//! Kinds without a type: which of them pass through, which are misspelt, which meshc does not act on yet.

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::Document;

use crate::closest::closest;
use crate::identity::Identity;
use crate::resource_set::TYPED_KINDS;

/// Groups of Kubernetes whose kinds are known as a whole, with the kinds that have no type.
const WHOLE_GROUPS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "Binding",
            "ComponentStatus",
            "Event",
            "LimitRange",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
        ],
    ),
    ("apps", &["ControllerRevision"]),
    ("batch", &[]),
    // Served by no supported Kubernetes any more; its kinds live in other groups.
    ("extensions", &[]),
    ("networking.istio.io", &[]),
    ("security.istio.io", &[]),
    ("telemetry.istio.io", &[]),
    ("extensions.istio.io", &[]),
];

/// Kinds of other groups that change what Istio does, by group; an empty kind means every kind of the group.
const NOT_YET: &[(&str, &str)] = &[
    ("", "ReplicationController"),
    ("gateway.networking.k8s.io", ""),
    ("gateway.networking.x-k8s.io", ""),
    ("inference.networking.k8s.io", ""),
    ("multicluster.x-k8s.io", ""),
];

/// Groups of documents that programs read and the API server does not, with what becomes of them and what to do.
const NO_OBJECTS: &[(&str, &str, &str)] = &[
    (
        "kustomize.config.k8s.io",
        "the files that it names are read as they are, without its patches",
        "render it first (`kubectl kustomize DIR | meshc build -`)",
    ),
    (
        "install.istio.io",
        "its settings reach no proxy",
        "put its `spec.meshConfig` into a file and give it as `--mesh-config FILE`",
    ),
];

/// What to say of a document that is no object of the cluster although it looks like one. It needs no name.
pub(crate) fn no_object(document: &Document) -> Option<Diagnostic> {
    let (group, _) = document.api_version()?.rsplit_once('/')?;
    let (_, consequence, help) = NO_OBJECTS.iter().find(|(known, ..)| *known == group)?;
    let message = format!("{} is not an object of the cluster", document.kind().unwrap_or("the document"));
    let finding = Diagnostic::new(&codes::NOT_RENDERED, message).at(document.span("kind"), "");
    Some(finding.consequence(format!("it is left out; {consequence}")).help(*help))
}

/// Whether an object without a type is passed through. A diagnostic says what becomes of it unless nothing is to say.
pub(crate) fn check(identity: &Identity, document: &Document, diagnostics: &mut Diagnostics) -> bool {
    let (group, kind) = (identity.object.group.as_str(), identity.object.kind.as_str());
    if let Some((_, untyped)) = WHOLE_GROUPS.iter().find(|(whole, _)| *whole == group)
        && !untyped.contains(&kind)
    {
        diagnostics.push(unknown(identity, document, untyped));
        return false;
    }
    if NOT_YET.iter().any(|(of, not_yet)| *of == group && (not_yet.is_empty() || *not_yet == kind)) {
        diagnostics.push(not_yet(identity, document));
    }
    true
}

fn unknown(identity: &Identity, document: &Document, untyped: &[&str]) -> Diagnostic {
    let object = &identity.object;
    let api_version = document.api_version().unwrap_or_default();
    let elsewhere = TYPED_KINDS.iter().find(|(_, kind, ..)| *kind == object.kind);
    let of_group = TYPED_KINDS.iter().filter(|(group, ..)| *group == object.group).map(|(_, kind, ..)| *kind);
    let help = match (elsewhere, closest(&object.kind, of_group.chain(untyped.iter().copied()))) {
        (Some(("", kind, version, _)), _) => Some(format!("{kind} belongs to `{version}`")),
        (Some((group, kind, version, _)), _) => Some(format!("{kind} belongs to `{group}/{version}`")),
        (None, Some(kind)) => Some(format!("did you mean `{kind}`?")),
        (None, None) => None,
    };
    let finding =
        Diagnostic::new(&codes::UNKNOWN_KIND, format!("`{api_version}` has no kind `{}`", object.kind))
            .at(document.span("kind"), "")
            .consequence("the API server refuses the object, so it is left out")
            .about(object.clone(), "kind");
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

fn not_yet(identity: &Identity, document: &Document) -> Diagnostic {
    let (group, kind) = (&identity.object.group, &identity.object.kind);
    // Like objects of Istio, those of Gateway API are compiled away: another controller must not act on them.
    let consequence = if group.starts_with("gateway.networking.") {
        "no proxy acts on it, and the object is not emitted"
    } else {
        "no proxy acts on it; the object itself is emitted unchanged"
    };
    // Some kinds of other groups have names that Istio has too.
    let of_group = if group.is_empty() { String::new() } else { format!(" of `{group}`") };
    Diagnostic::new(&codes::NOT_SUPPORTED_YET, format!("`{kind}`{of_group} is not supported yet"))
        .at(document.headline(), "")
        .consequence(consequence)
        .about(identity.object.clone(), "")
}
