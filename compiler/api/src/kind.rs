//! What a resource type says about the kind of object that it is the spec of.

use crate::Resource;
use crate::admission::Report;

/// Identity of a kind in the Kubernetes API, implemented by the type of its `spec` (or of its whole body
/// where the kind has no `spec`).
pub trait Kind: Sized {
    /// API group, empty for the core group.
    const GROUP: &'static str;
    /// The name as written in the field `kind`.
    const KIND: &'static str;
    /// Lower-case plural, as the API server uses it in URLs and as file names of schemas do.
    const PLURAL: &'static str;
    /// Every served version, the preferred one first. All of them have the same fields here.
    const VERSIONS: &'static [&'static str];
    /// Whether objects of the kind live in a namespace.
    const NAMESPACED: bool;

    /// Reports what the API server or a webhook refuses or warns of although the object has the form of the
    /// schema. Default: nothing.
    fn admit(_object: &Resource<Self>, _report: &mut Report) {}
}
