//! Retries.

use meshc_plan::Retry;

use super::values::duration;
use super::xds::{self, Any, Empty, Extension};

/// Retry policy of a route.
pub(super) fn retry(retry: &Retry) -> xds::RetryPolicy {
    let Retry {
        attempts,
        retry_on,
        retriable_status_codes,
        per_try_timeout,
        base_interval,
        avoid_previous_hosts,
        host_selection_attempts,
        avoid_previous_priorities,
    } = retry;
    let previous_hosts =
        || Extension::new("envoy.retry_host_predicates.previous_hosts", Any::PreviousHosts(Empty {}));
    xds::RetryPolicy {
        retry_on: retry_on.clone(),
        num_retries: Some(*attempts),
        per_try_timeout: duration(*per_try_timeout),
        retry_priority: avoid_previous_priorities.then(previous_priorities),
        retry_host_predicate: avoid_previous_hosts.then(previous_hosts).into_iter().collect(),
        host_selection_retry_max_attempts: host_selection_attempts.map(|n| xds::Int64(u64::from(n))),
        retriable_status_codes: retriable_status_codes.clone(),
        retry_back_off: base_interval.map(|base| xds::RetryBackOff { base_interval: Some(base.into()) }),
    }
}

/// Istio recomputes priorities after every second attempt.
fn previous_priorities() -> Extension {
    let config = xds::PreviousPriorities { update_frequency: 2 };
    Extension::new("envoy.retry_priorities.previous_priorities", Any::PreviousPriorities(config))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::Retry;
    use serde_json::json;

    #[test]
    fn a_policy_states_what_is_retried_and_what_is_avoided() {
        let policy = Retry {
            attempts: 2,
            retry_on: "5xx,retriable-status-codes".into(),
            retriable_status_codes: vec![503],
            per_try_timeout: Some(Duration::from_millis(250)),
            base_interval: Some(Duration::from_millis(25)),
            avoid_previous_hosts: true,
            host_selection_attempts: Some(5),
            avoid_previous_priorities: true,
        };
        let expected = json!({
            "retryOn": "5xx,retriable-status-codes",
            "numRetries": 2,
            "perTryTimeout": "0.250s",
            "retryPriority": {
                "name": "envoy.retry_priorities.previous_priorities",
                "typedConfig": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                    "updateFrequency": 2,
                },
            },
            "retryHostPredicate": [{
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typedConfig": {
                    "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
                },
            }],
            "hostSelectionRetryMaxAttempts": "5",
            "retriableStatusCodes": [503],
            "retryBackOff": {"baseInterval": "0.025s"},
        });
        assert_eq!(serde_json::to_value(super::retry(&policy)).unwrap(), expected);
    }
}
