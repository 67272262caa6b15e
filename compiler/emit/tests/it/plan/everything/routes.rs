//! Routes with every feature.

use super::super::*;
use super::policies::header;
use super::{SECOND, to};

fn path(path: PathMatch) -> RouteMatch {
    RouteMatch { path, case_sensitive: Some(true), ..any_request() }
}

fn operations() -> HeaderOperations {
    let set = |name: &str, append| HeaderOperation { name: name.into(), value: "v".into(), append };
    HeaderOperations {
        request: vec![set("x-set", false), set("x-add", true)],
        request_remove: strings(&["x-gone"]),
        response: vec![set("x-served", false)],
        response_remove: strings(&["server"]),
    }
}

fn retries() -> Retry {
    Retry {
        attempts: 3,
        retry_on: "5xx,retriable-status-codes".into(),
        retriable_status_codes: vec![503, 504],
        per_try_timeout: Some(Duration::from_millis(250)),
        base_interval: Some(Duration::from_millis(25)),
        avoid_previous_hosts: true,
        host_selection_attempts: Some(5),
        avoid_previous_priorities: true,
    }
}

fn weighted_route() -> Route {
    let weighted = |name, weight, host_rewrite: Option<&str>| WeightedUpstream {
        upstream: name,
        weight: Some(weight),
        headers: operations(),
        host_rewrite: host_rewrite.map(str::to_owned),
    };
    let target = RouteForward {
        upstreams: vec![
            weighted(subset(80, "v1", "plain.example"), 90, Some("v1.internal")),
            weighted(outbound(443, "secure.example"), 10, None),
        ],
        timeout: Some(SECOND),
        retry: Some(retries()),
        regex_rewrite: Some((r"^/service/([^/]+)(/.*)$".into(), r"\2/instance/\1".into())),
        mirrors: vec![Mirror {
            upstream: outbound(80, "plain.example"),
            fraction: Fraction { numerator: 42, denominator: FractionDenominator::Million },
        }],
        hash_policies: vec![
            HashPolicy::Header("x-user".into()),
            HashPolicy::Cookie {
                name: "c".into(),
                ttl: Some(SECOND),
                path: Some("/".into()),
                attributes: vec![("SameSite".into(), "Strict".into())],
            },
            HashPolicy::SourceIp,
            HashPolicy::QueryParameter("q".into()),
        ],
        unknown_upstream_is_500: true,
        ..forward(outbound(80, "plain.example"))
    };
    Route {
        name: Some("weighted".into()),
        operation: Some("plain.example:80/*".into()),
        stat_prefix: Some("w".into()),
        config: Some(object("VirtualService", "edge", "w")),
        headers: operations(),
        fault: Some(Fault {
            delay: Some(FaultDelay {
                percentage: Some(Fraction { numerator: 10, denominator: FractionDenominator::Hundred }),
                fixed: Some(SECOND),
            }),
            abort: Some(FaultAbort {
                percentage: Some(Fraction { numerator: 1, denominator: FractionDenominator::TenThousand }),
                http_status: Some(503),
                grpc_status: None,
            }),
        }),
        cors: Some(Cors {
            allow_origins: vec![
                StringMatch::Exact("https://a.example".into()),
                StringMatch::Regex(".*".into()),
            ],
            allow_methods: strings(&["GET", "POST"]),
            allow_headers: strings(&["x-a"]),
            expose_headers: strings(&["x-b"]),
            max_age: Some(SECOND),
            allow_credentials: Some(true),
            forward_not_matching_preflights: false,
        }),
        session: Some(StatefulSession::Cookie { name: "sid".into(), path: "/".into() }),
        ..route(path(PathMatch::Regex("/service/.*".into())), RouteAction::Forward(Box::new(target)))
    }
}

pub(super) fn routes() -> RouteTable {
    let text = |text: &str| ValueMatch::Text(StringMatch::Exact(text.into()));
    let matched = RouteMatch {
        headers: vec![
            HeaderMatch { invert: true, missing_is_empty: true, ..header("x-group", text("beta")) },
            header(":method", text("GET")),
        ],
        query: vec![
            QueryMatch { name: "q".into(), value: ValueMatch::Present },
            QueryMatch { name: "r".into(), value: text("1") },
        ],
        claims: vec![ClaimMatch {
            path: strings(&["role"]),
            value: StringMatch::Exact("admin".into()),
            invert: true,
        }],
        ..path(PathMatch::PathSeparatedPrefix("/api".into()))
    };
    let redirect = |path, code| {
        RouteAction::Redirect(Redirect {
            host: Some("new.example".into()),
            path,
            scheme: Some("https".into()),
            port: Some(8443),
            code,
        })
    };
    let answer = |body: Option<&str>, body_bytes: Option<&str>| {
        RouteAction::DirectResponse(DirectResponse {
            status: 418,
            body: body.map(str::to_owned),
            body_bytes: body_bytes.map(str::to_owned),
        })
    };
    let rewritten = RouteForward {
        prefix_rewrite: Some("/v2".into()),
        host_rewrite: Some("backend.internal".into()),
        append_forwarded_host: true,
        ..forward(outbound(443, "secure.example"))
    };
    let exact = |text: &str| path(PathMatch::Exact(text.into()));
    let routes = vec![
        weighted_route(),
        route(matched, to(outbound(80, "plain.example"))),
        route(exact("/full"), redirect(Some(RedirectPath::Full("/new".into())), 302)),
        route(
            path(PathMatch::Prefix("/old".into())),
            redirect(Some(RedirectPath::Prefix("/new".into())), 308),
        ),
        route(exact("/text"), answer(Some("short and stout"), None)),
        route(exact("/bytes"), answer(None, Some("SSdtIGEgdGVhcG90"))),
        route(exact("/refused"), RouteAction::None),
        route(path(PathMatch::Prefix("/secure".into())), RouteAction::Forward(Box::new(rewritten))),
        route(any_request(), to(UpstreamName::UnknownService)),
    ];
    let only_tls = VirtualHost {
        tls: TlsRequirement::All,
        session: Some(StatefulSession::Header { name: "x-session".into() }),
        ..virtual_host("t.example:80", &["t.example"], Vec::new())
    };
    table(
        RouteTableName::GatewayHttp { port: 8080, bind: None },
        vec![virtual_host("*:80", &["*"], routes), only_tls],
    )
}
