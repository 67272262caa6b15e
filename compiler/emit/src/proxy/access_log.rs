//! Access logs.

use meshc_contract::proxy;
use meshc_plan::{AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink};

use super::feature;
use super::findings::Site;

/// Logs of a chain, a connection or a listener.
pub(super) fn access_logs(logs: &[AccessLog], site: &mut Site<'_>) -> Vec<proxy::AccessLog> {
    logs.iter().filter_map(|log| access_log(log, site)).collect()
}

fn access_log(log: &AccessLog, site: &mut Site<'_>) -> Option<proxy::AccessLog> {
    let AccessLog { sink, filters } = log;
    let mut response_flags: Vec<String> = Vec::new();
    for filter in filters {
        match filter {
            // All filters must hold: of two lists, what stands in both.
            AccessLogFilter::ResponseFlags(flags) if response_flags.is_empty() => {
                response_flags.clone_from(flags);
            }
            AccessLogFilter::ResponseFlags(flags) => response_flags.retain(|flag| flags.contains(flag)),
            AccessLogFilter::Cel(expression) => {
                site.lacks(&feature::LOG_EXPRESSION, format_args!("the log filter `{expression}`"));
            }
        }
    }
    match sink {
        AccessLogSink::File { path, format, omit_empty_values } => {
            if *omit_empty_values {
                site.lacks(&feature::LOG_OMISSIONS, format_args!("the log `{path}`"));
            }
            Some(proxy::AccessLog {
                path: path.clone(),
                format: match format {
                    AccessLogFormat::Text(line) => proxy::AccessLogFormat::Text(line.clone()),
                    AccessLogFormat::Json(keys) => proxy::AccessLogFormat::Json(keys.clone()),
                },
                response_flags,
            })
        }
        AccessLogSink::Service(log) => {
            site.lacks(&feature::LOG_SERVICE, format_args!("the log `{}`", log.log_name));
            None
        }
        AccessLogSink::OpenTelemetry(log) => {
            site.lacks(&feature::LOG_SERVICE, format_args!("the log `{}`", log.log_name));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{AccessLog, AccessLogFilter, AccessLogFormat, AccessLogSink, LogCollector, LogService};

    use super::super::feature;
    use super::super::findings::at_a_site;
    use super::access_logs;

    fn flags(flags: &[&str]) -> AccessLogFilter {
        AccessLogFilter::ResponseFlags(flags.iter().map(|flag| (*flag).to_owned()).collect())
    }

    #[test]
    fn of_two_lists_of_flags_both_must_hold() {
        let format = AccessLogFormat::Text("%PROTOCOL%\n".into());
        let sink = AccessLogSink::File { path: "/dev/stdout".into(), format, omit_empty_values: false };
        let log = AccessLog { sink, filters: vec![flags(&["NR", "UF"]), flags(&["UF", "UH"])] };
        let (logs, lacking, _) = at_a_site(|site| access_logs(&[log], site));
        assert_eq!(logs[0].response_flags, ["UF"]);
        assert!(lacking.is_empty());
    }

    #[test]
    fn what_cannot_be_logged_is_told() {
        let sink = AccessLogSink::Service(Box::new(LogService {
            collector: LogCollector::Process,
            log_name: "als".into(),
            tcp: false,
            filter_state: Vec::new(),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            response_trailers: Vec::new(),
        }));
        let log = AccessLog { sink, filters: vec![AccessLogFilter::Cel("true".into())] };
        let (logs, lacking, _) = at_a_site(|site| access_logs(&[log], site));
        assert!(logs.is_empty());
        assert_eq!(lacking, [feature::LOG_SERVICE.name, feature::LOG_EXPRESSION.name]);
    }
}
