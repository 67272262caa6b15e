//! What the webhook refuses of a Telemetry object.

use super::{cel, durations, metadata, selectors, string_match};
use crate::Resource;
use crate::admission::{At, Report};
use crate::istio::{
    AccessLogging, CustomTag, Metrics, MetricsOverrides, ProviderRef, TagOverride, TagOverrideOperation,
    Telemetry, Tracing,
};

/// All rules about a Telemetry object.
pub(in crate::istio) fn admit(object: &Resource<Telemetry>, report: &mut Report) {
    let at = At::SPEC;
    let Telemetry { selector, target_ref, target_refs, tracing, metrics, access_logging } = &object.spec;
    metadata::check(object, report);
    selectors::policy_or_targets(&at, selector.as_ref(), target_ref.as_ref(), target_refs, report);
    if tracing.len() > 1 {
        report.warn(&at.field("tracing"), "only the first item of `tracing` has an effect");
    }
    for (index, tracing) in tracing.iter().enumerate() {
        self::tracing(&at.item("tracing", index), tracing, report);
    }
    for (index, metrics) in metrics.iter().enumerate() {
        self::metrics(&at.item("metrics", index), metrics, report);
    }
    for (index, logging) in access_logging.iter().enumerate() {
        self::access_logging(&at.item("accessLogging", index), logging, report);
    }
}

fn providers(at: &At<'_>, providers: &[ProviderRef], report: &mut Report) {
    for (index, provider) in providers.iter().enumerate() {
        if is_empty(&provider.name) {
            report.refuse(&at.item("providers", index), "a provider needs a `name`");
        }
    }
}

fn is_empty(text: &Option<String>) -> bool {
    text.as_deref().unwrap_or_default().is_empty()
}

fn tracing(at: &At<'_>, tracing: &Tracing, report: &mut Report) {
    if tracing.providers.len() > 1 {
        report.warn(&at.field("providers"), "only the first provider of traces has an effect");
    }
    providers(at, &tracing.providers, report);
    if tracing.random_sampling_percentage.is_some_and(|share| !(0.0..=100.0).contains(&share)) {
        report.refuse(&at.field("randomSamplingPercentage"), "a share is between 0 % and 100 %");
    }
    let tags = at.field("customTags");
    for (name, tag) in &tracing.custom_tags {
        if name.is_empty() {
            report.refuse(&tags, "the name of a tag must not be empty");
        }
        custom_tag(&tags.field(name), tag, report);
    }
}

fn custom_tag(at: &At<'_>, tag: &CustomTag, report: &mut Report) {
    let CustomTag { literal, environment, header, formatter } = tag;
    let sources = [
        ("literal", literal.is_some()),
        ("environment", environment.is_some()),
        ("header", header.is_some()),
        ("formatter", formatter.is_some()),
    ];
    string_match::at_most_one(at, sources, report);
    let empty = [
        ("literal", "value", literal.as_ref().is_some_and(|literal| is_empty(&literal.value))),
        ("environment", "name", environment.as_ref().is_some_and(|variable| is_empty(&variable.name))),
        ("header", "name", header.as_ref().is_some_and(|header| is_empty(&header.name))),
        ("formatter", "value", formatter.as_ref().is_some_and(|formatter| is_empty(&formatter.value))),
    ];
    for (source, field, _) in empty.iter().filter(|(_, _, empty)| *empty) {
        report.refuse(&at.field(source), format!("a `{field}` is required"));
    }
}

fn metrics(at: &At<'_>, metrics: &Metrics, report: &mut Report) {
    providers(at, &metrics.providers, report);
    durations::in_schema(&at.field("reportingInterval"), metrics.reporting_interval, report);
    for (index, overrides) in metrics.overrides.iter().enumerate() {
        self::overrides(&at.item("overrides", index), overrides, report);
    }
}

fn overrides(at: &At<'_>, overrides: &MetricsOverrides, report: &mut Report) {
    let tags = at.field("tagOverrides");
    for (name, TagOverride { operation, value }) in &overrides.tag_overrides {
        if name.is_empty() {
            report.warn(&tags, "the name of a tag must not be empty");
        }
        let at = tags.field(name);
        match operation.unwrap_or(TagOverrideOperation::Upsert) {
            TagOverrideOperation::Upsert if is_empty(value) => {
                report.refuse(&at, "the operation `UPSERT` needs a `value`");
            }
            TagOverrideOperation::Remove if !is_empty(value) => {
                report.refuse(&at, "the operation `REMOVE` has no `value`");
            }
            _ => {}
        }
    }
    if let Some(selector) = &overrides.r#match {
        let at = at.field("match");
        let names =
            [("metric", selector.metric.is_some()), ("customMetric", selector.custom_metric.is_some())];
        string_match::at_most_one(&at, names, report);
        if selector.custom_metric.as_deref() == Some("") {
            report.refuse(&at.field("customMetric"), "the name of a metric must not be empty");
        }
    }
}

fn access_logging(at: &At<'_>, logging: &AccessLogging, report: &mut Report) {
    if let Some(filter) = &logging.filter {
        let expression = filter.expression.as_deref().unwrap_or_default();
        let at = at.field("filter");
        report.check(&at.field("expression"), cel::check(expression));
    }
    providers(at, &logging.providers, report);
}
