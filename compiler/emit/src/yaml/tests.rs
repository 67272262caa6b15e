use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::to_string;

/// Texts that some writer of YAML prints so that some reader reads something else.
const HOSTILE: &[&str] = &[
    "yes",
    "Yes",
    "YES",
    "y",
    "Y",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "true",
    "True",
    "TRUE",
    "tRue",
    "oN",
    "false",
    "False",
    "FALSE",
    "null",
    "Null",
    "NULL",
    "~",
    "",
    " ",
    "  lead",
    "trail ",
    "a: b",
    "a:b",
    "#x",
    "x #y",
    "x#y",
    "- a",
    "-",
    "--- a",
    "---",
    "...",
    "?",
    "? a",
    ":",
    ":a",
    "a:",
    "[a]",
    "{a}",
    "a, b",
    "*x",
    "&x",
    "!x",
    "!!str x",
    "%x",
    "@x",
    "`x",
    "|",
    "> x",
    "'q'",
    "\"dq\"",
    "it's",
    "\\n",
    "tab\there",
    "\ttab",
    "nl\nx",
    "nl\n",
    "\nnl",
    "nl\n\n",
    "\n",
    "  ind\nx\n",
    "x\n  ind\n",
    "trailing space \nx",
    "x\n\n\n",
    "a\r\nb",
    "é🔑",
    "\u{7}bell",
    "\u{85}nel",
    "a\u{85}b\nc",
    "\u{2028}ls",
    "a\u{2029}ps",
    "\u{feff}bom",
    "\u{9f}c1",
    "\u{7f}del",
    "😀",
    "0",
    "00",
    "0777",
    "0o17",
    "0x1F",
    "0b11",
    "0x",
    "0b",
    "0o",
    "1_000",
    "_1",
    "1__0",
    "0_7",
    "-1_0",
    "1e3",
    "1E3",
    "1e",
    "e5",
    "12e03",
    ".5",
    "5.",
    "1.",
    "0.1.",
    "1.2.3",
    "1,000",
    "+1",
    "-0",
    "+",
    "++",
    "--",
    "+.inf",
    ".inf",
    "-.inf",
    ".Inf",
    ".nan",
    ".NaN",
    "nan",
    "NaN",
    "inf",
    "infinity",
    "190:20:30",
    "1:2",
    "1:20",
    "12:30:45.5",
    "2001-01-01",
    "2001-1-1",
    "2001-12-14t21:59:43.10-05:00",
    "0899",
    "08",
    "=",
    "<<",
    "123456789012345678901234567890",
    "18446744073709551615",
    "{{ .Values.x }}",
    "key with space",
    "x: |\n  y",
    "#",
    "# c\n",
    "10.96.0.1",
    "v1",
    "1.20-alpine",
    "spiffe://cluster.local/ns/a/sa/b",
    "a\tb\nc\td",
    "line1\n\n\nline4",
    "a\n b\n  c",
    "x\n#y\n---\n...\n",
];

fn document() -> Value {
    let long = "very long line ".repeat(20);
    let texts: Vec<String> = HOSTILE
        .iter()
        .map(|text| (*text).to_owned())
        .chain([long.clone(), format!("a\n{long}\nb")])
        .collect();
    let values: Map<String, Value> =
        texts.iter().enumerate().map(|(n, text)| (format!("k{n:03}"), json!(text))).collect();
    let keys: Map<String, Value> =
        texts.iter().filter(|text| *text != "<<").map(|text| (text.clone(), json!(1))).collect();
    json!({
        "apiVersion": "x.io/v1", "kind": "Foo", "metadata": {"name": "a"},
        "list": texts, "keys": keys, "spec": values,
        "numbers": [0, -1, 1.5, 1e21, 1e-7, 100.0, u64::MAX, 9_007_199_254_740_991u64],
        "words": [true, false, null], "empty": {"a": [], "b": {}, "c": [[], {}]},
        "nested": [[1, 2], [{"a": [{"b": 1, "c": "x\ny\n"}]}], [[["deep"]]]],
    })
}

/// Number of hostile texts and the two long ones.
#[test]
fn the_table_is_as_long_as_the_survey_that_it_comes_from() {
    assert!(HOSTILE.len() + 2 >= 134, "{}", HOSTILE.len());
}

#[test]
fn a_reader_of_yaml_reads_what_was_written() {
    let written = document();
    let text = to_string(&written);
    let read: Value = serde_saphyr::from_str(&text).unwrap();
    for part in ["list", "keys", "spec", "words", "empty", "nested"] {
        assert_eq!(read[part], written[part], "{part}\n{text}");
    }
}

#[test]
fn kubectl_reads_what_was_written() {
    let written = document();
    let kubectl = Command::new("kubectl")
        .args(["annotate", "--local", "-f", "-", "a=b", "-o", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = kubectl else {
        eprintln!("skipped: there is no kubectl on the path");
        return;
    };
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), to_string(&written).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    for part in ["list", "keys", "spec", "words", "empty", "nested"] {
        assert_eq!(read[part], written[part], "{part}");
    }
}

#[test]
fn ordinary_texts_stand_without_quotes() {
    for text in [
        "reviews",
        "v1",
        "1.2.3",
        "10.96.0.1",
        "docker.io/istio/proxyv2:1.32",
        "/ready",
        "a:b",
        "it's",
        "x#y",
        "1.20-alpine",
    ] {
        assert_eq!(to_string(&json!({ "k": text })), format!("k: {text}\n"));
    }
}

#[test]
fn texts_that_a_reader_would_resolve_stand_in_quotes() {
    for text in
        ["y", "on", "0777", "1_000", "0x1F", "12:30", "2001-01-01", "~", "<<", "null", "1e3", ".inf", "-1"]
    {
        assert_eq!(to_string(&json!({ "k": text })), format!("k: \"{text}\"\n"));
    }
}

#[test]
fn lists_are_not_indented_and_texts_of_several_lines_are_literal() {
    let value =
        json!({"a": [{"b": 1, "c": ["x"]}, "z"], "t": "one\n  two\n", "u": "one\ntwo", "v": "one\n\n"});
    let expected =
        "a:\n- b: 1\n  c:\n  - x\n- z\nt: |\n  one\n    two\nu: |-\n  one\n  two\nv: |+\n  one\n\n";
    assert_eq!(to_string(&value), expected);
}

#[test]
fn numbers_are_printed_so_that_every_reader_takes_them_for_numbers() {
    let value = json!([15090.0, 1.5, 1e21, 1.5e-7, -3]);
    assert_eq!(to_string(&value), "- 15090\n- 1.5\n- 1.0e+21\n- 1.5e-7\n- -3\n");
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_as_it_was_written(text in "[ -~\n\t\u{85}\u{a0}é\u{2028}😀]{0,40}") {
        let value = json!({"value": text, "list": [text], "key": {text.clone(): 1}});
        let printed = to_string(&value);
        let read: Value = serde_saphyr::from_str(&printed).unwrap();
        proptest::prop_assert_eq!(read, value, "{}", printed);
    }
}

#[test]
fn a_text_in_parts_is_a_block_exactly_where_nothing_of_it_would_be_lost() {
    for (parts, block) in [
        (&["{\n \"a\": ", "1\n}\n"][..], true),
        (&["é: 1\n"], true),
        (&["no newline"], false),
        (&["two newlines\n", "\n"], false),
        (&[" starts with a space\n"], false),
        (&["ends with a space ", "\n"], false),
        (&["nel\u{85}\n"], false),
        (&["del\u{7f}\n"], false),
        (&["cr\r\n"], false),
        (&[], false),
    ] {
        let mut lines = super::Lines::default();
        parts.iter().for_each(|part| lines.see(part));
        assert_eq!(lines.are_a_block(), block, "{parts:?}");
    }
}
