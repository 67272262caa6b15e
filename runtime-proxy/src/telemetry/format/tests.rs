use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use ::http::{HeaderMap, HeaderValue, Method};

use super::*;
use crate::telemetry::{Flags, HttpRecord};

fn record() -> Record {
    let mut request = HeaderMap::new();
    request.insert("user-agent", HeaderValue::from_static("curl/8"));
    request.insert("x-envoy-original-path", HeaderValue::from_static("/old?q=1"));
    Record {
        started: UNIX_EPOCH,
        duration: Duration::from_millis(12),
        protocol: "HTTP/1.1",
        response_code: 503,
        flags: Flags::UPSTREAM_CONNECTION_FAILURE | Flags::RETRY_LIMIT,
        route: Some(Arc::from("default")),
        downstream_remote: Some("10.0.0.1:5000".parse().unwrap()),
        http: Some(Box::new(HttpRecord {
            method: Method::GET,
            path: "/new".to_owned(),
            authority: "a.example".to_owned(),
            grpc_status: Some(14),
            request,
            ..HttpRecord::default()
        })),
        ..Record::starting()
    }
}

fn said(format: &str) -> String {
    let mut out = String::new();
    Format::parse(format).unwrap().write(&record(), &mut out);
    out
}

#[test]
fn operators_say_what_envoy_says() {
    for (format, text) in [
        ("[%START_TIME%] \"%REQ(:METHOD)%\"", "[1970-01-01T00:00:00.000Z] \"GET\""),
        ("%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(x-missing?:path)%", "/old?q=1 /new"),
        ("%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%", "/old"),
        ("%RESPONSE_CODE% %RESPONSE_FLAGS% %DURATION%", "503 UF,URX 12"),
        ("%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "10.0.0.1:5000 10.0.0.1"),
        ("%DOWNSTREAM_REMOTE_PORT%", "5000"),
        ("%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS_NUMBER%", "Unavailable UNAVAILABLE 14"),
        ("%REQ(user-agent):4% 100%%", "curl 100%"),
        ("%UPSTREAM_HOST% %ROUTE_NAME% %PROTOCOL%", "- default HTTP/1.1"),
    ] {
        assert_eq!(said(format), text);
    }
}

#[test]
fn a_pattern_of_time_has_per_cent_signs_of_its_own() {
    assert_eq!(said("%START_TIME(%Y/%m/%d %H)% x"), "1970/01/01 00 x");
}

#[test]
fn an_operator_that_is_not_known_is_refused() {
    for format in ["%NOTHING%", "%REQ(a b)%", "%REQ(a)", "%GRPC_STATUS(x)%", "%REQ(a):x%", "%"] {
        assert!(Format::parse(format).is_err(), "{format}");
    }
}

#[test]
fn a_single_operator_keeps_its_type_in_json() {
    let json = |format: &str| Format::parse(format).unwrap().json(&record());
    assert_eq!(json("%RESPONSE_CODE%"), serde_json::json!(503));
    assert_eq!(json("%UPSTREAM_HOST%"), serde_json::Value::Null);
    assert_eq!(json("%UPSTREAM_HOST%!"), serde_json::json!("-!"));
}

#[test]
fn what_is_missing_is_empty_in_a_header() {
    assert_eq!(Format::parse("<%UPSTREAM_HOST%>").unwrap().header_value(&record()), "<>");
}
