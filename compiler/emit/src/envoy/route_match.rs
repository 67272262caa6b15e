//! Which requests a route takes.

use meshc_plan::{ClaimMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch, ValueMatch};

use super::values::string_match;
use super::xds::{self, ValueMatcher};

/// Criteria of a route.
pub(super) fn route_match(matches: &RouteMatch) -> xds::RouteMatch {
    let RouteMatch { path, case_sensitive, headers, query, claims } = matches;
    let mut result = xds::RouteMatch {
        case_sensitive: *case_sensitive,
        headers: headers.iter().map(header_match).collect(),
        query_parameters: query.iter().map(query_match).collect(),
        dynamic_metadata: claims.iter().map(claim_match).collect(),
        ..xds::RouteMatch::default()
    };
    match path {
        PathMatch::Exact(text) => result.path = Some(text.clone()),
        PathMatch::Prefix(text) => result.prefix = Some(text.clone()),
        PathMatch::PathSeparatedPrefix(text) => result.path_separated_prefix = Some(text.clone()),
        PathMatch::Regex(regex) => result.safe_regex = Some(xds::RegexMatcher { regex: regex.to_string() }),
    }
    result
}

/// One header, also in authorization rules.
pub(super) fn header_match(header: &HeaderMatch) -> xds::HeaderMatcher {
    let HeaderMatch { name, value, invert, missing_is_empty } = header;
    let (present_match, matcher) = value_match(value);
    xds::HeaderMatcher {
        name: name.clone(),
        present_match,
        string_match: matcher,
        invert_match: *invert,
        treat_missing_header_as_empty: *missing_is_empty,
    }
}

fn query_match(query: &QueryMatch) -> xds::QueryParameterMatcher {
    let QueryMatch { name, value } = query;
    let (present_match, matcher) = value_match(value);
    xds::QueryParameterMatcher { name: name.clone(), string_match: matcher, present_match }
}

fn value_match(value: &ValueMatch) -> (Option<bool>, Option<xds::StringMatcher>) {
    match value {
        ValueMatch::Present => (Some(true), None),
        ValueMatch::Text(text) => (None, Some(string_match(text))),
    }
}

/// A claim matches as a text or as one element of a list.
fn claim_match(claim: &ClaimMatch) -> xds::MetadataMatcher {
    let ClaimMatch { path, value, invert } = claim;
    let text = ValueMatcher::text(string_match(value));
    let segments = std::iter::once("payload").chain(path.iter().map(String::as_str));
    xds::MetadataMatcher {
        filter: "envoy.filters.http.jwt_authn".to_owned(),
        path: segments.map(|key| xds::PathSegment { key: key.to_owned() }).collect(),
        value: Some(ValueMatcher::or(vec![ValueMatcher::list_one_of(text.clone()), text])),
        invert: *invert,
    }
}

#[cfg(test)]
mod tests {
    use meshc_plan::{ClaimMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch, ValueMatch};
    use serde_json::json;

    #[test]
    fn all_criteria_stand_beside_each_other() {
        let text = |text: &str| StringMatch::Exact(text.into());
        let criteria = RouteMatch {
            path: PathMatch::PathSeparatedPrefix("/api".into()),
            case_sensitive: Some(false),
            headers: vec![HeaderMatch {
                name: "x-a".into(),
                value: ValueMatch::Text(StringMatch::Regex("a+".into())),
                invert: true,
                missing_is_empty: true,
            }],
            query: vec![QueryMatch { name: "q".into(), value: ValueMatch::Present }],
            claims: vec![ClaimMatch { path: vec!["role".into()], value: text("admin"), invert: false }],
        };
        let expected = json!({
            "pathSeparatedPrefix": "/api",
            "caseSensitive": false,
            "headers": [{
                "name": "x-a", "stringMatch": {"safeRegex": {"regex": "a+"}}, "invertMatch": true,
                "treatMissingHeaderAsEmpty": true,
            }],
            "queryParameters": [{"name": "q", "presentMatch": true}],
            "dynamicMetadata": [{
                "filter": "envoy.filters.http.jwt_authn",
                "path": [{"key": "payload"}, {"key": "role"}],
                "value": {"orMatch": {"valueMatchers": [
                    {"listMatch": {"oneOf": {"stringMatch": {"exact": "admin"}}}},
                    {"stringMatch": {"exact": "admin"}},
                ]}},
            }],
        });
        assert_eq!(serde_json::to_value(super::route_match(&criteria)).unwrap(), expected);
    }
}
