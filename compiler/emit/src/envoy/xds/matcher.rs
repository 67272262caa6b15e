//! `envoy.type.matcher.v3` and `envoy.config.route.v3.HeaderMatcher`.

use super::Extension;

message! {
    /// `envoy.type.matcher.v3.StringMatcher`.
    StringMatcher {
        exact: Option<String>,
        prefix: Option<String>,
        suffix: Option<String>,
        safe_regex: Option<RegexMatcher>,
        ignore_case: bool,
    }
}

message! {
    /// `envoy.type.matcher.v3.RegexMatcher`; the engine is RE2.
    RegexMatcher {
        regex: String,
    }
}

message! {
    /// `envoy.type.matcher.v3.RegexMatchAndSubstitute`.
    RegexMatchAndSubstitute {
        pattern: Option<RegexMatcher>,
        substitution: String,
    }
}

message! {
    /// `envoy.type.matcher.v3.PathMatcher`.
    PathMatcher {
        path: Option<StringMatcher>,
    }
}

message! {
    /// `envoy.config.route.v3.HeaderMatcher`.
    HeaderMatcher {
        name: String,
        present_match: Option<bool>,
        string_match: Option<StringMatcher>,
        invert_match: bool,
        treat_missing_header_as_empty: bool,
    }
}

message! {
    /// `envoy.config.route.v3.QueryParameterMatcher`.
    QueryParameterMatcher {
        name: String,
        string_match: Option<StringMatcher>,
        present_match: Option<bool>,
    }
}

message! {
    /// `envoy.type.matcher.v3.MetadataMatcher`.
    MetadataMatcher {
        filter: String,
        path: Vec<PathSegment>,
        value: Option<ValueMatcher>,
        invert: bool,
    }
}

message! {
    /// `envoy.type.matcher.v3.MetadataMatcher.PathSegment`, and the same of `envoy.type.metadata.v3.MetadataKey`.
    PathSegment {
        key: String,
    }
}

message! {
    /// `envoy.type.matcher.v3.ValueMatcher`.
    ValueMatcher {
        string_match: Option<StringMatcher>,
        list_match: Option<ListMatcher>,
        or_match: Option<OrMatcher>,
    }
}

message! {
    /// `envoy.type.matcher.v3.ListMatcher`.
    ListMatcher {
        one_of: Option<Box<ValueMatcher>>,
    }
}

message! {
    /// `envoy.type.matcher.v3.OrMatcher`.
    OrMatcher {
        value_matchers: Vec<ValueMatcher>,
    }
}

impl ValueMatcher {
    /// A text.
    pub(crate) fn text(matcher: StringMatcher) -> Self {
        Self { string_match: Some(matcher), list_match: None, or_match: None }
    }

    /// A list of which one element matches.
    pub(crate) fn list_one_of(element: ValueMatcher) -> Self {
        let list_match = Some(ListMatcher { one_of: Some(Box::new(element)) });
        Self { string_match: None, list_match, or_match: None }
    }

    /// One of these.
    pub(crate) fn or(value_matchers: Vec<ValueMatcher>) -> Self {
        Self { string_match: None, list_match: None, or_match: Some(OrMatcher { value_matchers }) }
    }
}

message! {
    /// `envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig`.
    UriTemplateMatch {
        path_template: String,
    }
}

message! {
    /// `envoy.config.common.matcher.v3.MatchPredicate`.
    MatchPredicate {
        or_match: Option<MatchSet>,
        http_response_headers_match: Option<HttpHeadersMatch>,
    }
}

message! {
    /// `envoy.config.common.matcher.v3.MatchPredicate.MatchSet`.
    MatchSet {
        rules: Vec<MatchPredicate>,
    }
}

message! {
    /// `envoy.config.common.matcher.v3.HttpHeadersMatch`.
    HttpHeadersMatch {
        headers: Vec<HeaderMatcher>,
    }
}

message! {
    /// `envoy.type.matcher.v3.ListStringMatcher`.
    ListStringMatcher {
        patterns: Vec<StringMatcher>,
    }
}

impl Extension {
    /// The matcher of URI templates, with the name that Istio gives it.
    pub(crate) fn uri_template(path_template: String) -> Self {
        Self::new("uri-template", super::Any::UriTemplateMatch(UriTemplateMatch { path_template }))
    }
}
