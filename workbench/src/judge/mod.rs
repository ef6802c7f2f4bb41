// SPDX-License-Identifier: GPL-2.0

//! Judges what a run of the suites has left: `kunit.py`'s result and the kernel's log.
//!
//! Functions over text. None of them prints, runs anything or ends the program.

pub(crate) mod breakages;
mod complaint;
pub(crate) mod control;
mod differences;
pub(crate) mod event;
pub(crate) mod golden;
pub(crate) mod kcsan;
pub(crate) mod kunit;
pub(crate) mod letter;
pub(crate) mod log;
pub(crate) mod matrix;
pub(crate) mod matrix_text;
pub(crate) mod merged;
pub(crate) mod mm_tests;
#[cfg(test)]
mod recorded;
pub(crate) mod selftest;
pub(crate) mod soak;
pub(crate) mod stress;
mod sweep;
pub(crate) mod sweeps;
pub(crate) mod verdict;
pub(crate) mod warnings;

/// Breaks a text into lines of at most `width` characters. Each begins with `indent`. A word that
/// is longer than a line is cut.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.len()).max(1);
    let mut lines = vec![String::new()];

    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();

        for (nth, piece) in letters.chunks(room).enumerate() {
            let piece: String = piece.iter().collect();
            let used = lines.last().map_or(0, |line| line.chars().count());

            match lines.last_mut() {
                Some(line) if used == 0 => line.push_str(&piece),
                Some(line) if nth == 0 && used + 1 + piece.chars().count() <= room => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    let mut wrapped = String::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        wrapped.push_str(indent);
        wrapped.push_str(line);
        wrapped.push('\n');
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_they_may_be() {
        assert_eq!(wrap("", 10, "  "), "");
        assert_eq!(wrap("one two", 10, "  "), "  one two\n");
        assert_eq!(wrap("one two three", 10, "  "), "  one two\n  three\n");
        assert_eq!(wrap("a 123456789 b", 6, ""), "a\n123456\n789 b\n");
    }
}
