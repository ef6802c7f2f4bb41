// SPDX-License-Identifier: GPL-2.0

//! How much of a function was reached, and what was not: its lines, its branches, and the branches
//! inside of the macros that it expands.

use super::export::{self, Data, Function, Segment, Span};
use super::Tally;
use crate::error::{Error, Result};
use std::collections::HashMap;

/// In which way something was not reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    Line,
    True,
    False,
    Macro,
}

impl What {
    pub(super) fn parse(word: &str) -> Option<What> {
        Some(match word {
            "line" => What::Line,
            "true" => What::True,
            "false" => What::False,
            "macro" => What::Macro,
            _ => return None,
        })
    }

    pub(super) fn said(self) -> &'static str {
        match self {
            What::Line => "never run",
            What::True => "never true",
            What::False => "never false",
            What::Macro => "not all branches taken in the macro of",
        }
    }
}

/// Something that was not reached.
#[derive(Debug)]
pub(super) struct Unreached {
    pub(super) line: u64,
    pub(super) what: What,
    /// The text of the line or of the condition.
    pub(super) source: String,
    /// The line below, to tell a condition from the same one elsewhere.
    pub(super) below: String,
}

/// A function, and how much of it was reached.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) lines: Tally,
    pub(super) branches: Tally,
    pub(super) in_macros: Tally,
    /// In the order of the source.
    pub(super) unreached: Vec<Unreached>,
}

/// How often a line ran; nothing if it has no code. The rules are those of LLVM's own reports.
fn line_count(segments: &[Segment], line: u64) -> Option<u64> {
    let first = segments.partition_point(|segment| segment.at.0 < line);
    let after = segments.partition_point(|segment| segment.at.0 <= line);
    let here = &segments[first..after];
    let before = first.checked_sub(1).map(|last| segments[last]);
    let starts = || {
        here.iter()
            .filter(|segment| !segment.gap && segment.counted && segment.entry)
    };

    if here
        .first()
        .is_some_and(|segment| !segment.counted && segment.entry)
    {
        return None;
    }
    if !before.is_some_and(|segment| segment.counted) && starts().next().is_none() {
        return None;
    }
    let around = before.map_or(0, |segment| segment.count);
    Some(starts().map(|segment| segment.count).fold(around, u64::max))
}

/// The lines of a file, by their number from 1 on.
struct Source<'a>(Vec<&'a str>);

impl<'a> Source<'a> {
    fn line(&self, number: u64) -> Option<&'a str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(index).copied()
    }

    fn trimmed(&self, number: u64) -> String {
        self.line(number).unwrap_or_default().trim().to_string()
    }

    /// The next line that is not blank.
    fn below(&self, number: u64) -> String {
        let after = usize::try_from(number).unwrap_or(usize::MAX);
        let mut lines = self.0.iter().skip(after).map(|line| line.trim());
        lines
            .find(|line| !line.is_empty())
            .unwrap_or_default()
            .to_string()
    }

    /// The text of a span, on one line.
    fn text(&self, span: Span) -> String {
        let column = |column: u64| usize::try_from(column).unwrap_or(0).saturating_sub(1);
        let mut words = Vec::new();
        for number in span.from.0..=span.to.0 {
            let Some(line) = self.line(number) else {
                break;
            };
            let start = match number == span.from.0 {
                true => column(span.from.1),
                false => 0,
            };
            let end = match number == span.to.0 {
                true => column(span.to.1),
                false => line.len(),
            };
            words.extend(line.get(start..end).unwrap_or_default().split_whitespace());
        }
        words.join(" ")
    }
}

/// Looks at one function; nothing if its record makes no sense.
fn measure(
    name: &str,
    function: &Function,
    source: &Source<'_>,
    segments: &[Segment],
) -> Option<Measured> {
    let mut measured = Measured {
        name: name.to_string(),
        file: function.filenames.first()?.clone(),
        lines: Tally::default(),
        branches: Tally::default(),
        in_macros: Tally::default(),
        unreached: Vec::new(),
    };
    let whole = function.regions.first()?.span;

    for line in whole.from.0..=whole.to.0 {
        let Some(ran) = line_count(segments, line) else {
            continue;
        };
        let text = source.trimmed(line);
        measured.lines.count(ran > 0);
        // A lone bracket says nothing that the line before it does not.
        if ran == 0 && text != "}" {
            measured.unreached.push(Unreached {
                line,
                what: What::Line,
                source: text,
                below: source.below(line),
            });
        }
    }
    measure_branches(&mut measured, function, source)?;
    measured.unreached.sort_by_key(|unreached| unreached.line);
    Some(measured)
}

fn measure_branches(
    measured: &mut Measured,
    function: &Function,
    source: &Source<'_>,
) -> Option<()> {
    let expansions: HashMap<u64, _> = function
        .regions
        .iter()
        .filter(|region| region.is_expansion())
        .map(|region| (region.expands_to, region))
        .collect();
    let unreached = &mut measured.unreached;

    for branch in &function.branches {
        let in_macro = branch.file != 0;
        let (mut file, mut at) = (branch.file, branch.span);
        // Macros of macros; there are no more of them than expansions.
        for _ in 0..=expansions.len() {
            if file == 0 {
                break;
            }
            let expansion = expansions.get(&file)?;
            (file, at) = (expansion.file, expansion.span);
        }
        if file != 0 {
            return None;
        }
        let line = at.from.0;
        for (what, taken) in [
            (What::True, branch.were_true > 0),
            (What::False, branch.were_false > 0),
        ] {
            match in_macro {
                true => measured.in_macros.count(taken),
                false => measured.branches.count(taken),
            }
            if taken {
                continue;
            }
            if !in_macro {
                unreached.push(Unreached {
                    line,
                    what,
                    source: source.text(at),
                    below: source.below(at.to.0),
                });
            } else if !unreached
                .iter()
                .any(|other| other.what == What::Macro && other.line == line)
            {
                unreached.push(Unreached {
                    line,
                    what: What::Macro,
                    source: source.trimmed(line),
                    below: source.below(line),
                });
            }
        }
    }
    Some(())
}

/// What is judged, from `llvm-cov export` and the sources it names.
pub(super) fn measure_all(
    text: &str,
    functions: &[&str],
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<Measured>> {
    let data = export::read(text)?;
    functions
        .iter()
        .map(|name| measure_one(name, &data, read))
        .collect()
}

fn measure_one(name: &str, data: &Data, read: &dyn Fn(&str) -> Option<String>) -> Result<Measured> {
    let mut records = data.functions.iter().filter(|one| one.is_called(name));
    let (Some(function), None) = (records.next(), records.next()) else {
        let all = data.functions.iter().filter(|one| one.is_called(name));
        return Err(Error::failed(format!(
            "{name}() is in the profile {} times, not once",
            all.count()
        )));
    };
    let file = function.filenames.first().map_or("", String::as_str);
    let segments = data
        .files
        .iter()
        .find(|entry| entry.filename == file)
        .map_or(&[][..], |entry| &entry.segments);
    let text = read(file).unwrap_or_default();
    if segments.is_empty() || text.is_empty() {
        return Err(Error::failed(format!(
            "{name}(): nothing is known about {file}"
        )));
    }
    measure(name, function, &Source(text.lines().collect()), segments)
        .ok_or_else(|| Error::failed(format!("{name}(): its record in the profile is garbled")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_code_do_not_count() {
        let segment = |at, count, counted, entry, gap| Segment {
            at,
            count,
            counted,
            entry,
            gap,
        };
        let segments = [
            segment((2, 1), 5, true, true, false),
            segment((4, 9), 0, true, true, true),
            segment((5, 3), 0, true, true, false),
            segment((5, 20), 5, true, false, false),
            segment((7, 1), 0, false, true, false),
            segment((9, 1), 5, true, false, false),
            segment((12, 2), 0, false, false, false),
        ];
        let counts: Vec<Option<u64>> = (1..=13).map(|line| line_count(&segments, line)).collect();
        assert_eq!(counts[0], None);
        assert_eq!(counts[1..4], [Some(5); 3]);
        assert_eq!(counts[4..6], [Some(0), Some(5)]);
        assert_eq!(counts[6..8], [None; 2]);
        assert_eq!(counts[8], None);
        assert_eq!(counts[9..12], [Some(5); 3]);
        assert_eq!(counts[12], None);
    }

    #[test]
    fn the_text_of_a_span_is_one_line() {
        let source = Source(vec!["\tif (a &&", "", "\t    !b(c))", "\t\treturn;"]);
        let text = |from, to| source.text(Span { from, to });

        assert_eq!(text((1, 6), (1, 7)), "a");
        assert_eq!(text((1, 6), (3, 11)), "a && !b(c)");
        assert_eq!(text((1, 6), (9, 1)), "a && !b(c)) return;");
        // What is no place in it is no reason to end.
        assert_eq!(text((0, 0), (0, 0)), "");
        assert_eq!(text((1, 9), (1, 2)), "");
        assert_eq!(source.below(1), "!b(c))");
        assert_eq!(source.below(4), "");
    }
}
