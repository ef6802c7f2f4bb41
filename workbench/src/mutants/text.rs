// SPDX-License-Identifier: GPL-2.0

//! The text of C files, as far as its tokens matter: where parentheses and comments end.

/// Where the comment, string or character at `at` ends; `None` if there is none.
fn skip(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let find = |what: &[u8]| rest.windows(what.len()).skip(1).position(|w| w == what);

    if rest.starts_with(b"/*") {
        return Some(at + find(b"*/").map_or(rest.len(), |n| n + 3));
    }
    if rest.starts_with(b"//") {
        return Some(at + find(b"\n").map_or(rest.len(), |n| n + 1));
    }
    let quote = *rest.first().filter(|c| matches!(c, b'"' | b'\''))?;
    let mut end = at + 1;
    while end < text.len() && text[end] != quote {
        end += if text[end] == b'\\' { 2 } else { 1 };
    }
    Some(end + 1)
}

/// Where the next token is, behind spaces and comments.
pub(super) fn next_token(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();

    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
        } else if bytes[at..].starts_with(b"/*") || bytes[at..].starts_with(b"//") {
            at = skip(bytes, at).unwrap_or(bytes.len());
        } else {
            break;
        }
    }
    at
}

/// Where a macro call ends whose name ends at `at`: behind its arguments, if it has any.
pub(super) fn call_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut here = next_token(text, at);
    let mut depth = 0;

    if bytes.get(here) != Some(&b'(') {
        return at;
    }
    while here < bytes.len() {
        if let Some(end) = skip(bytes, here) {
            here = end;
            continue;
        }
        match bytes[here] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => (),
        }
        here += 1;
        if depth == 0 {
            break;
        }
    }
    here
}

/// The number of the line, from 1.
pub(super) fn line_number(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The line that has that byte.
pub(super) fn line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);

    &text[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_with_its_last_parenthesis() {
        let text = "LIST(a, (b), \")\", ')', /* ) */ c) d";

        assert_eq!(&text[..call_end(text, 4)], &text[..text.len() - 2]);
        assert_eq!(call_end("EINTR;", 5), 5);
        assert_eq!(call_end("MAX /* x */ (1)+", 3), 15);
    }

    #[test]
    fn lines_are_found() {
        let text = "one\ntwo\nthree";

        assert_eq!((line_number(text, 0), line(text, 0)), (1, "one"));
        assert_eq!((line_number(text, 5), line(text, 5)), (2, "two"));
        assert_eq!((line_number(text, 12), line(text, 12)), (3, "three"));
        assert_eq!(next_token("a /* b */ // c\n d", 1), 16);
    }
}
