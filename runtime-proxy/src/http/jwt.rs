//! Tokens (RequestAuthentication): a missing token is allowed, one that is there must validate (Envoy's `jwt_authn` as Istio
//! configures it).

mod keys;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use meshc_contract::proxy::{Jwks, JwtProvider};
use meshc_contract::traffic::query_parameter;
use serde_json::Value;

use self::keys::KeySet;
use super::hash::cookie;
use super::local_reply::LocalReply;
use super::names::{AUTHORIZATION, WWW_AUTHENTICATE};
use super::read::Head;
use crate::config::ConfigError;

/// Clocks of issuers may differ by this much (Envoy's default).
const SKEW: Duration = Duration::from_secs(60);

/// The issuers of a connection.
#[derive(Debug)]
pub(super) struct Jwt {
    providers: Vec<Provider>,
}

#[derive(Debug)]
struct Provider {
    source: JwtProvider,
    /// `None` if nobody knows the keys.
    keys: Option<KeySet>,
    /// Headers with the text before the token.
    headers: Vec<(HeaderName, String)>,
    params: Vec<String>,
    payload_header: Option<HeaderName>,
    claims_to_headers: Vec<(HeaderName, String)>,
}

/// Why a token is not accepted, in Envoy's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    BadFormat,
    UnknownIssuer,
    Expired,
    NotYetValid,
    Audience,
    Unverified,
    NoKeys,
}

/// A token as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found<'p> {
    token: String,
    header: Option<&'p HeaderName>,
    provider: usize,
}

impl Jwt {
    /// Makes issuers ready; `None` if there are none.
    pub(super) fn compile(sources: &[JwtProvider]) -> Result<Option<Self>, ConfigError> {
        if sources.is_empty() {
            return Ok(None);
        }
        let compiled = sources.iter().enumerate().map(|(at, source)| {
            Provider::compile(source).map_err(|problem| ConfigError::new(format!("jwt[{at}]"), problem))
        });
        Ok(Some(Self { providers: compiled.collect::<Result<_, _>>()? }))
    }

    /// Whether routes are chosen again once a token is accepted.
    pub(super) fn reroutes(&self) -> bool {
        self.providers.iter().any(|provider| provider.source.clear_route_cache)
    }

    /// Validates the tokens of a request and writes what they say into its headers. Returns the claims of the first that is
    /// accepted; without any token there are none.
    pub(super) fn authenticate(&self, head: &mut Head) -> Result<Option<Value>, Box<LocalReply>> {
        for provider in &self.providers {
            let written = provider.claims_to_headers.iter().map(|(name, _)| name);
            for name in provider.payload_header.iter().chain(written) {
                // Nobody but this filter says what a token holds.
                head.parts.headers.remove(name);
            }
        }
        let found: Vec<Found<'_>> =
            self.providers.iter().enumerate().flat_map(|(at, one)| one.find(at, head)).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut refusal = None;
        for Found { token, header, provider } in found {
            let provider = &self.providers[provider];
            match provider.validate(&token, now) {
                Ok((claims, payload)) => {
                    provider.write(head, header, &claims, &payload);
                    return Ok(Some(claims));
                }
                // A later issuer may know the token; its own refusal says more than that the issuer is another one.
                Err(Refusal::UnknownIssuer) if refusal.is_some() => {}
                Err(why) => refusal = Some(why),
            }
        }
        refusal.map_or(Ok(None), |why| Err(why.reply(head).into()))
    }
}

impl Provider {
    fn compile(source: &JwtProvider) -> Result<Self, String> {
        let name = |text: &str| {
            HeaderName::from_bytes(text.as_bytes()).map_err(|_| format!("`{text}` is no name of a header"))
        };
        let keys = match &source.jwks {
            Jwks::Inline(text) => Some(KeySet::parse(text)?),
            Jwks::Unavailable => None,
        };
        let mut headers = Vec::new();
        for (header, prefix) in &source.from_headers {
            headers.push((name(header)?, prefix.clone()));
        }
        let mut params = source.from_params.clone();
        if headers.is_empty() && params.is_empty() && source.from_cookies.is_empty() {
            headers.push((AUTHORIZATION, "Bearer ".to_owned()));
            params.push("access_token".to_owned());
        }
        let payload_header = source.payload_header.as_deref().map(name).transpose()?;
        let mut claims_to_headers = Vec::new();
        for (header, claim) in &source.claims_to_headers {
            claims_to_headers.push((name(header)?, claim.clone()));
        }
        Ok(Self { source: source.clone(), keys, headers, params, payload_header, claims_to_headers })
    }

    /// The tokens where this issuer's may be.
    fn find(&self, provider: usize, head: &Head) -> Vec<Found<'_>> {
        let mut found = Vec::new();
        let mut add = |token: &str, header| {
            found.push(Found { token: token.trim().to_owned(), header, provider });
        };
        for (name, prefix) in &self.headers {
            let texts = head.parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            for text in texts {
                // Envoy looks for the prefix anywhere in the value, and takes what follows it.
                if let Some(at) = text.find(prefix.as_str()) {
                    let behind = &text[at + prefix.len()..];
                    let end = behind.find(|letter: char| letter.is_whitespace() || letter == ',');
                    add(&behind[..end.unwrap_or(behind.len())], Some(name));
                }
            }
        }
        for name in &self.params {
            if let Some(token) = query_parameter(head.path(), name) {
                add(token, None);
            }
        }
        for name in &self.source.from_cookies {
            if let Some(token) = cookie(&head.parts.headers, name) {
                add(token, None);
            }
        }
        found
    }

    /// Checks a token and returns its claims, lists taken apart, with its payload as it was sent.
    fn validate(&self, token: &str, now: Duration) -> Result<(Value, String), Refusal> {
        let mut sections = token.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (sections.next(), sections.next(), sections.next(), sections.next())
        else {
            return Err(Refusal::BadFormat);
        };
        let decoded =
            |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| Refusal::BadFormat);
        let json =
            |text: &str| serde_json::from_slice::<Value>(&decoded(text)?).map_err(|_| Refusal::BadFormat);
        let header = json(head)?;
        let mut claims = json(payload)?;
        let JwtProvider { issuer, audiences, space_delimited_claims, .. } = &self.source;
        if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(Refusal::UnknownIssuer);
        }
        let seconds =
            |name: &str| claims.get(name).map(|value| value.as_f64().ok_or(Refusal::BadFormat)).transpose();
        if seconds("nbf")?.is_some_and(|nbf| nbf > (now + SKEW).as_secs_f64()) {
            return Err(Refusal::NotYetValid);
        }
        if seconds("exp")?.is_some_and(|exp| exp + SKEW.as_secs_f64() < now.as_secs_f64()) {
            return Err(Refusal::Expired);
        }
        let algorithm = header.get("alg").and_then(Value::as_str).ok_or(Refusal::BadFormat)?;
        let key_id = header.get("kid").and_then(Value::as_str);
        let keys = self.keys.as_ref().ok_or(Refusal::NoKeys)?;
        let signed = &token.as_bytes()[..head.len() + 1 + payload.len()];
        if !keys.verifies(algorithm, key_id, signed, &decoded(signature)?) {
            return Err(Refusal::Unverified);
        }
        if !has_audience(audiences, &claims) {
            return Err(Refusal::Audience);
        }
        for name in space_delimited_claims {
            if let Some(claim) = claims.get_mut(name)
                && let Some(text) = claim.as_str()
            {
                *claim = text.split(' ').collect::<Vec<_>>().into();
            }
        }
        Ok((claims, payload.to_owned()))
    }

    /// Writes what an accepted token says into the headers, and takes the token away where it is not forwarded.
    fn write(&self, head: &mut Head, found_in: Option<&HeaderName>, claims: &Value, payload: &str) {
        let headers: &mut HeaderMap = &mut head.parts.headers;
        if let Some(name) = found_in.filter(|_| !self.source.forward) {
            headers.remove(name);
        }
        if let (Some(name), Ok(value)) = (&self.payload_header, HeaderValue::from_str(payload)) {
            headers.insert(name.clone(), value);
        }
        for (name, claim) in &self.claims_to_headers {
            let found = claim.split('.').try_fold(claims, |value, key| value.get(key));
            let text = match found {
                Some(Value::String(text)) => text.clone(),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
                Some(value @ (Value::Array(_) | Value::Object(_))) => {
                    URL_SAFE_NO_PAD.encode(value.to_string())
                }
                Some(Value::Null) | None => continue,
            };
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name.clone(), value);
            }
        }
    }
}

fn has_audience(audiences: &[String], claims: &Value) -> bool {
    // A slash at the end and a scheme before the name make no other audience (Envoy's `jwt_verify_lib`).
    let plain = |text: &str| {
        let text = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
        text.strip_suffix('/').unwrap_or(text).to_owned()
    };
    let wanted = |found: &Value| {
        found.as_str().is_some_and(|found| audiences.iter().any(|one| plain(one) == plain(found)))
    };
    audiences.is_empty()
        || match claims.get("aud") {
            Some(Value::Array(list)) => list.iter().any(wanted),
            Some(one) => wanted(one),
            None => false,
        }
}

impl Refusal {
    fn text(self) -> &'static str {
        match self {
            Self::BadFormat => {
                "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
            }
            Self::UnknownIssuer => "Jwt issuer is not configured",
            Self::Expired => "Jwt is expired",
            Self::NotYetValid => "Jwt not yet valid",
            Self::Audience => "Audiences in Jwt are not allowed",
            Self::Unverified => "Jwt verification fails",
            Self::NoKeys => "Jwks doesn't have key to match kid or alg from Jwt",
        }
    }

    fn reply(self, head: &Head) -> LocalReply {
        let status = if self == Self::Audience { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
        let details = format!("jwt_authn_access_denied{{{}}}", self.text().replace(' ', "_"));
        let mut reply = LocalReply::new(status, details, self.text());
        if status == StatusCode::UNAUTHORIZED {
            let path = head.path().split('?').next().unwrap_or("/");
            let challenge = format!(
                "Bearer realm=\"{}://{}{path}\", error=\"invalid_token\"",
                head.scheme,
                head.authority()
            );
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                reply.headers.insert(WWW_AUTHENTICATE, challenge);
            }
        }
        reply
    }
}

#[cfg(test)]
mod tests;
