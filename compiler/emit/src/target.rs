//! Which program runs a proxy, and what is emitted for it.

use std::collections::{BTreeMap, BTreeSet};

use meshc_contract::WorkloadRef;
use meshc_diagnostics::Diagnostics;
use meshc_plan::{Plan, ProxyPlan, ProxyTarget};

use crate::artifact::{ArtifactPath, ArtifactSet, Content};
use crate::envoy::{
    self, CredentialMount, EmittedProxy, EnvoyOptions, EnvoySets, ResourceKind, ResourceList, UsedUpstreams,
};
use crate::providers;
use crate::proxy::{self, EmittedConfig};

/// Which program a user wants for which workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetChoice {
    /// For all workloads that nothing else is said about.
    pub default: ProxyTarget,
    /// For single workloads.
    pub named: BTreeMap<WorkloadRef, ProxyTarget>,
}

impl Default for TargetChoice {
    /// Envoy for all.
    fn default() -> Self {
        Self { default: ProxyTarget::Envoy, named: BTreeMap::new() }
    }
}

impl TargetChoice {
    /// The program of a proxy: what its pods ask for, else what is said about its workload, else that of all.
    #[must_use]
    pub fn of(&self, proxy: &ProxyPlan) -> ProxyTarget {
        let Self { default, named } = self;
        proxy.target.or_else(|| named.get(&proxy.workload).copied()).unwrap_or(*default)
    }
}

/// The emitters of one plan. What one of them has emitted already is not emitted again.
pub struct Emitters<'p> {
    choice: TargetChoice,
    envoy: envoy::Emitter<'p>,
    proxy: proxy::Emitter<'p>,
}

impl<'p> Emitters<'p> {
    /// Emitters that have seen nothing of their plan yet.
    #[must_use]
    pub fn new(plan: &'p Plan, choice: TargetChoice, options: EnvoyOptions) -> Self {
        Self { choice, envoy: envoy::Emitter::new(options), proxy: proxy::Emitter::new(plan) }
    }

    /// Emits one proxy of the plan for pods that have much in common with others: see [`envoy::Emitter::proxy_in_use`].
    pub fn emit_in_use(
        &mut self,
        proxy: &'p ProxyPlan,
        used: &UsedUpstreams<'p>,
        diagnostics: &mut Diagnostics,
    ) -> Emitted {
        match self.choice.of(proxy) {
            ProxyTarget::Envoy => Emitted::Envoy(self.envoy.proxy_in_use(proxy, used, diagnostics)),
            ProxyTarget::MeshcProxy => Emitted::MeshcProxy(self.proxy.proxy(proxy, diagnostics)),
        }
    }

    /// Emits one proxy of the plan.
    pub fn emit(&mut self, proxy: &'p ProxyPlan, diagnostics: &mut Diagnostics) -> Emitted {
        match self.choice.of(proxy) {
            ProxyTarget::Envoy => Emitted::Envoy(self.envoy.proxy(proxy, diagnostics)),
            ProxyTarget::MeshcProxy => Emitted::MeshcProxy(self.proxy.proxy(proxy, diagnostics)),
        }
    }
}

/// What one proxy is given.
#[derive(Debug, Clone)]
pub enum Emitted {
    /// Envoy.
    Envoy(EmittedProxy),
    /// The bundled proxy.
    MeshcProxy(EmittedConfig),
}

impl Emitted {
    /// The program.
    #[must_use]
    pub fn target(&self) -> ProxyTarget {
        match self {
            Self::Envoy(_) => ProxyTarget::Envoy,
            Self::MeshcProxy(_) => ProxyTarget::MeshcProxy,
        }
    }

    /// Files by their paths below [`envoy::CONFIG_DIRECTORY`].
    #[must_use]
    pub fn files(&self) -> BTreeMap<ArtifactPath, Content> {
        match self {
            Self::Envoy(emitted) => emitted.bootstrap_files(),
            Self::MeshcProxy(emitted) => emitted.files(),
        }
    }

    /// The same, but for lists of resources that stand in files of their own: see [`EmittedProxy::files_without`].
    #[must_use]
    pub fn files_without(&self, moved: &[ResourceKind]) -> BTreeMap<ArtifactPath, Content> {
        match self {
            Self::Envoy(emitted) => emitted.files_without(moved),
            Self::MeshcProxy(emitted) => emitted.files(),
        }
    }

    /// Lists of resources that other proxies may have too. The bundled proxy reads one file.
    pub fn lists(&self) -> impl Iterator<Item = &ResourceList> {
        match self {
            Self::Envoy(emitted) => Some(emitted.lists()),
            Self::MeshcProxy(_) => None,
        }
        .into_iter()
        .flatten()
    }

    /// What must be mounted into the proxy beside its configuration and its identity.
    #[must_use]
    pub fn mounts(&self) -> BTreeSet<CredentialMount> {
        match self {
            Self::Envoy(emitted) => emitted.mounts(),
            Self::MeshcProxy(emitted) => emitted.mounts(),
        }
    }

    /// Whether [`envoy::IDENTITY_DIRECTORY`] must be mounted.
    #[must_use]
    pub fn uses_identity(&self) -> bool {
        match self {
            Self::Envoy(emitted) => emitted.uses_identity(),
            Self::MeshcProxy(emitted) => emitted.uses_identity(),
        }
    }
}

/// Emits the sets that are asked for, for every proxy of a plan: `bootstrap/<proxy>/` is what the proxy has below `/etc/meshc`,
/// `xds/<proxy>/` are the resources of an Envoy.
#[must_use]
pub fn emit<'p>(
    plan: &'p Plan,
    sets: EnvoySets,
    emitters: &mut Emitters<'p>,
    diagnostics: &mut Diagnostics,
) -> ArtifactSet {
    let mut artifacts = ArtifactSet::new();
    let EnvoySets { bootstrap, xds } = sets;
    if !bootstrap && !xds {
        return artifacts;
    }
    for (workload, proxy) in &plan.proxies {
        let emitted = emitters.emit(proxy, diagnostics);
        let name = workload.to_string();
        let mut add = |set: &str, files: BTreeMap<ArtifactPath, Content>| {
            let folder = ArtifactPath::new([set, &name]);
            for (path, content) in files {
                artifacts.insert(path.below(&folder), content);
            }
        };
        if bootstrap {
            providers::report(proxy, &emitted, diagnostics);
            add("bootstrap", emitted.files());
        }
        if let (true, Emitted::Envoy(emitted)) = (xds, &emitted) {
            add("xds", emitted.xds_files());
        }
    }
    artifacts
}
