//! Whether a text is an expression of the Common Expression Language.

use std::iter::Peekable;
use std::str::Chars;

/// Deepest nesting that is read.
const DEEPEST: usize = 200;

/// Whether the whole text is one expression. Names and types are not looked into.
pub(super) fn check(text: &str) -> Result<(), String> {
    let fault = |fault: String| format!("`{text}` is not an expression of CEL: {fault}");
    let tokens = tokens(text).map_err(fault)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    parser.expression().map_err(fault)?;
    match parser.tokens.first() {
        None => Ok(()),
        Some(token) => Err(fault(format!("{} is not expected", spelt(Some(token))))),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A name or keyword.
    Name(String),
    /// A number, string, or other literal.
    Literal,
    /// An operator or punctuation.
    Sign(&'static str),
}

/// Longer signs stand before their beginnings.
const SIGNS: &[&str] = &[
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}",
];

fn spelt(token: Option<&Token>) -> String {
    match token {
        None => "the end".to_owned(),
        Some(Token::Name(name)) => format!("`{name}`"),
        Some(Token::Literal) => "a literal".to_owned(),
        Some(Token::Sign(sign)) => format!("`{sign}`"),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("//") {
            rest = after.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (token, after) = if let Some(after) = string(rest)? {
            (Token::Literal, after)
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|next: char| next.is_ascii_digit())
        {
            (Token::Literal, number(rest))
        } else if first.is_ascii_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            (Token::Name(name.to_owned()), after)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), &rest[sign.len()..])
        } else {
            return Err(format!("`{first}` is not expected"));
        };
        tokens.push(token);
        rest = after;
    }
}

/// What follows a string, if one stands there: quoted once or three times, raw or bytes.
fn string(text: &str) -> Result<Option<&str>, String> {
    let quoted = text.trim_start_matches(['r', 'R', 'b', 'B']);
    let prefix = text.len() - quoted.len();
    let Some(quote) = quoted.chars().next().filter(|quote| prefix <= 2 && matches!(quote, '"' | '\'')) else {
        return Ok(None);
    };
    let raw = text[..prefix].contains(['r', 'R']);
    let triple = quote.to_string().repeat(3);
    let (closing, inner) = match quoted.strip_prefix(&triple) {
        Some(inner) => (triple, inner),
        None => (quote.to_string(), &quoted[1..]),
    };
    let mut rest = inner;
    loop {
        if let Some(after) = rest.strip_prefix(&closing) {
            return Ok(Some(after));
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some('\n' | '\r') if closing.len() == 1 => {
                return Err("a string does not end on its line".to_owned());
            }
            Some('\\') if !raw => drop(characters.next()),
            Some(_) => {}
            None => return Err("a string does not end".to_owned()),
        }
        rest = characters.as_str();
    }
}

/// What follows a number.
fn number(text: &str) -> &str {
    let mut characters = text.chars().peekable();
    if text.starts_with("0x") {
        characters.nth(1);
        skip(&mut characters, |c| c.is_ascii_hexdigit());
    } else {
        skip(&mut characters, |c| c.is_ascii_digit());
        if characters.next_if_eq(&'.').is_some() {
            skip(&mut characters, |c| c.is_ascii_digit());
        }
        if characters.next_if(|c| matches!(c, 'e' | 'E')).is_some() {
            characters.next_if(|c| matches!(c, '+' | '-'));
            skip(&mut characters, |c| c.is_ascii_digit());
        }
    }
    characters.next_if(|c| matches!(c, 'u' | 'U'));
    let left: usize = characters.map(char::len_utf8).sum();
    &text[text.len() - left..]
}

fn skip(characters: &mut Peekable<Chars<'_>>, wanted: impl Fn(char) -> bool) {
    while characters.next_if(|c| wanted(*c)).is_some() {}
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn takes(&mut self, sign: &'static str) -> bool {
        let found = self.tokens.first() == Some(&Token::Sign(sign));
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn needs(&mut self, sign: &'static str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(format!("`{sign}` is expected before {}", spelt(self.tokens.first())))
    }

    fn expression(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST}"));
        }
        self.operations()?;
        if self.takes("?") {
            self.operations()?;
            self.needs(":")?;
            self.expression()?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Operands with operators between them; which of them binds stronger does not matter here.
    fn operations(&mut self) -> Result<(), String> {
        const BETWEEN: [&str; 13] = ["||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"];
        loop {
            self.operand()?;
            let keyword = matches!(self.tokens.first(), Some(Token::Name(name)) if name == "in");
            if keyword {
                self.tokens = &self.tokens[1..];
            } else if !BETWEEN.into_iter().any(|sign| self.takes(sign)) {
                return Ok(());
            }
        }
    }

    fn operand(&mut self) -> Result<(), String> {
        if self.takes("!") {
            while self.takes("!") {}
        } else if self.takes("-") {
            while self.takes("-") {}
        }
        self.primary()?;
        loop {
            if self.takes(".") {
                self.name()?;
                if self.takes("(") {
                    self.list(")")?;
                }
            } else if self.takes("[") {
                self.expression()?;
                self.needs("]")?;
            } else if self.takes("{") {
                self.entries()?;
            } else {
                return Ok(());
            }
        }
    }

    fn primary(&mut self) -> Result<(), String> {
        if self.takes("(") {
            self.expression()?;
            return self.needs(")");
        }
        if self.takes("[") {
            return self.list("]");
        }
        if self.takes("{") {
            return self.entries();
        }
        if self.tokens.first() == Some(&Token::Literal) {
            self.tokens = &self.tokens[1..];
            return Ok(());
        }
        self.takes(".");
        self.name()?;
        if self.takes("(") { self.list(")") } else { Ok(()) }
    }

    fn name(&mut self) -> Result<(), String> {
        match self.tokens.split_first() {
            Some((Token::Name(name), rest)) if name != "in" => {
                self.tokens = rest;
                Ok(())
            }
            other => Err(format!("{} is not expected", spelt(other.map(|(token, _)| token)))),
        }
    }

    /// Expressions up to a closing sign.
    fn list(&mut self, closing: &'static str) -> Result<(), String> {
        loop {
            if self.takes(closing) {
                return Ok(());
            }
            self.expression()?;
            if !self.takes(",") {
                return self.needs(closing);
            }
        }
    }

    /// `key: value` up to the closing brace.
    fn entries(&mut self) -> Result<(), String> {
        loop {
            if self.takes("}") {
                return Ok(());
            }
            self.operations()?;
            self.needs(":")?;
            self.expression()?;
            if !self.takes(",") {
                return self.needs("}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn expressions_are_read() {
        for text in [
            "response.code >= 400",
            "connection.mtls && request.url_path.contains('v1beta3')",
            "true",
            "!has(request.headers['x']) || -1 < size(a) % 2",
            "a ? b : c ? d : e",
            "[1, 2u, 0xFF, 1.5e-3, .5][0] in {'a': 1, \"b\": 2,}",
            "r'\\d' + b\"x\" + '''it's''' == \"a\\\"b\"",
            "pkg.Type{field: 1}.field // comment",
            "xds.cluster_name.matches('a|b')",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["", ")++++", "a b", "a &&", "a ? b", "'open", "f(", "a.", "#", "{a}", "a = b", "in", "(a"]
        {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check(&"(".repeat(100_000)).is_err());
        assert!(check(&"!".repeat(100_000)).is_err());
    }
}
