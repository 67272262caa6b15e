//! `CronJob` of `batch`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Job, ObjectMeta};
use crate::null_default::null_default;

/// Makes Jobs at stated times.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CronJob {
    /// Times, in the format of cron.
    #[serde(default)]
    pub schedule: Option<String>,
    /// Whether no Jobs are made for now.
    #[serde(default)]
    pub suspend: Option<bool>,
    /// What the Jobs are.
    pub job_template: JobTemplateSpec,
}

/// Template of the Jobs of a CronJob.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
pub struct JobTemplateSpec {
    /// Labels and annotations of the Jobs.
    #[serde(default, deserialize_with = "null_default")]
    pub metadata: ObjectMeta,
    /// What a Job does.
    pub spec: Job,
}
