//! The API server: which kinds it has, and the few requests that a delivery makes.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Status;
use kube::{Client, Config};
use meshc_contract::ObjectRef;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::args::DeliveryArgs;
use crate::conflict::{self, Conflict};
use crate::error::Error;
use crate::redact;

/// Objects that one answer to a list holds.
const PAGE: u32 = 500;
/// What the API server says about fields that the schema of a kind does not have; the code is that of an error of its own.
const UNTYPED: &str = "failed to create typed patch object";
/// How long the API server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A kind that the cluster has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

/// A connection to a cluster.
pub(crate) struct Cluster {
    client: Client,
    /// Who our fields belong to.
    manager: String,
    /// Namespace of the context.
    pub(crate) namespace: String,
    /// Kinds by `apiVersion`; those that the cluster does not have are not kept.
    kinds: Mutex<BTreeMap<String, BTreeMap<String, Kind>>>,
}

/// How an object is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Only say what would come of it.
    pub(crate) dry_run: bool,
    /// Take fields of other managers.
    pub(crate) force: bool,
}

/// Why an object could not be applied.
#[derive(Debug)]
pub(crate) enum ApplyError {
    /// Others own fields of it.
    Conflicts(Vec<Conflict>),
    /// There is no such namespace, or the kind has gone.
    NotFound,
    /// The API server refuses the object.
    Refused(String),
    /// The API server cannot be asked.
    Stopped(Error),
}

impl Cluster {
    /// Connects as kubectl would. Nothing is asked yet.
    pub(crate) async fn connect(args: &DeliveryArgs) -> Result<Self, Error> {
        let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
        let failed = |error: &dyn std::fmt::Display| Error::Failed(format!("cannot connect: {error}"));
        let mut config = match (&args.kubeconfig, &args.context) {
            (Some(path), _) => {
                let file = Kubeconfig::read_from(path).map_err(|error| failed(&error))?;
                Config::from_custom_kubeconfig(file, &options).await.map_err(|error| failed(&error))?
            }
            (None, Some(_)) => Config::from_kubeconfig(&options).await.map_err(|error| failed(&error))?,
            (None, None) => Config::infer().await.map_err(|error| failed(&error))?,
        };
        config.read_timeout = Some(ANSWER_WITHIN);
        let namespace = args.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|error| failed(&error))?;
        Ok(Self { client, manager: args.field_manager.clone(), namespace, kinds: Mutex::default() })
    }

    /// Who our fields belong to.
    pub(crate) fn manager(&self) -> &str {
        &self.manager
    }

    /// A kind in a version; none if the cluster does not have it.
    pub(crate) async fn kind(&self, group: &str, version: &str, kind: &str) -> Result<Option<Kind>, Error> {
        let api_version = match group {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        };
        if let Some(kinds) = self.kinds.lock().await.get(&api_version) {
            return Ok(kinds.get(kind).cloned());
        }
        let listed = match group {
            "" => self.client.list_core_api_resources(version).await,
            _ => self.client.list_api_group_resources(&api_version).await,
        };
        let listed = match listed {
            Ok(listed) => listed.resources,
            // A group that is not there is no object of the API: its answer has a code and no reason.
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(None),
            Err(error) => return Err(stopped("ask for kinds", error)),
        };
        // Names with a slash are subresources.
        let kinds = listed.into_iter().filter(|resource| !resource.name.contains('/')).map(|resource| {
            let found = Kind {
                resource: ApiResource {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    api_version: api_version.clone(),
                    kind: resource.kind.clone(),
                    plural: resource.name,
                },
                namespaced: resource.namespaced,
            };
            (resource.kind, found)
        });
        let kinds: BTreeMap<String, Kind> = kinds.collect();
        let found = kinds.get(kind).cloned();
        self.kinds.lock().await.insert(api_version, kinds);
        Ok(found)
    }

    /// Forgets which kinds the cluster has, after definitions were applied.
    pub(crate) async fn forget_kinds(&self) {
        self.kinds.lock().await.clear();
    }

    /// A kind in the version that the API server prefers, or the first that has it.
    pub(crate) async fn any_version(&self, group: &str, kind: &str) -> Result<Option<Kind>, Error> {
        if group.is_empty() {
            return self.kind("", "v1", kind).await;
        }
        let groups = self.client.list_api_groups().await.map_err(|error| stopped("ask for kinds", error))?;
        let Some(found) = groups.groups.into_iter().find(|found| found.name == group) else {
            return Ok(None);
        };
        let preferred = found.preferred_version.into_iter().map(|version| version.version);
        let others = found.versions.into_iter().map(|version| version.version);
        for version in preferred.chain(others) {
            if let Some(kind) = self.kind(group, &version, kind).await? {
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }

    fn api(&self, kind: &Kind, namespace: &str) -> Api<DynamicObject> {
        if kind.namespaced {
            Api::namespaced_with(self.client.clone(), namespace, &kind.resource)
        } else {
            Api::all_with(self.client.clone(), &kind.resource)
        }
    }

    /// An object; none if there is no such.
    pub(crate) async fn get(&self, kind: &Kind, namespace: &str, name: &str) -> Result<Option<Value>, Error> {
        match self.api(kind, namespace).get_opt(name).await {
            Ok(object) => Ok(object.map(|object| value(kind, &object))),
            Err(error) => Err(rejected(&format!("read {} {name}", kind.resource.kind), error)),
        }
    }

    /// Objects of a kind with a label; those of a namespace where the kind has them.
    pub(crate) async fn list(&self, kind: &Kind, namespace: &str, label: &str) -> Result<Vec<Value>, Error> {
        let api = self.api(kind, namespace);
        let mut params = ListParams::default().labels(label).limit(PAGE);
        let mut found = Vec::new();
        loop {
            let page = api.list(&params).await.map_err(|error| {
                let place = if kind.namespaced { format!(" in {namespace}") } else { String::new() };
                rejected(&format!("list {}{place}", kind.resource.plural), error)
            })?;
            found.extend(page.items.iter().map(|object| value(kind, object)));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(found),
            }
        }
    }

    /// Applies an object, or says what would come of it, and returns it as it then is.
    pub(crate) async fn apply(
        &self,
        kind: &Kind,
        object: &ObjectRef,
        desired: &Value,
        mode: Mode,
    ) -> Result<Value, ApplyError> {
        let mut params = PatchParams::apply(&self.manager).validation_strict();
        (params.dry_run, params.force) = (mode.dry_run, mode.force);
        let api = self.api(kind, &object.namespace);
        match api.patch(&object.name, &params, &Patch::Apply(desired)).await {
            Ok(applied) => Ok(value(kind, &applied)),
            Err(kube::Error::Api(status)) => Err(apply_error(object, *status)),
            Err(error) => Err(ApplyError::Stopped(stopped(&format!("apply {object}"), error))),
        }
    }

    /// Deletes the very object that was looked at, not another of its name. What depends on it goes in the background.
    pub(crate) async fn delete(&self, kind: &Kind, found: &Value) -> Result<(), Error> {
        let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let uid = Preconditions { uid: Some(text("/metadata/uid").to_owned()), resource_version: None };
        let params = DeleteParams { preconditions: Some(uid), ..DeleteParams::background() };
        match self.api(kind, namespace).delete(name, &params).await {
            Ok(_) => Ok(()),
            // Somebody else deleted it, or made another one since.
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => Ok(()),
            Err(error) => Err(rejected(&format!("delete {} {name}", kind.resource.kind), error)),
        }
    }
}

/// An object as a value. Objects of a list do not say of which kind they are.
fn value(kind: &Kind, object: &DynamicObject) -> Value {
    // What was read as JSON can be written as JSON.
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("apiVersion".to_owned(), kind.resource.api_version.as_str().into());
        fields.insert("kind".to_owned(), kind.resource.kind.as_str().into());
    }
    value
}

fn apply_error(object: &ObjectRef, status: Status) -> ApplyError {
    let conflicts = conflict::of(object, &status);
    if !conflicts.is_empty() {
        return ApplyError::Conflicts(conflicts);
    }
    match status.code {
        404 => ApplyError::NotFound,
        code if passes(code) && !status.message.starts_with(UNTYPED) => {
            ApplyError::Stopped(Error::Unreachable(format!(
                "the API server could not apply {object}: {}",
                redact::message(object, &status)
            )))
        }
        _ => ApplyError::Refused(format!(
            "the API server refuses {object}: {}",
            redact::message(object, &status)
        )),
    }
}

/// Whether trying again later may help.
fn passes(code: u16) -> bool {
    code == 401 || code == 408 || code == 429 || code >= 500
}

/// An error of a request other than to apply: a refusal of the API server does not pass by itself.
fn rejected(action: &str, error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) if !passes(status.code) => {
            Error::Failed(format!("cannot {action}: {}", status.message))
        }
        error => stopped(action, error),
    }
}

fn stopped(action: &str, error: kube::Error) -> Error {
    let reason = match error {
        kube::Error::Api(status) => status.message,
        error => chain(&error),
    };
    Error::Unreachable(format!("cannot {action}: {reason}"))
}

/// An error with its causes, which say what really happened.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
