//! Whether RE2 reads a regular expression. Istio's webhook compiles expressions with Go's RE2, Envoy with the original.

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

    fn escape(&mut self) -> Result<(), String> {
        match self.rest.next() {
            None => Err("a backslash at the end".to_owned()),
            Some('A' | 'b' | 'B' | 'z' | 'd' | 'D' | 's' | 'S' | 'w' | 'W') => Ok(()),
            Some('p' | 'P') => self.unicode_class(),
            Some('Q') => {
                self.quotation();
                Ok(())
            }
            Some(letter) => self.character(letter),
        }
    }

    /// `\Q…\E`: everything is literal.
    fn quotation(&mut self) {
        while let Some(next) = self.rest.next() {
            if next == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
        }
    }

    /// An escape that stands for one character.
    fn character(&mut self, letter: char) -> Result<(), String> {
        match letter {
            'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(()),
            '0' => {
                self.octal();
                Ok(())
            }
            '1'..='7' if matches!(self.rest.peek(), Some('0'..='7')) => {
                self.octal();
                Ok(())
            }
            '1'..='9' => Err("RE2 does not look back at groups".to_owned()),
            'x' => self.hexadecimal(),
            _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Ok(()),
            _ => Err(format!("RE2 has no escape `\\{letter}`")),
        }
    }

    fn octal(&mut self) {
        for _ in 0..2 {
            self.rest.next_if(|digit| ('0'..='7').contains(digit));
        }
    }

    fn hexadecimal(&mut self) -> Result<(), String> {
        let mut value = 0;
        let braced = self.rest.next_if_eq(&'{').is_some();
        let mut digits = 0;
        while digits < if braced { 8 } else { 2 }
            && let Some(digit) = self.rest.next_if(char::is_ascii_hexdigit)
        {
            value = value * 16 + digit.to_digit(16).unwrap_or_default();
            digits += 1;
        }
        let closed = !braced || self.rest.next_if_eq(&'}').is_some();
        let complete = if braced { digits > 0 } else { digits == 2 };
        if closed && complete && value <= u32::from(char::MAX) {
            Ok(())
        } else {
            Err("`\\x` needs two hexadecimal digits, or a code point in braces".to_owned())
        }
    }

    /// The name after `\p`: one letter, or several in braces.
    fn unicode_class(&mut self) -> Result<(), String> {
        let known = match self.rest.next() {
            Some('{') => {
                self.rest.next_if_eq(&'^');
                let mut name = String::new();
                while let Some(letter) =
                    self.rest.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                {
                    name.push(letter);
                }
                self.rest.next() == Some('}') && name.starts_with(|letter: char| letter.is_ascii_uppercase())
            }
            Some(letter) => "CLMNPSZ".contains(letter),
            None => false,
        };
        if known { Ok(()) } else { Err("`\\p` needs the name of a Unicode class".to_owned()) }
    }

    fn class(&mut self) -> Result<(), String> {
        self.rest.next_if_eq(&'^');
        let mut first = true;
        loop {
            match self.rest.peek() {
                None => return Err("`[` without `]`".to_owned()),
                Some(']') if !first => {
                    self.rest.next();
                    return Ok(());
                }
                _ => self.class_item()?,
            }
            first = false;
        }
    }

    fn class_item(&mut self) -> Result<(), String> {
        if self.posix_class()? {
            return Ok(());
        }
        let Some(low) = self.class_character()? else { return Ok(()) };
        let mut ahead = self.rest.clone();
        if ahead.next() != Some('-') || matches!(ahead.peek(), None | Some(']')) {
            return Ok(());
        }
        self.rest = ahead;
        match self.class_character()? {
            Some(high) if low.is_none_or(|low| high.is_none_or(|high| low <= high)) => Ok(()),
            _ => Err("a range of characters must go from the lower to the higher".to_owned()),
        }
    }

    /// `[:alpha:]` and its like.
    fn posix_class(&mut self) -> Result<bool, String> {
        const NAMES: [&str; 14] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
            "space", "upper", "word", "xdigit",
        ];
        let mut ahead = self.rest.clone();
        if (ahead.next(), ahead.next()) != (Some('['), Some(':')) {
            return Ok(false);
        }
        let text: String = ahead.clone().collect();
        let Some((name, _)) = text.split_once(":]") else { return Ok(false) };
        if !NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err(format!("RE2 has no class `[:{name}:]`"));
        }
        let _ = ahead.nth(name.chars().count() + 1);
        self.rest = ahead;
        Ok(true)
    }

    /// A character of a class; the inner `None` if it is escaped by number, the outer if a whole class stands there.
    fn class_character(&mut self) -> Result<Option<Option<char>>, String> {
        match self.rest.next() {
            Some('\\') => match self.rest.next() {
                None => Err("a backslash at the end".to_owned()),
                Some('d' | 'D' | 's' | 'S' | 'w' | 'W') => Ok(None),
                Some('p' | 'P') => self.unicode_class().map(|()| None),
                Some(letter) => {
                    self.character(letter)?;
                    Ok(Some((!letter.is_ascii_alphanumeric()).then_some(letter)))
                }
            },
            Some(literal) => Ok(Some(Some(literal))),
            None => Err("`[` without `]`".to_owned()),
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
