//! How long and how deep a document is, told from its tokens alone: a parser goes down one bracket
//! at a time, and its stack has an end. It never finds fault with a document; the parser does.

/// The deepest nesting of brackets of any kind, and of selections with their fragments. The deepest
/// document that an explorer sends has fifteen.
pub(super) const MAX_NESTING: usize = 48;

/// The longest name, in bytes: an alias comes back in every row of a list. The longest of the schema
/// has some thirty.
pub(super) const MAX_NAME: usize = 128;

/// How long and how deep a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Its tokens, as the specification counts them.
    pub(super) tokens: usize,
    /// Its deepest nesting of brackets.
    pub(super) nesting: usize,
    /// Its longest name, in bytes.
    pub(super) name: usize,
}

/// Measures a document.
pub(super) fn extent(text: &str) -> Extent {
    let mut rest = text.as_bytes();
    let (mut extent, mut level) = (Extent::default(), 0_usize);
    while let Some((&first, _)) = rest.split_first() {
        let length = match first {
            b'#' => until(rest, |byte| byte == b'\n' || byte == b'\r'),
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => 1,
            _ => {
                extent.tokens += 1;
                match first {
                    b'{' | b'[' | b'(' => level += 1,
                    b'}' | b']' | b')' => level = level.saturating_sub(1),
                    _ => {}
                }
                extent.nesting = extent.nesting.max(level);
                let length = token(rest, first);
                if begins_a_name(first) {
                    extent.name = extent.name.max(length);
                }
                length
            }
        };
        rest = &rest[length.min(rest.len())..];
    }
    extent
}

/// The length of the token that `rest` begins with.
fn token(rest: &[u8], first: u8) -> usize {
    if rest.starts_with(b"\"\"\"") {
        return 3 + block(&rest[3..]);
    }
    match first {
        b'"' => 1 + string(&rest[1..]),
        b'.' => until(rest, |byte| byte != b'.').min(3),
        b'-' | b'0'..=b'9' => 1 + until(&rest[1..], |byte| !is_of_a_number(byte)),
        _ if begins_a_name(first) => until(rest, |byte| !is_of_a_name(byte)),
        _ => 1,
    }
}

/// The rest of a string, its end included.
fn string(rest: &[u8]) -> usize {
    let mut escaped = false;
    let end = rest.iter().position(|&byte| {
        let ends = byte == b'\n' || byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(rest.len(), |end| end + 1)
}

/// The rest of a block string, its end included.
fn block(rest: &[u8]) -> usize {
    let quotes = rest.windows(3).enumerate();
    let end = quotes
        .filter(|(_, window)| window == b"\"\"\"")
        .map(|(at, _)| at)
        .find(|&at| at == 0 || rest[at - 1] != b'\\');
    end.map_or(rest.len(), |end| end + 3)
}

fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    let end = bytes.iter().position(|&byte| ends(byte));
    end.unwrap_or(bytes.len())
}

fn begins_a_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic()
}

fn is_of_a_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn is_of_a_number(byte: u8) -> bool {
    is_of_a_name(byte) || matches!(byte, b'.' | b'+' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_as_the_specification_has_them() {
        for (text, tokens, nesting, name) in [
            ("", 0, 0, 0),
            (" \t\r\n,,,\u{feff}", 0, 0, 0),
            ("# { comment } \n{ a }", 3, 1, 1),
            ("{ a b }", 4, 1, 1),
            ("{a{b}}", 6, 2, 1),
            ("{ a(x: [1, -2.5e+3, $y]) { ...F } }", 17, 3, 1),
            (
                "{ a(x: \"} \\\" {\", y: \"\"\" } \\\"\"\" { \"\"\") }",
                11,
                2,
                1,
            ),
            ("query Q($a: Int! = 7 @x) { a }", 16, 1, 5),
            ("}}}{", 4, 1, 0),
            ("\"unclosed", 1, 0, 0),
            ("\"\"\"unclosed \"\" ", 1, 0, 0),
            ("[[[[", 4, 4, 0),
            ("{ _a2:b(c: 12345, d: \"123456\") }", 13, 2, 3),
            ("{ a ...Abcd @defgh }", 7, 1, 5),
            ("query($abcd: Int) { a }", 10, 1, 5),
        ] {
            let expected = Extent {
                tokens,
                nesting,
                name,
            };
            assert_eq!(extent(text), expected, "{text}");
        }
    }
}
