//! Classes of characters in brackets.

use super::Parser;

impl Parser<'_> {
    pub(super) fn class(&mut self) -> Result<(), String> {
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

    /// A character of a class; the inner `None` if it is escaped by number, the outer if a whole class stands
    /// there.
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
