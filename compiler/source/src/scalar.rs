//! What a scalar means to kubectl, which reads YAML 1.1 with Go's number syntax (sigs.k8s.io/yaml over goyaml.v2).

/// The value of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// The text itself.
    Str,
    /// Another text, decoded from the one that is written.
    Decoded(String),
}

/// An explicit tag, as far as scalars are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Bool,
    Int,
    Float,
    Null,
    Binary,
    /// `!!str`, `!`, `!!timestamp` and every tag that kubectl does not know: the text is taken as it is.
    Text,
}

/// The value of a scalar without quotes and tag. `Err` is for values that JSON does not have.
pub(crate) fn plain(text: &str) -> Result<Scalar, String> {
    let Some(first) = text.bytes().next() else { return Ok(Scalar::Null) };
    match text {
        "~" | "null" | "Null" | "NULL" => return Ok(Scalar::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Ok(Scalar::Bool(true));
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Ok(Scalar::Bool(false));
        }
        _ => {}
    }
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' if is_not_finite(text) => {
            Err(format!("`{text}` is a number that JSON does not have"))
        }
        b'0'..=b'9' | b'+' | b'-' => {
            let digits: std::borrow::Cow<'_, str> =
                if text.contains('_') { text.replace('_', "").into() } else { text.into() };
            Ok(integer(&digits).or_else(|| decimal(&digits)).unwrap_or(Scalar::Str))
        }
        b'.' => Ok(decimal(text).unwrap_or(Scalar::Str)),
        _ => Ok(Scalar::Str),
    }
}

/// The value of a scalar with an explicit tag, whether quoted or not.
pub(crate) fn tagged(tag: Tag, text: &str) -> Result<Scalar, String> {
    let name = match tag {
        Tag::Text => return Ok(Scalar::Str),
        Tag::Binary => return base64(text).map(Scalar::Decoded),
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Null => "!!null",
    };
    let value = plain(text)?;
    let fits = match value {
        Scalar::Null => tag == Tag::Null,
        Scalar::Bool(_) => tag == Tag::Bool,
        // A float without a fraction is an integer here, so its spelling decides whether `!!int` may name it.
        Scalar::Int(_) | Scalar::UInt(_) => {
            tag == Tag::Float || (tag == Tag::Int && integer(&text.replace('_', "")).is_some())
        }
        Scalar::Float(_) => tag == Tag::Float,
        Scalar::Str | Scalar::Decoded(_) => false,
    };
    if fits { Ok(value) } else { Err(format!("`{text}` is not a value of type `{name}`")) }
}

fn is_not_finite(text: &str) -> bool {
    matches!(text.strip_prefix(['+', '-']).unwrap_or(text), ".inf" | ".Inf" | ".INF")
        || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Go's `ParseInt(text, 0, 64)`: `0x`, `0o`, `0b`, and a leading zero that means octal.
fn integer(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` would take another sign.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        0i64.checked_sub_unsigned(magnitude).map(Scalar::Int)
    } else {
        Some(i64::try_from(magnitude).map_or(Scalar::UInt(magnitude), Scalar::Int))
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`. One without a fraction is written to JSON as an integer.
fn decimal(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(exponent));
    let value = text.parse::<f64>().ok().filter(|value| well_formed && value.is_finite())?;
    Some(whole_number(value).map_or(Scalar::Float(value), Scalar::Int))
}

fn whole_number(value: f64) -> Option<i64> {
    // 2^63 as a float; every whole float below it is an i64.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[allow(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
    (value.fract() == 0.0 && value.abs() < LIMIT).then_some(value as i64)
}

/// Standard base64 with padding, line breaks allowed, as Go decodes it; bytes that are no UTF-8 become U+FFFD in JSON.
fn base64(text: &str) -> Result<String, String> {
    const MESSAGE: &str = "the value of `!!binary` is not base64";
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return Err(MESSAGE.to_owned());
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for digit in &digits[..digits.len() - padding] {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(MESSAGE.to_owned()),
        };
        bits = (bits << 6 | u32::from(value)) & 0xfff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The JSON key that kubectl makes of a scalar key; `None` for null and numbers beyond 64 signed bits, which it refuses.
pub(crate) fn key(scalar: &Scalar, text: &str) -> Option<String> {
    match scalar {
        Scalar::Null | Scalar::UInt(_) => None,
        Scalar::Bool(value) => Some(value.to_string()),
        Scalar::Int(value) if integer(&text.replace('_', "")).is_some() => Some(value.to_string()),
        #[allow(clippy::cast_precision_loss, reason = "it was written as a float")]
        Scalar::Int(value) => Some(float_key(*value as f64)),
        Scalar::Float(value) => Some(float_key(*value)),
        Scalar::Str => Some(text.to_owned()),
        Scalar::Decoded(decoded) => Some(decoded.clone()),
    }
}

/// Go's `FormatFloat(value, 'g', -1, 32)`: shortest digits, an exponent below 1e-4 and from 1e+06 on.
fn float_key(value: f64) -> String {
    #[allow(clippy::cast_possible_truncation, reason = "kubectl prints keys with 32 bits")]
    let single = value as f32;
    let scientific = format!("{single:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{single}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
