//! Criteria of routes in words.

use meshc_plan::{ClaimMatch, HeaderMatch, PathMatch, QueryMatch, RouteMatch, StringMatch, ValueMatch};

/// What a route asks for; empty if it takes every request.
pub(super) fn criteria(matches: &RouteMatch) -> String {
    let RouteMatch { path, case_sensitive, headers, query, claims } = matches;
    let mut words: Vec<String> = path_words(path).into_iter().collect();
    if *case_sensitive == Some(false) && !words.is_empty() {
        words.push("in any case".to_owned());
    }
    words.extend(headers.iter().map(header_words));
    words.extend(query.iter().map(|QueryMatch { name, value }| format!("?{name} {}", value_words(value))));
    words.extend(claims.iter().map(|ClaimMatch { path, value, invert }| {
        format!("claim {} {}{}", path.join("."), not(*invert), text_words(value))
    }));
    words.join(", ")
}

fn path_words(path: &PathMatch) -> Option<String> {
    match path {
        PathMatch::Prefix(prefix) if prefix == "/" => None,
        PathMatch::Exact(text) => Some(format!("path is {text}")),
        PathMatch::Prefix(prefix) => Some(format!("path begins with {prefix}")),
        PathMatch::PathSeparatedPrefix(prefix) => Some(format!("path is {prefix} or below it")),
        PathMatch::Regex(expression) => Some(format!("path matches {expression}")),
    }
}

fn header_words(header: &HeaderMatch) -> String {
    let HeaderMatch { name, value, invert, missing_is_empty: _ } = header;
    format!("{name} {}{}", not(*invert), value_words(value))
}

fn not(invert: bool) -> &'static str {
    if invert { "not: " } else { "" }
}

fn value_words(value: &ValueMatch) -> String {
    match value {
        ValueMatch::Present => "is there".to_owned(),
        ValueMatch::Text(text) => text_words(text),
    }
}

fn text_words(text: &StringMatch) -> String {
    match text {
        StringMatch::Exact(text) => format!("is {text}"),
        StringMatch::Prefix(text) => format!("begins with {text}"),
        StringMatch::Suffix(text) => format!("ends with {text}"),
        StringMatch::Regex(expression) => format!("matches {expression}"),
        StringMatch::IgnoreCase(inner) => format!("{} in any case", text_words(inner)),
    }
}
