use meshc_contract::traffic::path_normalization::{EscapedSlashes, PathNormalization};

use super::*;

const RULES: Rules = Rules {
    path: PathRules {
        level: PathNormalization::Base,
        escaped_slashes: Some(EscapedSlashes::KeepUnchanged),
        merge_slashes: None,
    },
    underscores: HeadersWithUnderscores::Allow,
    accept_http_10: false,
};

fn parts(target: &str, version: Version, headers: &[(&'static str, &'static str)]) -> Parts {
    let mut request = ::http::Request::new(());
    *request.uri_mut() = target.parse().unwrap();
    *request.version_mut() = version;
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    request.into_parts().0
}

fn status(result: Result<Box<Head>, Box<LocalReply>>) -> u16 {
    result.map_or_else(|reply| reply.status.as_u16(), |_| 200)
}

#[test]
fn the_path_is_normalised_once_and_forwarded_so() {
    for (target, path) in [
        ("/a/b?x=/../y", "/a/b?x=/../y"),
        ("/a/../b", "/b"),
        ("/a/%2e%2e/b?q", "/b?q"),
        ("/%61", "/a"),
        ("/a%2Fb", "/a%2Fb"),
        ("http://h/x/./y", "/x/y"),
        ("http://h", "/"),
    ] {
        let head = read(parts(target, Version::HTTP_11, &[("host", "h")]), RULES).unwrap();
        assert_eq!(head.path(), path, "{target}");
        assert!(head.parts.uri.authority().is_none());
    }
}

#[test]
fn what_may_not_be_asked_so_is_refused() {
    let read = |target, version, headers: &[_]| status(read(parts(target, version, headers), RULES));
    assert_eq!(read("/", Version::HTTP_11, &[]), 400);
    assert_eq!(read("/", Version::HTTP_11, &[("host", "")]), 400);
    assert_eq!(read("/", Version::HTTP_11, &[("host", "a"), ("host", "a")]), 400);
    assert_eq!(read("/", Version::HTTP_11, &[("host", "a b")]), 400);
    assert_eq!(read("/", Version::HTTP_11, &[("host", "u@a")]), 400);
    assert_eq!(read("a", Version::HTTP_11, &[("host", "a")]), 400);
    assert_eq!(read("ftp://a/", Version::HTTP_11, &[("host", "a")]), 400);
    assert_eq!(read("http://a/", Version::HTTP_11, &[("host", "b")]), 400);
    assert_eq!(read("http://a/", Version::HTTP_11, &[("host", "A")]), 200);
    assert_eq!(read("http://a/", Version::HTTP_2, &[("host", "b")]), 400);
    assert_eq!(read("http://a/", Version::HTTP_2, &[]), 200);
    assert_eq!(read("/a%00b", Version::HTTP_11, &[("host", "a")]), 400);
    assert_eq!(read("/", Version::HTTP_10, &[("host", "a")]), 426);
}

#[test]
fn headers_with_underscores_are_treated_as_is_said() {
    let with = |underscores| {
        read(parts("/", Version::HTTP_11, &[("host", "a"), ("a_b", "c")]), Rules { underscores, ..RULES })
    };
    assert!(with(HeadersWithUnderscores::Allow).unwrap().parts.headers.contains_key("a_b"));
    assert!(!with(HeadersWithUnderscores::DropHeader).unwrap().parts.headers.contains_key("a_b"));
    assert_eq!(status(with(HeadersWithUnderscores::RejectRequest)), 400);
}

#[test]
fn a_matcher_sees_pseudo_headers_and_all_values() {
    let head =
        read(parts("/x?y", Version::HTTP_11, &[("host", "A:80"), ("b", "1"), ("b", "2")]), RULES).unwrap();
    let view = View(&head);
    let joined = |name: &str| view.header(name).joined().map(Cow::into_owned);
    assert_eq!(joined(":authority").as_deref(), Some("a:80"));
    assert_eq!(joined("Host").as_deref(), Some("a:80"));
    assert_eq!(joined(":path").as_deref(), Some("/x?y"));
    assert_eq!(joined("B").as_deref(), Some("1,2"));
    assert_eq!(joined(":method").as_deref(), Some("GET"));
    assert_eq!(view.header("c"), HeaderValues::Missing);
}

#[test]
fn plain_paths_are_those_that_no_level_changes() {
    for level in
        [PathNormalization::Base, PathNormalization::MergeSlashes, PathNormalization::DecodeAndMergeSlashes]
    {
        for path in ["/", "/a/b.c/d-e_f~", "/a/", "/..", "/a/.b", "//", "/a%2f", "/a\\b", "/\u{e9}"] {
            let rules = PathRules { level, escaped_slashes: None, merge_slashes: None };
            if is_plain(path) {
                assert_eq!(normalise(rules, path), PathDecision::Use(path.to_owned()), "{path}");
            }
        }
    }
    assert!(is_plain("/a/b.c/d") && !is_plain("/a/../b") && !is_plain("/a//b") && !is_plain("/%61"));
}
