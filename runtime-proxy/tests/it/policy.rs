//! Policies and tokens.

use serde_json::{Value, json};

use crate::http::{Backend, get, http, send, start, to};
use crate::proxy::upstream;

fn rule(permissions: Value, principals: Value) -> Value {
    json!({ "id": { "namespace": "shop", "policy": "p", "rule": 0 }, "permissions": permissions, "principals": principals })
}

#[test]
fn a_denied_request_is_answered_with_403_and_never_forwarded() {
    let backend = Backend::saying("ok");
    let mut settings = http(&json!([to("server")]));
    settings["authorization"] = json!([
        { "action": "deny", "rules": [
            rule(json!([{ "path": { "prefix": "/admin" } }]), json!(["any"])),
            rule(json!([{ "header": { "name": "x-role", "value": { "text": { "exact": "evil" } } } }]), json!(["any"])),
        ] },
        { "action": "allow", "rules": [
            rule(json!([{ "header": { "name": ":method", "value": { "text": { "exact": "GET" } } } }]),
                 json!([{ "remoteIp": ["127.0.0.0", 8] }])),
        ] },
    ]);
    let proxy = start("inbound", &settings, &[("server", upstream(backend.address))]);
    assert_eq!(get(proxy.port, "/x", &[]).status, 200);
    for target in ["/admin", "/x/../admin", "/%61dmin", "/x/%2e%2e/admin/y", "/./admin?x"] {
        let answer = get(proxy.port, target, &[]);
        assert_eq!((answer.status, answer.body.as_str()), (403, "RBAC: access denied"), "{target}");
    }
    // A second value does not hide the first (dataplane.md §7.6, 10).
    assert_eq!(get(proxy.port, "/x", &[("x-role", "evil"), ("x-role", "good")]).status, 403);
    assert_eq!(get(proxy.port, "/x", &[("x-role", "good"), ("x-role", "evil")]).status, 403);
    assert_eq!(send(proxy.port, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status, 403);
    assert_eq!(get(proxy.port, "/x", &[("x-forwarded-for", "8.8.8.8")]).status, 403);
    let answer = get(proxy.port, "/admin", &[("Content-Type", "application/grpc")]);
    assert_eq!((answer.status, answer.header("grpc-status").as_deref()), (200, Some("7")));
    assert_eq!(answer.header("grpc-message").as_deref(), Some("RBAC: access denied"));
    assert_eq!(backend.seen().len(), 1);
}

#[test]
fn a_bad_token_is_refused_and_a_missing_one_is_not() {
    let backend = Backend::saying("ok");
    let mut settings = http(&json!([to("server")]));
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    settings["jwt"] = json!([{ "issuer": "me", "jwks": { "inline": json!({ "keys": [key] }).to_string() } }]);
    let proxy = start("inbound", &settings, &[("server", upstream(backend.address))]);
    assert_eq!(get(proxy.port, "/", &[]).status, 200);
    let answer = get(proxy.port, "/", &[("Authorization", "Bearer e30.e30.AA")]);
    assert_eq!((answer.status, answer.body.as_str()), (401, "Jwt issuer is not configured"));
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer realm=\"http://a.example/\""));
    assert_eq!(backend.seen().len(), 1);
}
