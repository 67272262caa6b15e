//! Labels and annotations by which people and programs tell the objects that meshc writes.

/// A name below the domain of meshc, which stands here and nowhere else.
macro_rules! below_domain {
    ($name:literal) => {
        concat!("meshc.dev/", $name)
    };
}

/// Label: name of the mesh.
pub const MESH_LABEL: &str = below_domain!("mesh");
/// Label: the workload that an object was written for.
pub const WORKLOAD_LABEL: &str = below_domain!("workload");
/// Label of a generated Service: the service whose pods it finds.
pub const SERVICE_LABEL: &str = below_domain!("service");
/// Label of a generated Service: the subset that it is narrowed to.
pub const SUBSET_LABEL: &str = below_domain!("subset");
/// Annotation: what an object was made from.
pub const SOURCE_ANNOTATION: &str = below_domain!("source");
/// Annotation: digest of the content of an object, `sha256:` and 16 hexadecimal digits. It changes only if the content does.
pub const DIGEST_ANNOTATION: &str = below_domain!("digest");
/// Annotation of injected pods: digest of the configuration of their proxy, so that a changed one replaces the pods.
pub const CONFIG_DIGEST_ANNOTATION: &str = below_domain!("config-digest");
/// Annotation of pods in the input: the program of their proxy, `envoy` or `proxy`. It wins over the option of the build.
pub const TARGET_ANNOTATION: &str = below_domain!("target");
/// Label of the Secrets in which the push agent keeps what was there before a run: the id of its ApplySet.
pub const UNDO_LABEL: &str = below_domain!("undo-of");
