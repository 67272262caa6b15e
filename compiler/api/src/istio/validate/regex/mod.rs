//! Whether RE2 reads a regular expression. Istio's webhook compiles expressions with Go's RE2, Envoy with the
//! original.

mod class;
mod escape;

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// Longest expression that the webhook takes, in bytes.
const LONGEST: usize = 1024;
/// Most repetitions that RE2 takes.
const MOST_REPETITIONS: u32 = 1000;
/// Deepest nesting that Go's RE2 takes.
const DEEPEST: usize = 1000;

/// An expression of a match: not empty, not too long, and RE2.
pub(super) fn check(expression: &str) -> Result<(), String> {
    if expression.len() > LONGEST {
        return Err(format!("the regular expression is longer than {LONGEST} bytes"));
    }
    compiles(expression)
}

/// Whether RE2 reads the expression.
pub(super) fn compiles(expression: &str) -> Result<(), String> {
    let mut parser = Parser { rest: expression.chars().peekable(), names: BTreeSet::new(), depth: 0 };
    let fault = parser.alternatives().and_then(|()| match parser.rest.next() {
        Some(_) => Err("`)` without `(`".to_owned()),
        None => Ok(()),
    });
    fault.map_err(|fault| format!("`{expression}` is not a regular expression of RE2: {fault}"))
}

struct Parser<'e> {
    rest: Peekable<Chars<'e>>,
    names: BTreeSet<String>,
    depth: usize,
}

impl Parser<'_> {
    /// Up to the end or an unmatched `)`.
    fn alternatives(&mut self) -> Result<(), String> {
        // Whether there is something to repeat.
        let mut repeatable = false;
        let mut repeated = false;
        while let Some(&next) = self.rest.peek() {
            match next {
                ')' => break,
                '|' => {
                    self.rest.next();
                    (repeatable, repeated) = (false, false);
                }
                '*' | '+' | '?' => {
                    self.rest.next();
                    Self::repeat(next, repeatable, repeated)?;
                    self.lazy();
                    repeated = true;
                }
                '{' if let Some((least, most)) = self.count() => {
                    Self::repeat('{', repeatable, repeated)?;
                    if least > MOST_REPETITIONS
                        || most.is_some_and(|most| most > MOST_REPETITIONS || most < least)
                    {
                        return Err(format!(
                            "at most {MOST_REPETITIONS} repetitions, and not fewer than the least"
                        ));
                    }
                    self.lazy();
                    repeated = true;
                }
                _ => {
                    repeatable |= self.atom()?;
                    repeated = false;
                }
            }
        }
        Ok(())
    }

    fn repeat(operator: char, repeatable: bool, repeated: bool) -> Result<(), String> {
        match (repeatable, repeated) {
            (false, _) => Err(format!("nothing stands before `{operator}` to repeat")),
            (true, true) => Err(format!("`{operator}` repeats a repetition")),
            (true, false) => Ok(()),
        }
    }

    fn lazy(&mut self) {
        self.rest.next_if_eq(&'?');
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else after `{` is literal text, and nothing is consumed.
    fn count(&mut self) -> Option<(u32, Option<u32>)> {
        let mut ahead = self.rest.clone();
        ahead.next();
        let least = number(&mut ahead)?;
        let most = match ahead.next()? {
            '}' => Some(least),
            ',' if ahead.peek() == Some(&'}') => {
                ahead.next();
                None
            }
            ',' => {
                let most = number(&mut ahead)?;
                (ahead.next()? == '}').then_some(Some(most))?
            }
            _ => return None,
        };
        self.rest = ahead;
        Some((least, most))
    }

    /// One thing that can be repeated; false for a change of flags, which is nothing by itself.
    fn atom(&mut self) -> Result<bool, String> {
        match self.rest.next() {
            Some('(') => self.group(),
            Some('[') => self.class().map(|()| true),
            Some('\\') => self.escape().map(|()| true),
            _ => Ok(true),
        }
    }

    fn group(&mut self) -> Result<bool, String> {
        if self.rest.next_if_eq(&'?').is_some() && !self.group_head()? {
            return Ok(false);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("groups are nested deeper than {DEEPEST}"));
        }
        self.alternatives()?;
        self.depth -= 1;
        match self.rest.next() {
            Some(_) => Ok(true),
            None => Err("`(` without `)`".to_owned()),
        }
    }

    /// What follows `(?`: a name, or flags. False if the flags stand alone: `(?i)`.
    fn group_head(&mut self) -> Result<bool, String> {
        if self.rest.next_if_eq(&'P').is_some() {
            return match self.rest.next() {
                Some('<') => self.group_name(),
                _ => Err("only `(?P<name>…)` may follow `(?P`".to_owned()),
            };
        }
        if self.rest.next_if_eq(&'<').is_some() {
            if matches!(self.rest.peek(), Some('=' | '!')) {
                return Err("RE2 does not look behind".to_owned());
            }
            return self.group_name();
        }
        self.flags()
    }

    fn group_name(&mut self) -> Result<bool, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some('>') if !name.is_empty() => break,
                Some(letter) if letter.is_ascii_alphanumeric() || letter == '_' => name.push(letter),
                _ => return Err("the name of a group is letters, digits and `_`".to_owned()),
            }
        }
        if self.names.insert(name.clone()) {
            Ok(true)
        } else {
            Err(format!("two groups are called `{name}`"))
        }
    }

    fn flags(&mut self) -> Result<bool, String> {
        let (mut negated, mut bare) = (false, true);
        loop {
            match self.rest.next() {
                Some('i' | 'm' | 's' | 'U') => bare = false,
                Some('-') if !negated => (negated, bare) = (true, true),
                Some(end @ (':' | ')')) if !(negated && bare) => return Ok(end == ':'),
                _ => return Err("RE2 knows groups `(?:…)`, `(?P<name>…)` and flags `imsU` only".to_owned()),
            }
        }
    }
}

fn number(digits: &mut Peekable<Chars<'_>>) -> Option<u32> {
    let mut text = String::new();
    while let Some(digit) = digits.next_if(char::is_ascii_digit) {
        text.push(digit);
    }
    if text.is_empty() || text.len() > 1 && text.starts_with('0') {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::{check, compiles};

    #[test]
    fn expressions_of_re2_are_taken() {
        for expression in [
            "",
            "a|b",
            "^/service/([^/]+)(/.*)$",
            "(?i)foo",
            "(?i:a)b",
            "(?P<x>a)",
            "(?<x>a)",
            "[]a]",
            "[^]]",
            "[a-]",
            "[[:alpha:]_]",
            "[[:^word:]]",
            r"\d+\.\w*",
            r"\pN\p{Greek}\P{^Lu}",
            r"\x41\x{10FFFF}",
            r"\Qa*(\E",
            "a{",
            "a{,5}",
            "a{2}",
            "a{2,}?",
            "a{2,3}",
            "x*?",
            "^*",
            r"[\w.-]+",
            r"\/",
            "[a-\\x7a]",
            "()",
            r"\012",
            "(a|)*",
            "[a-z&&[^b]]",
        ] {
            assert_eq!(compiles(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn what_re2_cannot_read_is_refused() {
        for expression in [
            "?",
            "*",
            "a|*",
            "(*a)",
            "a**",
            "a+?*",
            "[",
            "[a",
            "(",
            ")",
            "a)",
            "(?=a)",
            "(?!a)",
            "(?<=a)",
            "(?P=x)",
            r"\",
            r"\1",
            r"\Z",
            r"\y",
            "[z-a]",
            r"[a-\d]",
            "[[:foo:]]",
            "a{1001}",
            "a{3,2}",
            "(?P<x>a)(?P<x>b)",
            "(?x)a",
            r"\x4",
            r"\p{greek}",
            "(?i-)a",
            r"a{2}{3}",
            "(?P<1-2>a)",
        ] {
            assert!(compiles(expression).is_err(), "{expression}");
        }
        assert!(check(&"a".repeat(1025)).is_err());
    }
}
