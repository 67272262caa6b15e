//! What a push would change, for people: one line a field.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::plan::{Change, Plan, Planned};
use crate::redact;

/// Most lines of one text that are shown.
const LINES: usize = 12;
/// Longest line that is shown.
const WIDTH: usize = 160;

/// Renders a plan. What Secrets hold is not shown.
pub(crate) fn render(plan: &Plan<'_>) -> String {
    let mut text = String::new();
    let mut unchanged = 0;
    for planned in &plan.objects {
        let object = &planned.item.object;
        match &planned.change {
            Change::Unchanged => unchanged += 1,
            Change::Create => text.push_str(&format!("+ {object}\n")),
            Change::Deferred { reason } => text.push_str(&format!("? {object} (not compared: {reason})\n")),
            Change::Update { before, after } => {
                text.push_str(&format!("~ {object}\n"));
                for line in changes(planned, before, after) {
                    text.push_str(&format!("    {line}\n"));
                }
            }
        }
    }
    for member in &plan.prune.remove {
        text.push_str(&format!("- {}\n", member.object));
    }
    for (object, reason) in &plan.prune.keep {
        text.push_str(&format!("= {object} (kept: {reason})\n"));
    }
    text.push_str(&format!("{unchanged} unchanged\n"));
    text
}

fn changes(planned: &Planned<'_>, before: &Value, after: &Value) -> Vec<String> {
    let mut lines: Vec<String> = planned
        .forced
        .iter()
        .map(|conflict| format!("{} is taken from {}", conflict.field, conflict.manager))
        .collect();
    let (mut before, mut after) = (shown(before), shown(after));
    let object = &planned.item.object;
    redact::secrets(&object.group, &object.kind, &mut before, &mut after);
    compare("", Some(&before), Some(&after), &mut lines);
    if lines.is_empty() {
        lines.push("who owns its fields".to_owned());
    }
    lines
}

/// An object without what the API server keeps for itself.
fn shown(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in
            ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"]
        {
            metadata.remove(field);
        }
    }
    object
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, lines: &mut Vec<String>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            compare_fields(path, before, after, lines)
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => compare_items(path, before, after, lines),
        (Some(Value::String(before)), Some(Value::String(after)))
            if before.contains('\n') || after.contains('\n') =>
        {
            compare_texts(path, before, after, lines);
        }
        (before, after) => {
            let side = |value: Option<&Value>| value.map_or_else(|| "(none)".to_owned(), spelled);
            lines.push(format!("{path}: {} -> {}", side(before), side(after)));
        }
    }
}

fn compare_fields(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    lines: &mut Vec<String>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let below = match (plain, path) {
            (true, "") => key.clone(),
            (true, _) => format!("{path}.{key}"),
            (false, _) => format!("{path}[{key}]"),
        };
        compare(&below, before.get(key), after.get(key), lines);
    }
}

/// Items with names are compared by name, others by place.
fn compare_items(path: &str, before: &[Value], after: &[Value], lines: &mut Vec<String>) {
    let name = |item: &Value| item.get("name").and_then(Value::as_str).map(str::to_owned);
    let names = |items: &[Value]| items.iter().map(name).collect::<Option<BTreeSet<String>>>();
    let (Some(old), Some(new)) = (names(before), names(after)) else {
        for index in 0..before.len().max(after.len()) {
            compare(&format!("{path}[{index}]"), before.get(index), after.get(index), lines);
        }
        return;
    };
    let find = |items: &[Value], wanted: &str| {
        items.iter().find(|item| name(item).as_deref() == Some(wanted)).cloned()
    };
    for wanted in old.union(&new) {
        let (old, new) = (find(before, wanted), find(after, wanted));
        compare(&format!("{path}[name={wanted}]"), old.as_ref(), new.as_ref(), lines);
    }
    if old == new && lines.is_empty() {
        lines.push(format!("{path}: the order of its items"));
    }
}

/// The lines of a text that differ, without those before and after that do not.
fn compare_texts(path: &str, before: &str, after: &str, lines: &mut Vec<String>) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(old, new)| old == new).count();
    let head = same(&mut old.iter().zip(new.iter()));
    let rest = old.len().min(new.len()) - head;
    let tail = same(&mut old.iter().rev().zip(new.iter().rev()).take(rest));
    lines.push(format!("{path}: from line {}", head + 1));
    for (sign, all) in [('-', &old), ('+', &new)] {
        let differing = &all[head..all.len() - tail];
        for line in differing.iter().take(LINES) {
            lines.push(format!("  {sign} {}", cut(line)));
        }
        if differing.len() > LINES {
            lines.push(format!("  {sign} … {} more lines", differing.len() - LINES));
        }
    }
}

fn spelled(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::compare;

    fn lines(before: Value, after: Value) -> Vec<String> {
        let mut lines = Vec::new();
        compare("", Some(&before), Some(&after), &mut lines);
        lines
    }

    #[test]
    fn a_changed_field_is_one_line_with_both_values() {
        let containers =
            |image: &str| json!({"spec": {"containers": [{"name": "a", "image": image}], "replicas": 1}});
        assert_eq!(
            lines(containers("x:1"), containers("x:2")),
            ["spec.containers[name=a].image: \"x:1\" -> \"x:2\""]
        );
    }

    #[test]
    fn added_and_removed_fields_and_items_are_named() {
        assert_eq!(
            lines(
                json!({"metadata": {"labels": {"a.b/c": "1"}}, "list": [1, 2]}),
                json!({"metadata": {"labels": {"d": "1"}}, "list": [1]})
            ),
            [
                "list[1]: 2 -> (none)",
                "metadata.labels[a.b/c]: \"1\" -> (none)",
                "metadata.labels.d: (none) -> \"1\""
            ]
        );
    }

    #[test]
    fn of_a_text_only_the_lines_that_differ_are_shown() {
        let before = json!({"data": {"f": "one\ntwo\nthree\nfour\n"}});
        let after = json!({"data": {"f": "one\n2\n2.5\nthree\nfour\n"}});
        assert_eq!(lines(before, after), ["data.f: from line 2", "  - two", "  + 2", "  + 2.5"]);
        let repeated = lines(json!("a\na\n"), json!("a\na\na\n"));
        assert_eq!(repeated, [": from line 3", "  + a"]);
    }

    #[test]
    fn long_values_are_cut() {
        let line = &lines(json!({"a": "x".repeat(1000)}), json!({"a": "é".repeat(1000)}))[0];
        assert!(line.chars().count() < 350, "{line}");
    }
}
