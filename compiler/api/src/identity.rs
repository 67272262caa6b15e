//! Which object a document is, before anything else of it is read.

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::Document;

use crate::resource::DEFAULT_NAMESPACE;

/// Group, version, kind, namespace and name of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) version: String,
    pub(crate) object: ObjectRef,
}

/// Reads the identity; `namespaced` says of (group, kind) whether objects live in a namespace, `None` for unknown kinds.
/// Without an identity, a diagnostic says what is missing.
pub(crate) fn identify(
    document: &Document,
    namespaced: impl Fn(&str, &str) -> Option<bool>,
    diagnostics: &mut Diagnostics,
) -> Option<Identity> {
    let (Some(api_version), Some(kind)) = (document.api_version(), document.kind()) else {
        diagnostics.push(incomplete(document));
        return None;
    };
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let stated = document.namespace().unwrap_or_default();
    let namespace = match namespaced(group, kind) {
        Some(true) if stated.is_empty() => DEFAULT_NAMESPACE,
        Some(false) => "",
        _ => stated,
    };
    let name = document.name().unwrap_or_default();
    let object = ObjectRef {
        group: group.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    if let Some(finding) = bad_type(document, &object) {
        diagnostics.push(finding);
        return None;
    }
    if name.contains("${") {
        diagnostics.push(template(document, &object));
        return None;
    }
    if let Some(finding) = bad_name(document, &object) {
        // An object without a name cannot be named.
        diagnostics.push(if name.is_empty() { finding } else { finding.about(object, "metadata.name") });
        return None;
    }
    if !namespace.is_empty() && !is_label(namespace) {
        let finding =
            Diagnostic::new(&codes::INVALID_NAME, format!("`{namespace}` is not a name for a namespace"))
                .at(document.span("metadata.namespace"), "")
                .consequence("the API server refuses the object, so it is left out")
                .help("use lower-case letters, digits and `-`, at most 63 characters");
        diagnostics.push(finding.about(object, "metadata.namespace"));
        return None;
    }
    Some(Identity { version: version.to_owned(), object })
}

fn incomplete(document: &Document) -> Diagnostic {
    let missing = match (document.api_version(), document.kind()) {
        (None, None) => "neither `apiVersion` nor `kind`",
        (None, Some(_)) => "no `apiVersion`",
        _ => "no `kind`",
    };
    Diagnostic::new(&codes::INCOMPLETE_OBJECT, format!("the document has {missing}"))
        .at(document.headline(), "not a Kubernetes object")
        .consequence("the document is left out; nothing in it reaches a proxy")
        .help("state both, or keep files of other programs outside the tree")
}

/// A group or kind that no API server can have, whether its kinds are known or not.
fn bad_type(document: &Document, object: &ObjectRef) -> Option<Diagnostic> {
    let ObjectRef { group, kind, namespace: _, name: _ } = object;
    let is_kind = kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let (field, message, help) = if !is_kind {
        (
            "kind",
            format!("`{kind}` is not a name for a kind"),
            "use letters and digits, as in `VirtualService`",
        )
    } else if !group.is_empty() && !is_subdomain(group) {
        let api_version = document.api_version().unwrap_or_default();
        let help = "write `<group>/<version>`, as in `networking.istio.io/v1`";
        ("apiVersion", format!("`{api_version}` is not a group and a version"), help)
    } else {
        return None;
    };
    let finding = Diagnostic::new(&codes::UNKNOWN_KIND, message).at(document.span(field), "");
    Some(finding.consequence("the API server refuses the object, so it is left out").help(help))
}

/// A placeholder that `envsubst` or another program fills in before anything is applied.
fn template(document: &Document, object: &ObjectRef) -> Diagnostic {
    Diagnostic::new(&codes::NOT_RENDERED, format!("`{}` is the template of a name", object.name))
        .at(document.span("metadata.name"), "")
        .consequence("the object is left out, since nobody knows what it will be called")
        .help("render the template first, and compile what comes out")
}

fn bad_name(document: &Document, object: &ObjectRef) -> Option<Diagnostic> {
    if object.name.is_empty() {
        let generated = document.get("metadata.generateName").is_some();
        let help = if generated {
            "replace `metadata.generateName`: only `kubectl create` accepts it, and no proxy can be named after it"
        } else {
            "state `metadata.name` as a string"
        };
        return Some(
            Diagnostic::new(&codes::INVALID_NAME, format!("the {} has no name", object.kind))
                .at(document.headline(), "")
                .consequence("the API server refuses the object, so it is left out")
                .help(help),
        );
    }
    let (valid, rule) = match (object.group.as_str(), object.kind.as_str()) {
        ("", "Namespace" | "Service") => {
            (is_label(&object.name), "use lower-case letters, digits and `-`, at most 63 characters")
        }
        // Roles may be called `system:node`; all that every kind forbids is what would break a URL or a path.
        ("rbac.authorization.k8s.io", _) => (is_path_segment(&object.name), "leave out `/` and `%`"),
        _ => (
            is_subdomain(&object.name),
            "use lower-case letters, digits, `-` and `.`, at most 253 characters",
        ),
    };
    (!valid).then(|| {
        Diagnostic::new(
            &codes::INVALID_NAME,
            format!("`{}` is not a name for a {}", object.name, object.kind),
        )
        .at(document.span("metadata.name"), "")
        .consequence("the API server refuses the object, so it is left out")
        .help(rule)
    })
}

/// A label of RFC 1123.
fn is_label(text: &str) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// A subdomain of RFC 1123, whose labels may be longer than 63 for Kubernetes.
fn is_subdomain(text: &str) -> bool {
    let label = |label: &str| {
        let edge = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_path_segment(text: &str) -> bool {
    !matches!(text, "." | "..") && !text.contains(['/', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_the_api_server() {
        assert!(is_subdomain("a.b-c.9") && is_label("reviews-v1"));
        for text in ["", "A", "a_b", "-a", "a-", "a..b", ".", "../a", "a/b"] {
            assert!(!is_subdomain(text), "{text}");
        }
        assert!(!is_label("a.b") && !is_label(&"a".repeat(64)));
        assert!(is_path_segment("system:node") && !is_path_segment("..") && !is_path_segment("a/b"));
    }
}
