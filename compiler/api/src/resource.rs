//! One object: its metadata, its content as a type, and the document that it was read from.

use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Origin, Span};
use meshc_source::Document;

use crate::kubernetes::ObjectMeta;
use crate::{Kind, Timestamp};

/// Namespace of objects that state none, as `kubectl apply` without `--namespace` has it.
pub const DEFAULT_NAMESPACE: &str = "default";

/// An object of a known kind.
#[derive(Debug, Clone)]
pub struct Resource<T> {
    /// `metadata`.
    pub meta: ObjectMeta,
    /// The `spec`; for kinds without one, the fields beside `metadata`.
    pub spec: T,
    /// Group and version as written (`networking.istio.io/v1`).
    pub api_version: String,
    /// The whole object as it was read, with all fields that the type does not hold.
    pub document: Arc<Document>,
}

/// Where an object stands among those of its kind when two of them compete: the older one first, then by name, then by
/// namespace, as istiod has it. Objects without a time are equally old, and older than all others.
pub type CreationKey<'a> = (Option<Timestamp>, &'a str, &'a str);

impl<T: Kind> Resource<T> {
    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.meta.name
    }

    /// Namespace of the object, `default` where it states none; empty for kinds of cluster scope.
    #[must_use]
    pub fn namespace(&self) -> &str {
        if !T::NAMESPACED {
            return "";
        }
        self.meta.namespace.as_deref().filter(|namespace| !namespace.is_empty()).unwrap_or(DEFAULT_NAMESPACE)
    }

    /// What identifies the object.
    #[must_use]
    pub fn object_ref(&self) -> ObjectRef {
        ObjectRef {
            group: T::GROUP.to_owned(),
            kind: T::KIND.to_owned(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }

    /// Where a field stands, as `spec.http[0].route[1].destination.host`. Where the object does not have the field, the
    /// nearest enclosing one that it has; for the empty path, the name of the object.
    #[must_use]
    pub fn span(&self, path: &str) -> Span {
        if path.is_empty() { self.document.headline() } else { self.document.span(path) }
    }

    /// Origin of a node of the plan that a field declares. The empty path means the whole object.
    #[must_use]
    pub fn origin(&self, path: &str) -> Origin {
        Origin::Declared { object: self.object_ref(), span: self.span(path) }
    }

    /// Sort key among objects of the kind.
    #[must_use]
    pub fn creation_key(&self) -> CreationKey<'_> {
        (self.meta.creation_timestamp, self.name(), self.namespace())
    }
}
