use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::http::{HeaderValue, Request};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meshc_contract::proxy::{Jwks, JwtProvider};
use serde_json::{Value, json};

use super::Jwt;
use crate::http::local_reply::LocalReply;
use crate::http::read::Head;

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A key of P-256 with its key set.
struct Issuer {
    key: EcdsaKeyPair,
}

impl Issuer {
    fn new() -> Self {
        Self { key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap() }
    }

    fn jwks(&self) -> String {
        let point = self.key.public_key().as_ref();
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": "k1",
            "x": encoded(&point[1..33]), "y": encoded(&point[33..]),
        });
        json!({ "keys": [{ "kty": "oct", "k": "AA" }, key] }).to_string()
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", encoded(signature))
    }

    fn good(&self, claims: &Value) -> String {
        self.token(&json!({ "alg": "ES256", "kid": "k1" }), claims)
    }
}

fn provider(jwks: String) -> JwtProvider {
    JwtProvider {
        issuer: "me".to_owned(),
        audiences: Vec::new(),
        jwks: Jwks::Inline(jwks),
        from_headers: Vec::new(),
        from_params: Vec::new(),
        from_cookies: Vec::new(),
        forward: false,
        payload_header: Some("x-payload".to_owned()),
        claims_to_headers: vec![("x-sub".to_owned(), "sub".to_owned()), ("x-n".to_owned(), "a.b".to_owned())],
        space_delimited_claims: vec!["scope".to_owned()],
        clear_route_cache: false,
    }
}

fn head(path: &str, headers: &[(&'static str, String)]) -> Head {
    let mut request = Request::new(());
    *request.uri_mut() = path.parse().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    Head { parts: request.into_parts().0, authority: HeaderValue::from_static("a"), scheme: "http" }
}

fn authenticate(provider: JwtProvider, head: &mut Head) -> Result<Option<Value>, Box<LocalReply>> {
    Jwt::compile(&[provider]).unwrap().unwrap().authenticate(head)
}

fn bearer(provider: JwtProvider, token: &str) -> Result<Option<Value>, Box<LocalReply>> {
    authenticate(provider, &mut head("/", &[("authorization", format!("Bearer {token}"))]))
}

#[test]
fn a_missing_token_is_allowed_and_a_bad_one_is_not() {
    let issuer = Issuer::new();
    let provider = || provider(issuer.jwks());
    assert_eq!(authenticate(provider(), &mut head("/", &[])).unwrap(), None);
    let said = |token: &str| bearer(provider(), token).map_err(|reply| reply.body.into_owned());
    assert!(said("x").unwrap_err().contains("3 sections"));
    assert!(said("").unwrap_err().contains("3 sections"));
    let other = Issuer::new();
    for (token, problem) in [
        (issuer.good(&json!({ "iss": "you" })), "issuer is not configured"),
        (issuer.good(&json!({ "iss": "me", "exp": now() - 100 })), "expired"),
        (issuer.good(&json!({ "iss": "me", "nbf": now() + 100 })), "not yet valid"),
        (other.good(&json!({ "iss": "me" })), "verification fails"),
        (issuer.token(&json!({ "alg": "none" }), &json!({ "iss": "me" })), "verification fails"),
        (issuer.token(&json!({ "alg": "HS256" }), &json!({ "iss": "me" })), "verification fails"),
        (
            issuer.token(&json!({ "alg": "ES256", "kid": "k2" }), &json!({ "iss": "me" })),
            "verification fails",
        ),
    ] {
        let error = said(&token).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
    let token = issuer.good(&json!({ "iss": "me", "exp": now() - 30, "nbf": now() + 30 }));
    assert!(said(&token).unwrap().is_some(), "clocks may differ by a minute");
}

#[test]
fn a_changed_token_is_refused() {
    let issuer = Issuer::new();
    let token = issuer.good(&json!({ "iss": "me", "sub": "a" }));
    let mut sections: Vec<&str> = token.split('.').collect();
    let forged = encoded(json!({ "iss": "me", "sub": "admin" }).to_string());
    sections[1] = &forged;
    let reply = bearer(provider(issuer.jwks()), &sections.join(".")).unwrap_err();
    assert_eq!(reply.status, 401);
    assert!(reply.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_token\""));
}

#[test]
fn an_audience_that_is_not_wanted_is_forbidden() {
    let issuer = Issuer::new();
    let wanted = || JwtProvider { audiences: vec!["https://web/".to_owned()], ..provider(issuer.jwks()) };
    let with = |aud: Value| bearer(wanted(), &issuer.good(&json!({ "iss": "me", "aud": aud })));
    assert!(with(json!("web")).unwrap().is_some());
    assert!(with(json!(["x", "http://web"])).unwrap().is_some());
    assert_eq!(with(json!(["x"])).unwrap_err().status, 403);
    assert_eq!(bearer(wanted(), &issuer.good(&json!({ "iss": "me" }))).unwrap_err().status, 403);
}

#[test]
fn an_accepted_token_is_written_into_headers_and_taken_away() {
    let issuer = Issuer::new();
    let claims = json!({ "iss": "me", "sub": "user", "a": { "b": 7 }, "scope": "r w" });
    let token = issuer.good(&claims);
    let mut head = head(
        "/",
        &[
            ("authorization", format!("Bearer {token}")),
            ("x-payload", "forged".into()),
            ("x-sub", "root".into()),
        ],
    );
    let accepted = authenticate(provider(issuer.jwks()), &mut head).unwrap().unwrap();
    assert_eq!(accepted["scope"], json!(["r", "w"]));
    let headers = &head.parts.headers;
    assert!(!headers.contains_key("authorization"));
    assert_eq!(headers["x-payload"], token.split('.').nth(1).unwrap());
    assert_eq!(
        (&headers["x-sub"], &headers["x-n"]),
        (&HeaderValue::from_static("user"), &HeaderValue::from_static("7"))
    );
}

#[test]
fn headers_of_tokens_are_nobody_elses_even_without_a_token() {
    let issuer = Issuer::new();
    let mut head = head("/", &[("x-payload", "forged".into()), ("x-sub", "root".into())]);
    assert_eq!(authenticate(provider(issuer.jwks()), &mut head).unwrap(), None);
    assert!(!head.parts.headers.contains_key("x-payload") && !head.parts.headers.contains_key("x-sub"));
}

#[test]
fn tokens_are_found_in_headers_parameters_and_cookies() {
    let issuer = Issuer::new();
    let token = issuer.good(&json!({ "iss": "me" }));
    let from = JwtProvider {
        from_headers: vec![("x-token".to_owned(), "T ".to_owned())],
        from_params: vec!["t".to_owned()],
        from_cookies: vec!["c".to_owned()],
        ..provider(issuer.jwks())
    };
    for mut head in [
        head("/", &[("x-token", format!("T {token}"))]),
        head(&format!("/?t={token}"), &[]),
        head("/", &[("cookie", format!("a=b; c={token}"))]),
        head("/", &[("authorization", "Bearer nobody-looks".to_owned()), ("cookie", format!("c={token}"))]),
    ] {
        assert!(authenticate(from.clone(), &mut head).unwrap().is_some());
    }
    let mut head = head(&format!("/?access_token={token}"), &[]);
    assert!(authenticate(provider(issuer.jwks()), &mut head).unwrap().is_some());
}

#[test]
fn without_keys_every_token_of_the_issuer_is_refused() {
    let issuer = Issuer::new();
    let unavailable = JwtProvider { jwks: Jwks::Unavailable, ..provider(String::new()) };
    assert_eq!(bearer(unavailable, &issuer.good(&json!({ "iss": "me" }))).unwrap_err().status, 401);
}

#[test]
fn rsa_and_ed25519_verify() {
    let rsa = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let public = rsa.public_key();
    let key = json!({
        "kty": "RSA",
        "n": encoded(public.modulus().big_endian_without_leading_zero()),
        "e": encoded(public.exponent().big_endian_without_leading_zero()),
    });
    let jwks = json!({ "keys": [key] }).to_string();
    let encodings: [(&str, &'static dyn RsaEncoding); 2] =
        [("RS256", &RSA_PKCS1_SHA256), ("PS512", &RSA_PSS_SHA512)];
    for (algorithm, encoding) in encodings {
        let header = encoded(json!({ "alg": algorithm }).to_string());
        let signed = format!("{header}.{}", encoded(json!({ "iss": "me" }).to_string()));
        let mut signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(encoding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        let token = format!("{signed}.{}", encoded(signature));
        assert!(bearer(provider(jwks.clone()), &token).unwrap().is_some(), "{algorithm}");
    }
    let ed = Ed25519KeyPair::generate().unwrap();
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(ed.public_key()) });
    let signed = format!(
        "{}.{}",
        encoded(json!({ "alg": "EdDSA" }).to_string()),
        encoded(json!({ "iss": "me" }).to_string())
    );
    let token = format!("{signed}.{}", encoded(ed.sign(signed.as_bytes())));
    assert!(bearer(provider(json!({ "keys": [key] }).to_string()), &token).unwrap().is_some());
    assert!(Duration::from_secs(60) == super::SKEW);
}
