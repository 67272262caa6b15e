//! One document becomes one resource.

use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::{DecodeError, Document};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::identity::Identity;
use crate::metadata;
use crate::schema::{Validators, as_number, as_string};
use crate::{Kind, Resource, admission};

/// Where the content of a kind stands in its objects.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// In `spec`, which must be there.
    Spec,
    /// In `spec`, which may be absent.
    OptionalSpec,
    /// Beside `metadata`.
    Object,
}

/// Reads an object whose kind is that of the type. `None` where the API server would refuse it; a diagnostic says why.
pub(crate) fn read<T: Kind + DeserializeOwned + JsonSchema + Default>(
    body: Body,
    (identity, document): (&Identity, &Arc<Document>),
    validators: &mut Validators,
    diagnostics: &mut Diagnostics,
) -> Option<Resource<T>> {
    if !T::VERSIONS.contains(&identity.version.as_str()) {
        diagnostics.push(unserved::<T>(identity, document));
        return None;
    }
    // Types of Kubernetes know a part of their kinds only, so their schemas say no more than reading them does.
    if T::GROUP.ends_with("istio.io") {
        let mut findings = Diagnostics::new();
        let accepted = validators.accept::<T>(body, document, &mut findings);
        for mut finding in findings.into_sorted() {
            finding.object = Some(identity.object.clone());
            diagnostics.push(finding);
        }
        if !accepted {
            return None;
        }
    }
    metadata::report_unknown_fields(&identity.object, document, diagnostics);
    match read_valid(body, document) {
        Ok(resource) => admission::admitted(resource, diagnostics),
        Err(error) => {
            diagnostics.push(misfit(identity.object.clone(), document, error));
            None
        }
    }
}

fn read_valid<T: DeserializeOwned + Default>(
    body: Body,
    document: &Arc<Document>,
) -> Result<Resource<T>, DecodeError> {
    let meta = document.deserialize_at("metadata")?.unwrap_or_default();
    let spec = match body {
        Body::Object => document.deserialize()?,
        Body::OptionalSpec => document.deserialize_at("spec")?.unwrap_or_default(),
        Body::Spec => document.deserialize_at("spec")?.ok_or_else(|| DecodeError {
            message: "missing field `spec`".to_owned(),
            span: document.headline(),
            path: "spec".to_owned(),
        })?,
    };
    let api_version = document.api_version().unwrap_or_default().to_owned();
    Ok(Resource { meta, spec, api_version, document: Arc::clone(document) })
}

fn unserved<T: Kind>(identity: &Identity, document: &Document) -> Diagnostic {
    let versions = T::VERSIONS.iter().map(|version| match T::GROUP {
        "" => format!("`{version}`"),
        group => format!("`{group}/{version}`"),
    });
    Diagnostic::new(
        &codes::UNSERVED_VERSION,
        format!("{} has no version `{}`", T::KIND, document.api_version().unwrap_or_default()),
    )
    .at(document.span("apiVersion"), "")
    .consequence("the API server refuses the object, so it is left out")
    .help(format!("use {}", versions.collect::<Vec<_>>().join(" or ")))
    .about(identity.object.clone(), "apiVersion")
}

/// A value that does not fit its type.
pub(crate) fn misfit(object: ObjectRef, document: &Document, error: DecodeError) -> Diagnostic {
    let DecodeError { message, span, path } = error;
    let code =
        if message.starts_with("missing field") { &codes::MISSING_FIELD } else { &codes::INVALID_VALUE };
    let help = match (document.get(&path), message.strip_prefix("expected ")) {
        (Some(node), Some(wanted)) if wanted.starts_with("a string") => as_string(node),
        (Some(node), Some(wanted)) if wanted.starts_with("a whole number") => as_number(node),
        _ => None,
    };
    let finding = Diagnostic::new(code, message)
        .at(span, "")
        .consequence("the API server refuses the object, so it is left out")
        .about(object, path);
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}
