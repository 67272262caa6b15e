//! Expressions of RE2, which Envoy runs, on the engine that is here.
//!
//! The two agree on most of their syntax and always on what a match is. What differs is translated: classes like `\d` mean
//! ASCII in RE2, `[` and `&&` within brackets mean themselves, a brace that counts nothing is a brace, `\Q…\E` quotes, and an
//! escaped punctuation character is that character.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::Chars;
use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The largest compiled form of an expression, in bytes, so that a pattern from outside cannot use up memory.
const SIZE_LIMIT: usize = 1 << 20;

/// An RE2 expression as text; it is compiled when it is first used and equal to another one if the texts are.
///
/// An expression that RE2 does not read matches nothing; Envoy would refuse it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    expression: String,
    compiled: Arc<Compiled>,
}

#[derive(Default)]
struct Compiled {
    whole: OnceLock<Option<Regex>>,
    anywhere: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    /// Whether the engine reads the expression.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.anywhere().is_some()
    }

    /// Whether the expression matches the whole of a text.
    #[must_use]
    pub fn matches_whole(&self, text: &str) -> bool {
        let compile = || compile(&format!("^(?:{})$", Quoted(&self.expression)));
        self.compiled.whole.get_or_init(compile).as_ref().is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    /// Replaces every match, as RE2's `GlobalReplace`: `\1` is the first group, `\\` a backslash.
    #[must_use]
    pub fn replace_all<'t>(&self, text: &'t str, substitution: &str) -> Cow<'t, str> {
        let Some(regex) = self.anywhere() else { return Cow::Borrowed(text) };
        match regex.replace_all(text.as_bytes(), template(substitution).as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(replaced) => Cow::Owned(String::from_utf8_lossy(&replaced).into_owned()),
        }
    }

    fn anywhere(&self) -> Option<&Regex> {
        self.compiled.anywhere.get_or_init(|| compile(&Quoted(&self.expression).to_string())).as_ref()
    }
}

/// The substitution of RE2 in the spelling of the engine that is here.
fn template(substitution: &str) -> String {
    let mut template = String::new();
    let mut rest = substitution.chars().peekable();
    while let Some(character) = rest.next() {
        match (character, rest.peek()) {
            ('\\', Some(group)) if group.is_ascii_digit() => {
                template.push_str(&format!("${{{group}}}"));
                rest.next();
            }
            ('\\', Some('\\')) => {
                template.push('\\');
                rest.next();
            }
            ('$', _) => template.push_str("$$"),
            (other, _) => template.push(other),
        }
    }
    template
}

impl From<String> for Pattern {
    fn from(expression: String) -> Self {
        Self { expression, compiled: Arc::default() }
    }
}

impl From<&str> for Pattern {
    fn from(expression: &str) -> Self {
        Self::from(expression.to_owned())
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.expression
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.expression)
    }
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.expression, f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.expression.cmp(&other.expression)
    }
}

impl schemars::JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Pattern")
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "An RE2 expression." })
    }
}

fn compile(translated: &str) -> Option<Regex> {
    RegexBuilder::new(translated).size_limit(SIZE_LIMIT).build().ok()
}

/// An expression of RE2, translated when it is printed.
struct Quoted<'e>(&'e str);

impl std::fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut translator = Translator { rest: self.0.chars().peekable(), out: String::new() };
        translator.run();
        f.write_str(&translator.out)
    }
}

struct Translator<'e> {
    rest: Peekable<Chars<'e>>,
    out: String,
}

impl Translator<'_> {
    fn run(&mut self) {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape(false),
                '[' => self.class(),
                '{' if !self.counts() => self.out.push_str("\\{"),
                '}' if !self.closes_count() => self.out.push_str("\\}"),
                other => self.out.push(other),
            }
        }
    }

    /// Whether what follows a brace is `n}`, `n,}` or `n,m}`.
    fn counts(&self) -> bool {
        let inside: String = self.rest.clone().take_while(|character| *character != '}').collect();
        let closed = self.rest.clone().any(|character| character == '}');
        let (least, most) = inside.split_once(',').unwrap_or((&inside, ""));
        let digits = |text: &str| text.chars().all(|character| character.is_ascii_digit());
        closed && !least.is_empty() && digits(least) && digits(most)
    }

    /// Whether a closing brace ends a repetition that was passed on.
    fn closes_count(&self) -> bool {
        let open = self.out.rfind('{');
        open.is_some_and(|at| {
            let escaped =
                self.out[..at].chars().rev().take_while(|character| *character == '\\').count() % 2 == 1;
            let inside = &self.out[at + 1..];
            !escaped && inside.chars().all(|character| character.is_ascii_digit() || character == ',')
        })
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) {
        let Some(character) = self.rest.next() else {
            self.out.push('\\');
            return;
        };
        match character {
            'd' => self.set("0-9", in_class, false),
            'D' => self.set("0-9", in_class, true),
            'w' => self.set("0-9A-Za-z_", in_class, false),
            'W' => self.set("0-9A-Za-z_", in_class, true),
            's' => self.set("\\t\\n\\f\\r ", in_class, false),
            'S' => self.set("\\t\\n\\f\\r ", in_class, true),
            'b' | 'B' if !in_class => self.out.push_str(&format!("(?-u:\\{character})")),
            'C' if !in_class => self.out.push_str("(?s-u:.)"),
            'Q' if !in_class => self.quote(),
            '0'..='7' => self.octal(character),
            'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P' | 'A' | 'z' => {
                self.out.push('\\');
                self.out.push(character);
                // The name of a Unicode class or the digits of a code point in braces are no repetition.
                if matches!(character, 'x' | 'p' | 'P') && self.rest.peek() == Some(&'{') {
                    for inner in self.rest.by_ref() {
                        self.out.push(inner);
                        if inner == '}' {
                            break;
                        }
                    }
                }
            }
            other => self.literal(other),
        }
    }

    fn set(&mut self, members: &str, in_class: bool, negated: bool) {
        let text = match (in_class, negated) {
            (true, false) => members.to_owned(),
            (_, true) => format!("[^{members}]"),
            (false, false) => format!("[{members}]"),
        };
        self.out.push_str(&text);
    }

    /// `\Q…\E`.
    fn quote(&mut self) {
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.peek() == Some(&'E') {
                self.rest.next();
                return;
            }
            self.literal(character);
        }
    }

    /// Up to three octal digits.
    fn octal(&mut self, first: char) {
        let mut digits = first.to_string();
        while digits.len() < 3
            && let Some(next) = self.rest.next_if(|character| ('0'..='7').contains(character))
        {
            digits.push(next);
        }
        let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
        self.out.push_str(&format!("\\x{{{code:X}}}"));
    }

    fn literal(&mut self, character: char) {
        self.out.push_str(&regex::escape(&character.to_string()));
    }

    /// Characters in brackets.
    fn class(&mut self) {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        while let Some(character) = self.rest.next() {
            match character {
                ']' if !first => {
                    self.out.push(']');
                    return;
                }
                '[' if self.rest.peek() == Some(&':') => self.named_class(),
                '\\' => self.escape(true),
                '-' if !first && self.is_range() => self.out.push('-'),
                other => self.class_literal(other),
            }
            first = false;
        }
    }

    /// Whether a hyphen has something behind it.
    fn is_range(&self) -> bool {
        self.rest.clone().next().is_some_and(|next| next != ']')
    }

    /// `[:alpha:]`.
    fn named_class(&mut self) {
        self.out.push('[');
        let mut before = ' ';
        for character in self.rest.by_ref() {
            self.out.push(character);
            if character == ']' && before == ':' {
                return;
            }
            before = character;
        }
    }

    fn class_literal(&mut self, character: char) {
        if "[]&~-^\\".contains(character) {
            self.out.push('\\');
        }
        self.out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches_whole(expression: &str, text: &str) -> bool {
        Pattern::from(expression).matches_whole(text)
    }

    fn replace_all(expression: &str, text: &str, substitution: &str) -> String {
        Pattern::from(expression).replace_all(text, substitution).into_owned()
    }

    #[test]
    fn an_expression_that_nobody_reads_matches_nothing() {
        let pattern = Pattern::from("(");
        assert!(!pattern.is_readable() && !pattern.matches_whole("(") && Pattern::from("a").is_readable());
        assert!(!Pattern::from("(a{1000}){1000}").is_readable(), "it would use up memory");
    }

    #[test]
    fn expressions_match_whole_texts() {
        assert!(matches_whole("/a.*", "/abc"));
        assert!(!matches_whole("a", "abc"));
        assert!(matches_whole("a|bc", "bc"));
    }

    #[test]
    fn classes_are_ascii() {
        assert!(matches_whole(r"\d+", "12") && !matches_whole(r"\d", "\u{663}"));
        assert!(matches_whole(r"\w+", "a_1") && !matches_whole(r"\w", "é"));
        assert!(matches_whole(r"[\w.-]+", "a-b.c") && matches_whole(r"\D", "x"));
        assert!(matches_whole(r"a\b.b", "a b"));
    }

    #[test]
    fn brackets_within_brackets_mean_themselves() {
        assert!(matches_whole("[a&&b]+", "a&b") && matches_whole("[[a]+", "[a["));
        assert!(matches_whole("[]a]+", "]a") && matches_whole("[a-]+", "a-") && matches_whole("[-a]+", "-a"));
        assert!(matches_whole("[[:alpha:]]+", "ab") && !matches_whole("[[:alpha:]]", "1"));
        assert!(matches_whole("[^/]+", "abc") && matches_whole("[a-c~~]+", "b~"));
    }

    #[test]
    fn braces_that_count_nothing_mean_themselves() {
        assert!(
            matches_whole("a{2}", "aa") && matches_whole("a{1,}", "aaa") && matches_whole("a{1,2}", "aa")
        );
        assert!(matches_whole("a{,3}", "a{,3}") && matches_whole("{x}", "{x}") && matches_whole("a{", "a{"));
    }

    #[test]
    fn quotes_and_codes_are_read() {
        assert!(matches_whole(r"\Qa.b\E.", "a.bc") && !matches_whole(r"\Qa.b\E", "axb"));
        assert!(
            matches_whole(r"\07|\101", "A") && matches_whole(r"\x41", "A") && matches_whole(r"\x{41}", "A")
        );
        assert!(matches_whole(r"\<\_\-", "<_-") && matches_whole(r"\p{Lu}", "É"));
    }

    #[test]
    fn substitutions_name_groups_by_backslash() {
        assert_eq!(replace_all("^/items/([0-9]+)$", "/items/42", r"/item?id=\1"), "/item?id=42");
        assert_eq!(replace_all("a", "banana", "$"), "b$n$n$");
    }
}
