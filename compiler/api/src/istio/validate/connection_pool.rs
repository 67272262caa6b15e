//! Limits of connections and requests.

use super::durations;
use crate::admission::{At, Report};
use crate::istio::{ConnectionPoolSettings, H2UpgradePolicy, Http2KeepAlive, HttpSettings, TcpSettings};

/// At least one block, with numbers that are not negative.
pub(super) fn check(at: &At<'_>, settings: Option<&ConnectionPoolSettings>, report: &mut Report) {
    let Some(ConnectionPoolSettings { tcp, http }) = settings else { return };
    if tcp.is_none() && http.is_none() {
        report.refuse(at, "a connection pool must not be empty");
    }
    if let Some(settings) = tcp {
        self::tcp(&at.field("tcp"), settings, report);
    }
    if let Some(settings) = http {
        self::http(&at.field("http"), settings, report);
    }
}

fn tcp(at: &At<'_>, settings: &TcpSettings, report: &mut Report) {
    not_negative(at, "maxConnections", settings.max_connections, report);
    durations::at_least_a_millisecond(&at.field("connectTimeout"), settings.connect_timeout, report);
    durations::at_least_a_millisecond(
        &at.field("maxConnectionDuration"),
        settings.max_connection_duration,
        report,
    );
    durations::zero_or_at_least_a_millisecond(&at.field("idleTimeout"), settings.idle_timeout, report);
    if let Some(keepalive) = &settings.tcp_keepalive {
        let at = at.field("tcpKeepalive");
        durations::at_least_a_millisecond(&at.field("time"), keepalive.time, report);
        durations::at_least_a_millisecond(&at.field("interval"), keepalive.interval, report);
    }
}

fn http(at: &At<'_>, settings: &HttpSettings, report: &mut Report) {
    let numbers = [
        ("http1MaxPendingRequests", settings.http1_max_pending_requests),
        ("http2MaxRequests", settings.http2_max_requests),
        ("maxRequestsPerConnection", settings.max_requests_per_connection),
        ("maxRetries", settings.max_retries),
        ("maxConcurrentStreams", settings.max_concurrent_streams),
    ];
    for (field, number) in numbers {
        not_negative(at, field, number, report);
    }
    durations::at_least_a_millisecond(&at.field("idleTimeout"), settings.idle_timeout, report);
    let upgrade = settings.h2_upgrade_policy == Some(H2UpgradePolicy::Upgrade);
    if upgrade && settings.use_client_protocol == Some(true) {
        report.refuse(at, "`useClientProtocol` cannot be set where `h2UpgradePolicy` is `UPGRADE`");
    }
    if let Some(Http2KeepAlive { interval, timeout }) = &settings.http2_keep_alive {
        let at = at.field("http2KeepAlive");
        for (field, duration) in [("interval", interval), ("timeout", timeout)] {
            match duration {
                None => report.refuse(&at, format!("`{field}` is required")),
                stated => durations::at_least_a_millisecond(&at.field(field), *stated, report),
            }
        }
    }
}

fn not_negative(at: &At<'_>, field: &str, number: Option<i32>, report: &mut Report) {
    if number.is_some_and(|number| number < 0) {
        report.refuse(&at.field(field), format!("`{field}` must not be negative"));
    }
}
