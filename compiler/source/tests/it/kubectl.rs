//! Every scalar reads as kubectl reads it. The table is what `kubectl annotate --local -o json` printed for each.

use serde_json::{Value, json};

use crate::{codes, document, load_text};

fn read(fragment: &str) -> Value {
    document(&format!("kind: Foo\nspec:\n{fragment}\n")).to_value()["spec"].take()
}

#[test]
fn scalars_read_as_kubectl_reads_them() {
    let table = [
        ("yes", json!(true)),
        ("y", json!(true)),
        ("Y", json!(true)),
        ("n", json!(false)),
        ("on", json!(true)),
        ("Off", json!(false)),
        ("oN", json!("oN")),
        ("TRUE", json!(true)),
        ("tRue", json!("tRue")),
        ("~", json!(null)),
        ("Null", json!(null)),
        ("", json!(null)),
        ("0777", json!(511)),
        ("0o777", json!(511)),
        ("0899", json!(899)),
        ("0xFF", json!(255)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("190:20:30", json!("190:20:30")),
        ("1e3", json!(1000)),
        ("1.50", json!(1.5)),
        (".5", json!(0.5)),
        ("5.", json!(5)),
        ("\"x\"", json!("x")),
        ("1.10", json!(1.1)),
        ("2001-01-01", json!("2001-01-01")),
        ("2001-12-14t21:59:43.10-05:00", json!("2001-12-14t21:59:43.10-05:00")),
        ("-0", json!(0)),
        ("+1", json!(1)),
        ("_1", json!("_1")),
        ("=", json!("=")),
        ("\"yes\"", json!("yes")),
        ("!!str 123", json!("123")),
        ("!!int \"3\"", json!(3)),
        ("! 12", json!("12")),
        ("!!binary aGVsbG8=", json!("hello")),
        ("!foo bar", json!("bar")),
        (">\n    a\n    b", json!("a b\n")),
        ("\"\\U0001F511\"", json!("🔑")),
        ("1e", json!("1e")),
        ("1.2.3", json!("1.2.3")),
        ("12e03", json!(12000)),
        ("\"n\"", json!("n")),
    ];
    for (scalar, expected) in table {
        assert_eq!(read(&format!("  k: {scalar}")), json!({ "k": expected }), "{scalar}");
    }
}

#[test]
fn integers_beyond_64_bits_become_floats() {
    assert_eq!(read("  k: 18446744073709551615")["k"].as_f64(), Some(18_446_744_073_709_551_615.0));
    assert_eq!(read("  k: 18446744073709551616")["k"].as_f64(), Some(18_446_744_073_709_551_616.0));
    assert_eq!(read("  k: -9223372036854775808")["k"], json!(i64::MIN));
}

#[test]
fn keys_become_strings() {
    let spec =
        read("  1: intkey\n  true: boolkey\n  1.5: fkey\n  no: b\n  0x10: hex\n  1e6: big\n  .5: half");
    let expected = json!({
        "1": "intkey", "true": "boolkey", "false": "b", "1.5": "fkey", "16": "hex", "1e+06": "big", "0.5": "half",
    });
    assert_eq!(spec, expected);
}

#[test]
fn anchors_and_aliases_repeat_the_value() {
    assert_eq!(read("  anch: &x [1,2]\n  ali: *x"), json!({ "anch": [1, 2], "ali": [1, 2] }));
}

#[test]
fn merge_keys_are_merged_and_overridden_by_later_keys() {
    assert_eq!(read("  merge:\n    <<: {a: 1, b: 2}\n    b: 3"), json!({ "merge": { "a": 1, "b": 3 } }));
    let of_list = read("  merge:\n    <<: [{a: 1}, {a: 2, b: 2}]");
    assert_eq!(of_list, json!({ "merge": { "a": 1, "b": 2 } }));
    assert_eq!(read("  merge:\n    \"<<\": {a: 1}"), json!({ "merge": { "<<": { "a": 1 } } }));
}

#[test]
fn a_merge_key_overwrites_what_is_above_it_with_a_warning() {
    let (set, findings) = load_text("kind: Foo\nspec: {b: 3, <<: {b: 2}}\n");
    assert_eq!(set.documents[0].to_value()["spec"], json!({ "b": 2 }));
    assert_eq!(codes(&findings), ["merge-overwrites-key"]);
}

#[test]
fn the_last_of_duplicate_keys_wins_with_a_warning() {
    let (set, findings) = load_text("kind: Foo\nspec: {a: 1, b: 2, a: 3}\n");
    assert_eq!(set.documents[0].to_value()["spec"], json!({ "a": 3, "b": 2 }));
    assert_eq!(codes(&findings), ["duplicate-key"]);
    assert_eq!(set.files.slice(set.documents[0].span("spec.a")), "3");
}

#[test]
fn what_json_does_not_have_is_refused() {
    for scalar in [".inf", "-.INF", ".nan", "!!int x", "!!bool 1", "!!binary \"%%%\""] {
        let (set, findings) = load_text(&format!("kind: Foo\nspec: {scalar}\n"));
        assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["scalar-without-value"]), "{scalar}");
    }
    for key in ["~", "[a]", "{a: 1}", "? [a]\n"] {
        let (set, findings) = load_text(&format!("{key}: 1\n"));
        assert_eq!((set.documents.len(), codes(&findings)), (0, vec!["key-not-a-string"]), "{key}");
    }
}

#[test]
fn the_probe_file_reads_as_kubectl_printed_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference/crates-poc");
    let Ok(yaml) = std::fs::read_to_string(format!("{folder}/k.yaml")) else {
        assert!(std::env::var_os("CI").is_none(), "{folder} is missing");
        println!("skipped: {folder} is not there");
        return;
    };
    let json = std::fs::read_to_string(format!("{folder}/k.json")).unwrap();
    let mut expected: Value = serde_json::from_str(&json).unwrap();
    expected["metadata"].as_object_mut().unwrap().remove("annotations");
    let read = document(&yaml).to_value();
    assert_eq!(read["metadata"], expected["metadata"]);
    let (read, expected) = (read["spec"].as_object().unwrap(), expected["spec"].as_object().unwrap());
    assert!(read.len() >= 49);
    assert_eq!(read.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, value) in read {
        // The printed file went through a float for numbers beyond 63 bits.
        let equal = value == &expected[key] || value.is_u64() && value.as_f64() == expected[key].as_f64();
        assert!(equal || value.as_f64() == expected[key].as_f64() && value.is_f64(), "{key}: {value}");
    }
}
