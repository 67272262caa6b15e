//! What serde says about values that do not fit, in the words of somebody who writes YAML.

use serde::de::{Expected, Unexpected};

/// "expected a whole number from 0 to 65535, found the string `80`".
pub(super) fn mismatch(found: &Unexpected<'_>, expected: &dyn Expected) -> String {
    format!("expected {}, found {}", wanted(&expected.to_string()), written(found))
}

/// "`LAX` is not one of `STRICT`, `PERMISSIVE`".
pub(super) fn not_one_of(found: &str, expected: &[&str]) -> String {
    let names: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
    format!("`{}` is not one of {}", shortened(found), names.join(", "))
}

fn wanted(expected: &str) -> String {
    let words = match expected {
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" => "a whole number that is not negative",
        "i64" | "i128" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a mapping",
        other if other.starts_with("struct ") => "a mapping",
        other => other,
    };
    words.to_owned()
}

fn written(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("the boolean `{value}`"),
        Unexpected::Unsigned(value) => format!("the number `{value}`"),
        Unexpected::Signed(value) => format!("the number `{value}`"),
        Unexpected::Float(value) => format!("the number `{value}`"),
        Unexpected::Str(text) => format!("the string `{}`", shortened(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// Enough of a text to know it by.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(LONGEST).collect();
    if cut.len() == text.len() { cut } else { format!("{cut}…") }
}
