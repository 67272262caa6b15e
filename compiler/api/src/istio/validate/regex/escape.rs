//! What follows a backslash.

use super::Parser;

impl Parser<'_> {
    pub(super) fn escape(&mut self) -> Result<(), String> {
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
    pub(super) fn character(&mut self, letter: char) -> Result<(), String> {
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
    pub(super) fn unicode_class(&mut self) -> Result<(), String> {
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
}
