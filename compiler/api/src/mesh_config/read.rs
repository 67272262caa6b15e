//! Where the mesh configuration comes from.

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::{DecodeError, Document};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::layer::Layer;
use super::{MeshConfig, MeshNetworks, ProxyConfig, rules};
use crate::schema::{Consequences, validate};
use crate::{ResourceSet, embedded, support};

/// Name and namespace of the ConfigMap that istiod reads.
const CONFIG_MAP: (&str, &str) = ("istio", "istio-system");

/// What istiod does with input that does not fit.
pub(super) const ISTIOD: Consequences = Consequences {
    dropped: "istiod ignores the field, so it has no effect",
    refused: "istiod refuses the whole configuration, so it is left out",
};

/// The mesh configuration that a tree and options give.
#[derive(Debug, Clone, PartialEq)]
pub struct MeshInput {
    /// Settings of the mesh.
    pub mesh: MeshConfig,
    /// Networks of the mesh.
    pub networks: MeshNetworks,
}

/// Documents that options name, beside the tree.
#[derive(Debug, Clone, Copy, Default)]
pub struct MeshFiles<'d> {
    /// A `MeshConfig`, laid over everything else.
    pub mesh: Option<&'d Document>,
    /// A `MeshNetworks`, in place of the one in the tree.
    pub networks: Option<&'d Document>,
}

/// Reads the configuration of the mesh: that of the ConfigMap `istio` in `istio-system` over what istiod has built in, or,
/// without it, that of Istio's chart; the file of the option over that. A layer that cannot be read is an error and left
/// out.
#[must_use]
pub fn read(set: &ResourceSet, files: MeshFiles<'_>, diagnostics: &mut Diagnostics) -> MeshInput {
    let map = set.config_maps.iter().find(|map| (map.name(), map.namespace()) == CONFIG_MAP);
    let with = |key: &str| map.filter(|map| map.spec.data.contains_key(key));
    let mut mesh = MeshConfig::defaults();
    if let Some(map) = with("mesh") {
        mesh = MeshConfig::built_in();
        if let Some(layer) = Layer::of_map(map, "mesh", diagnostics) {
            mesh = layer.read(diagnostics, |over, findings| lay_over(&mesh, over, findings));
        }
    }
    if let Some(layer) = files.mesh.and_then(|file| Layer::of_file(file, "mesh", diagnostics)) {
        mesh = layer.read(diagnostics, |over, findings| lay_over(&mesh, over, findings));
    }
    let networks = match files.networks {
        Some(file) => Layer::of_file(file, "meshNetworks", diagnostics),
        None => with("meshNetworks").and_then(|map| Layer::of_map(map, "meshNetworks", diagnostics)),
    };
    let networks = networks.and_then(|layer| layer.read(diagnostics, read_networks));
    MeshInput { mesh, networks: networks.unwrap_or_default() }
}

impl ProxyConfig {
    /// These settings with those of an annotation (`proxy.istio.io/config`) laid over them; the path is that of the
    /// annotation in the document. An annotation that cannot be read is an error and left out.
    #[must_use]
    pub fn overlay_annotation(
        &self,
        document: &Document,
        path: &str,
        object: &ObjectRef,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let Some(embedded) = embedded::parse(document, path, diagnostics) else { return self.clone() };
        let mut findings = Diagnostics::new();
        let over = checked::<Self>(&embedded.document, &mut findings)
            .and_then(|()| self.overlay(&embedded.document.to_value()).ok());
        if over.is_some() {
            let root = embedded.document.root();
            support::report_below("MeshConfig", "defaultConfig.", root, None, &mut findings);
        }
        for finding in embedded.relocate(findings).into_sorted() {
            diagnostics.push(finding.about(object.clone(), path));
        }
        over.unwrap_or_else(|| self.clone())
    }
}

fn lay_over(below: &MeshConfig, over: &Document, findings: &mut Diagnostics) -> MeshConfig {
    let merged = checked::<MeshConfig>(over, findings).and_then(|()| below.overlay(&over.to_value()).ok());
    match merged.filter(|merged| rules::hold(merged, over, findings)) {
        Some(merged) => {
            support::report("MeshConfig", over.root(), None, findings);
            merged
        }
        None => below.clone(),
    }
}

fn read_networks(document: &Document, findings: &mut Diagnostics) -> Option<MeshNetworks> {
    let networks: MeshNetworks =
        checked::<MeshNetworks>(document, findings).and_then(|()| document.deserialize().ok())?;
    if !rules::networks_hold(&networks, document, findings) {
        return None;
    }
    support::report("MeshNetworks", document.root(), None, findings);
    Some(networks)
}

/// Whether a document has the form of the type; findings say what has not.
fn checked<T: DeserializeOwned + JsonSchema>(document: &Document, findings: &mut Diagnostics) -> Option<()> {
    if !validate::<T>(document, ISTIOD, findings) {
        return None;
    }
    document.deserialize::<T>().map(|_| ()).map_err(|error| findings.push(misfit(error))).ok()
}

fn misfit(error: DecodeError) -> Diagnostic {
    let DecodeError { message, span, path } = error;
    let mut finding =
        Diagnostic::new(&codes::INVALID_VALUE, message).at(span, "").consequence(ISTIOD.refused);
    finding.path = Some(path).filter(|path| !path.is_empty());
    finding
}
