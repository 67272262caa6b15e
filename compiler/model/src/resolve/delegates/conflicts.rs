//! Whether a match of a delegate lies within a match of the rule that delegates.

use meshc_api::istio::{HttpMatchRequest, StringMatch};

/// Whether the delegate's match (`leaf`) asks for something outside of the other one.
pub(super) fn conflict(root: &HttpMatchRequest, leaf: &HttpMatchRequest) -> bool {
    let texts = [
        (&root.uri, &leaf.uri),
        (&root.scheme, &leaf.scheme),
        (&root.method, &leaf.method),
        (&root.authority, &leaf.authority),
    ];
    let maps = [
        (&root.headers, &leaf.headers),
        (&root.without_headers, &leaf.without_headers),
        (&root.query_params, &leaf.query_params),
    ];
    let stated = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    texts.into_iter().any(|(root, leaf)| texts_conflict(root.as_ref(), leaf.as_ref()))
        || maps
            .into_iter()
            .any(|(root, leaf)| leaf.iter().any(|(key, value)| texts_conflict(root.get(key), Some(value))))
        || root.ignore_uri_case.unwrap_or(false) != leaf.ignore_uri_case.unwrap_or(false)
        || ports_conflict(root.port, leaf.port)
        || stated(&root.source_namespace).is_some_and(|root| stated(&leaf.source_namespace) != Some(root))
        || leaf
            .source_labels
            .iter()
            .any(|(key, value)| root.source_labels.get(key).is_some_and(|own| own != value))
        || gateways_conflict(&root.gateways, &leaf.gateways)
}

fn ports_conflict(root: Option<u32>, leaf: Option<u32>) -> bool {
    let stated = |port: Option<u32>| port.filter(|port| *port != 0);
    matches!((stated(root), stated(leaf)), (Some(root), Some(leaf)) if root != leaf)
}

fn gateways_conflict(root: &[String], leaf: &[String]) -> bool {
    !root.is_empty() && leaf.iter().any(|gateway| !root.contains(gateway))
}

/// Two expressions cannot be compared, so an expression on one side fits nothing on the other.
fn texts_conflict(root: Option<&StringMatch>, leaf: Option<&StringMatch>) -> bool {
    let (Some(root), Some(leaf)) = (root, leaf) else { return false };
    let [root_exact, root_prefix, root_regex] = stated(root);
    let [leaf_exact, leaf_prefix, leaf_regex] = stated(leaf);
    let leaf_any = leaf_exact.or(leaf_prefix).or(leaf_regex);
    let root_any = root_exact.or(root_prefix).or(root_regex);
    if (root_regex.is_some() && leaf_any.is_some()) || (leaf_regex.is_some() && root_any.is_some()) {
        return true;
    }
    if let Some(exact) = root_exact {
        return leaf_prefix.is_some() || leaf_exact != Some(exact);
    }
    match (root_prefix, leaf_prefix.or(leaf_exact)) {
        (Some(prefix), Some(text)) => !text.starts_with(prefix),
        _ => true,
    }
}

fn stated(text: &StringMatch) -> [Option<&str>; 3] {
    let StringMatch { exact, prefix, regex } = text;
    [exact, prefix, regex].map(|value| value.as_deref().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> StringMatch {
        StringMatch { exact: Some(text.to_owned()), ..StringMatch::default() }
    }

    fn prefix(text: &str) -> StringMatch {
        StringMatch { prefix: Some(text.to_owned()), ..StringMatch::default() }
    }

    fn regex(text: &str) -> StringMatch {
        StringMatch { regex: Some(text.to_owned()), ..StringMatch::default() }
    }

    fn uris(root: StringMatch, leaf: StringMatch) -> bool {
        let with = |uri| HttpMatchRequest { uri: Some(uri), ..HttpMatchRequest::default() };
        conflict(&with(root), &with(leaf))
    }

    #[test]
    fn a_longer_path_lies_within_a_prefix() {
        assert!(!uris(prefix("/a"), prefix("/a/b")));
        assert!(!uris(prefix("/a"), exact("/a/b")));
        assert!(uris(prefix("/a/b"), prefix("/a")));
        assert!(uris(exact("/a"), prefix("/a")));
        assert!(!uris(exact("/a"), exact("/a")));
    }

    #[test]
    fn an_expression_fits_nothing() {
        assert!(uris(regex("/a.*"), exact("/a")));
        assert!(uris(prefix("/a"), regex("/a.*")));
    }

    #[test]
    fn what_only_one_side_asks_for_is_no_conflict() {
        let asks =
            HttpMatchRequest { method: Some(exact("GET")), port: Some(80), ..HttpMatchRequest::default() };
        assert!(!conflict(&HttpMatchRequest::default(), &asks));
        assert!(!conflict(&asks, &HttpMatchRequest::default()));
    }

    #[test]
    fn the_delegate_cannot_ask_for_more_gateways() {
        let with = |names: &[&str]| HttpMatchRequest {
            gateways: names.iter().map(|name| (*name).to_owned()).collect(),
            ..HttpMatchRequest::default()
        };
        assert!(conflict(&with(&["a/b"]), &with(&["a/b", "mesh"])));
        assert!(!conflict(&with(&["a/b", "mesh"]), &with(&["mesh"])));
        assert!(!conflict(&with(&[]), &with(&["mesh"])));
    }
}
