// SPDX-License-Identifier: GPL-2.0

//! Which lines and branches of some functions a run has reached, and whether somebody has said why
//! the others were not.
//!
//! What was reached comes from `llvm-cov export`. What is said is a text file, `#` for comments:
//!
//! ```text
//! dup_mmap true is_vm_hugetlb_page(tmp)
//! dup_mmap line hugetlb_dup_vma_private(tmp);
//!         UML has no huge pages.
//! ```
//!
//! A line that is not indented names something unreached, a function, then what it is, then the
//! source text; the indented lines below are the reason. It is `line`, for a line that never ran;
//! `true` or `false`, for a condition that never was; or `macro`, for a line on which a macro has
//! branches inside that were not all taken, such as an assertion. Where the same condition is there
//! more than once, ` => ` and the line below it tells which. What is there twice is named twice.

use super::{Json, Verdict};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Where something is in the source: from line and column to line and column.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    from: (u64, u64),
    to: (u64, u64),
}

/// A branch or an expansion, as `llvm-cov` exports it. File 0 is that of the function, others are
/// what macros expand to.
#[derive(Clone, Copy)]
struct Region {
    span: Span,
    counts: (u64, u64),
    file: u64,
    expands_to: u64,
    kind: u64,
}

/// A point in a file from which on lines have another count.
#[derive(Clone, Copy)]
struct Segment {
    at: (u64, u64),
    count: u64,
    counted: bool,
    entry: bool,
    gap: bool,
}

fn numbers(list: &Json) -> Vec<u64> {
    list.list()
        .iter()
        .map(|value| match value {
            Json::Bool(value) => u64::from(*value),
            value => value.number().unwrap_or(0),
        })
        .collect()
}

impl Region {
    /// `[line, column, line, column, count, (of false,) file, expanded file, kind]`
    fn read(list: &Json, is_branch: bool) -> Option<Region> {
        let n = numbers(list);
        let more = usize::from(is_branch);
        Some(Region {
            span: Span {
                from: (*n.first()?, *n.get(1)?),
                to: (*n.get(2)?, *n.get(3)?),
            },
            counts: (*n.get(4)?, *n.get(4 + more)?),
            file: *n.get(5 + more)?,
            expands_to: *n.get(6 + more)?,
            kind: *n.get(7 + more)?,
        })
    }

    const EXPANSION: u64 = 1;
}

impl Segment {
    /// `[line, column, count, has a count, is the entry of a region, is a gap]`
    fn read(list: &Json) -> Option<Segment> {
        let n = numbers(list);
        Some(Segment {
            at: (*n.first()?, *n.get(1)?),
            count: *n.get(2)?,
            counted: *n.get(3)? != 0,
            entry: *n.get(4)? != 0,
            gap: *n.get(5)? != 0,
        })
    }

    fn starts_region(&self) -> bool {
        !self.gap && self.counted && self.entry
    }
}

/// How often a line ran; nothing if it has no code. The rules are those of LLVM's own reports.
fn line_count(segments: &[Segment], line: u64) -> Option<u64> {
    let first = segments.partition_point(|segment| segment.at.0 < line);
    let after = segments.partition_point(|segment| segment.at.0 <= line);
    let here = &segments[first..after];
    let before = first.checked_sub(1).map(|last| segments[last]);
    let starts = || here.iter().filter(|segment| segment.starts_region());

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

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Line,
    True,
    False,
    Macro,
}

impl What {
    fn parse(word: &str) -> Option<What> {
        Some(match word {
            "line" => What::Line,
            "true" => What::True,
            "false" => What::False,
            "macro" => What::Macro,
            _ => return None,
        })
    }

    fn said(self) -> &'static str {
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
struct Unreached {
    line: u64,
    what: What,
    /// The text of the line or of the condition.
    source: String,
    /// The line below, to tell a condition from the same one elsewhere.
    below: String,
}

/// A function, and how much of it was reached.
struct Measured {
    name: String,
    file: String,
    lines: (usize, usize),
    branches: (usize, usize),
    in_macros: (usize, usize),
    unreached: Vec<Unreached>,
}

/// The text of a span, on one line.
fn text_of(source: &[&str], span: Span) -> String {
    let mut words = Vec::new();
    for number in span.from.0..=span.to.0 {
        let Some(line) = source.get(number as usize - 1) else {
            break;
        };
        let start = if number == span.from.0 {
            span.from.1 as usize - 1
        } else {
            0
        };
        let end = if number == span.to.0 {
            span.to.1 as usize - 1
        } else {
            line.len()
        };
        words.extend(
            line.get(start..end)
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_string),
        );
    }
    words.join(" ")
}

fn count(tally: &mut (usize, usize), reached: bool) {
    tally.0 += usize::from(reached);
    tally.1 += 1;
}

/// Looks at one record of a function.
fn measure(name: &str, record: &Json, source: &[&str], segments: &[Segment]) -> Option<Measured> {
    let list = |key: &str| record.get(key).map_or(&[][..], Json::list);
    let file = list("filenames").first()?.text()?;
    let regions: Vec<Region> = list("regions")
        .iter()
        .filter_map(|region| Region::read(region, false))
        .collect();
    let whole = regions.first()?.span;
    let expansions: HashMap<u64, Region> = regions
        .iter()
        .filter(|region| region.kind == Region::EXPANSION)
        .map(|region| (region.expands_to, *region))
        .collect();
    let line_at = |line: u64| source.get(line as usize - 1).map_or("", |line| line.trim());
    let line_below = |line: u64| {
        let mut after = source.iter().skip(line as usize).map(|line| line.trim());
        after
            .find(|line| !line.is_empty())
            .unwrap_or_default()
            .to_string()
    };
    let mut measured = Measured {
        name: name.to_string(),
        file: file.to_string(),
        lines: (0, 0),
        branches: (0, 0),
        in_macros: (0, 0),
        unreached: Vec::new(),
    };

    for line in whole.from.0..=whole.to.0 {
        let Some(ran) = line_count(segments, line) else {
            continue;
        };
        count(&mut measured.lines, ran > 0);
        // A lone bracket says nothing that the line before it does not.
        if ran == 0 && line_at(line) != "}" {
            measured.unreached.push(Unreached {
                line,
                what: What::Line,
                source: line_at(line).to_string(),
                below: line_below(line),
            });
        }
    }
    for branch in list("branches") {
        let branch = Region::read(branch, true)?;
        let (mut file, mut at) = (branch.file, branch.span);
        while file != 0 {
            let expansion = expansions.get(&file)?;
            (file, at) = (expansion.file, expansion.span);
        }
        let in_macro = branch.file != 0;
        for (what, taken) in [
            (What::True, branch.counts.0),
            (What::False, branch.counts.1),
        ] {
            let tally = match in_macro {
                true => &mut measured.in_macros,
                false => &mut measured.branches,
            };
            count(tally, taken > 0);
            if taken > 0 {
                continue;
            }
            let (line, unreached) = (at.from.0, &mut measured.unreached);
            if !in_macro {
                unreached.push(Unreached {
                    line,
                    what,
                    source: text_of(source, at),
                    below: line_below(at.to.0),
                });
            } else if !unreached
                .iter()
                .any(|other| other.what == What::Macro && other.line == line)
            {
                unreached.push(Unreached {
                    line,
                    what: What::Macro,
                    source: line_at(line).to_string(),
                    below: line_below(line),
                });
            }
        }
    }
    measured.unreached.sort_by_key(|unreached| unreached.line);
    Some(measured)
}

/// What somebody has said about something unreached.
#[derive(Debug)]
struct Explained<'a> {
    function: &'a str,
    what: What,
    source: &'a str,
    below: Option<&'a str>,
    reason: String,
    used: bool,
}

impl Explained<'_> {
    fn is_about(&self, function: &str, unreached: &Unreached) -> bool {
        self.function == function
            && self.what == unreached.what
            && self.source == unreached.source
            && self.below.is_none_or(|below| below == unreached.below)
    }
}

fn explanations(text: &str) -> Result<Vec<Explained<'_>>, String> {
    let mut list: Vec<Explained<'_>> = Vec::new();
    let mut begun = 0;
    for (number, line) in text.lines().enumerate() {
        let bad = |what: &str| Err(format!("line {}: {what}: {}", number + 1, line.trim()));
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            if begun == list.len() {
                return bad("a reason for nothing");
            }
            for explained in &mut list[begun..] {
                if !explained.reason.is_empty() {
                    explained.reason.push(' ');
                }
                explained.reason.push_str(line.trim());
            }
            continue;
        }
        // A new group begins after a reason.
        if list.last().is_some_and(|last| !last.reason.is_empty()) {
            begun = list.len();
        }
        let mut words = line.splitn(3, ' ');
        let (Some(function), Some(what), Some(source)) = (
            words.next(),
            words.next().and_then(What::parse),
            words.next(),
        ) else {
            return bad("not a function, then line, true, false or macro, then source");
        };
        let (source, below) = match source.split_once(" => ") {
            Some((source, below)) => (source, Some(below.trim())),
            None => (source, None),
        };
        list.push(Explained {
            function,
            what,
            source: source.trim(),
            below,
            reason: String::new(),
            used: false,
        });
    }
    match list.iter().find(|explained| explained.reason.is_empty()) {
        Some(explained) => Err(format!(
            "no reason for: {} {}",
            explained.function, explained.source
        )),
        None => Ok(list),
    }
}

/// What is judged, from `llvm-cov export` and the sources it names.
fn measure_all(
    export: &str,
    functions: &[&str],
    read: impl Fn(&str) -> String,
) -> Result<Vec<Measured>, String> {
    let json =
        Json::parse(export).map_err(|error| format!("llvm-cov's export is unreadable: {error}"))?;
    let data = json
        .get("data")
        .and_then(|data| data.list().first())
        .ok_or("llvm-cov's export has no data")?;
    let list = |key: &str| data.get(key).map_or(&[][..], Json::list);
    let mut all = Vec::new();

    for name in functions {
        let records: Vec<&Json> = list("functions")
            .iter()
            .filter(|record| {
                // Static ones have their file's name in front.
                record
                    .get("name")
                    .and_then(Json::text)
                    .is_some_and(|full| full.rsplit([':', ';']).next() == Some(name))
            })
            .collect();
        let [record] = records[..] else {
            return Err(format!(
                "{name}() is in the profile {} times, not once",
                records.len()
            ));
        };
        let file = record
            .get("filenames")
            .and_then(|names| names.list().first())
            .and_then(Json::text)
            .unwrap_or_default();
        let segments: Vec<Segment> = list("files")
            .iter()
            .find(|entry| entry.get("filename").and_then(Json::text) == Some(file))
            .and_then(|entry| entry.get("segments"))
            .map_or(&[][..], Json::list)
            .iter()
            .filter_map(Segment::read)
            .collect();
        let text = read(file);
        let source: Vec<&str> = text.lines().collect();
        if segments.is_empty() || source.is_empty() {
            return Err(format!("{name}(): nothing is known about {file}"));
        }
        all.push(
            measure(name, record, &source, &segments)
                .ok_or(format!("{name}(): its record in the profile is garbled"))?,
        );
    }
    Ok(all)
}

/// A path as seen from a folder.
fn below<'a>(path: &'a str, folder: &str) -> &'a str {
    path.strip_prefix(folder)
        .map_or(path, |rest| rest.trim_start_matches('/'))
}

fn of(tally: (usize, usize)) -> String {
    match tally.1 {
        0 => "-".into(),
        _ => format!("{}/{}", tally.0, tally.1),
    }
}

/// The table, what is unreached and why, and the verdict.
pub(super) fn coverage(
    label: &str,
    seconds: &str,
    export: &str,
    functions: &[&str],
    expected: (&str, &str),
    shorten: (&str, &str),
    read: impl Fn(&str) -> String,
) -> Verdict {
    let (expected_name, expected) = expected;
    let expected_name = below(expected_name, shorten.0);
    let broken = |why: String| Verdict {
        good: false,
        text: format!("error: {why}\n{label}: nothing is known about the coverage, {seconds} s\n"),
    };
    let mut explained = match explanations(expected) {
        Ok(explained) => explained,
        Err(error) => return broken(format!("{expected_name}: {error}")),
    };
    let all = match measure_all(export, functions, read) {
        Ok(all) => all,
        Err(error) => return broken(error),
    };
    let mut text = format!(
        "{:<20}{:>11}{:>11}{:>11}\n",
        "function", "lines", "branches", "in macros"
    );
    let (mut listed, mut wrong) = (Vec::<(String, String)>::new(), Vec::new());
    let (mut lines, mut branches, mut known) = ((0, 0), (0, 0), 0);

    for one in &all {
        let _ = writeln!(
            text,
            "{:<20}{:>11}{:>11}{:>11}",
            one.name,
            of(one.lines),
            of(one.branches),
            of(one.in_macros)
        );
        lines = (lines.0 + one.lines.0, lines.1 + one.lines.1);
        branches = (branches.0 + one.branches.0, branches.1 + one.branches.1);
        let file = below(&one.file, shorten.1);
        for unreached in &one.unreached {
            let mut place = format!(
                "{file}:{}: {}(): {}: {}",
                unreached.line,
                one.name,
                unreached.what.said(),
                unreached.source
            );
            if matches!(unreached.what, What::True | What::False) {
                let _ = write!(place, " => {}", unreached.below);
            }
            let reason = explained
                .iter_mut()
                .find(|explained| !explained.used && explained.is_about(&one.name, unreached));
            match reason {
                Some(explained) => {
                    explained.used = true;
                    known += 1;
                    listed.push((place, explained.reason.clone()));
                }
                None => wrong.push(format!(
                    "{place}: unreached, and {expected_name} does not say why"
                )),
            }
        }
    }
    for stale in explained.iter().filter(|explained| !explained.used) {
        wrong.push(format!(
            "{expected_name}: {}(): {} is said to be {}, and that is not so",
            stale.function,
            stale.source,
            stale.what.said()
        ));
    }
    if !listed.is_empty() {
        let _ = writeln!(text, "\nunreached, and why:");
    }
    for (at, (place, reason)) in listed.iter().enumerate() {
        let _ = writeln!(text, "{place}");
        // A reason that several have is said once, after the last of them.
        if listed.get(at + 1).is_none_or(|(_, next)| next != reason) {
            let _ = writeln!(text, "        {reason}");
        }
    }
    text.push('\n');
    for what in &wrong {
        let _ = writeln!(text, "error: {what}");
    }
    let _ = writeln!(
        text,
        "{label}: {} lines, {} branches reached, {known} explained, {} wrong, {seconds} s",
        of(lines),
        of(branches),
        wrong.len()
    );
    Verdict {
        good: wrong.is_empty(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
int f(int a)
{
\tif (a)
\t\tgoto out;
\tif (a)
\t\treturn -1;
\tWARN_ON(a);
out:
\treturn 0;
}
";

    /// `f()`, as if called once with 0: lines 4 and 6 never run.
    fn export(name: &str, branches: &str) -> String {
        format!(
            r#"{{"data": [{{"files": [{{"filename": "/src/mm/f.c", "segments": [
                [2,1,1,true,true,false], [3,6,1,true,true,false], [3,8,0,true,false,true],
                [4,3,0,true,true,false], [4,11,1,true,false,false],
                [5,8,0,true,false,true], [6,3,0,true,true,false], [6,12,1,true,false,false],
                [10,2,0,false,false,false]]}}],
              "functions": [{{"name": "{name}", "count": 1,
                "filenames": ["/src/mm/f.c", "/src/bug.h"],
                "regions": [[2,1,10,2,1,0,0,0], [7,2,7,9,1,0,1,1]],
                "branches": [{branches}]}}]}}]}}"#
        )
    }

    const BRANCHES: &str =
        "[3,6,3,7,0,1,0,0,4], [5,6,5,7,0,1,0,0,4], [9,1,9,5,0,1,1,0,4], [9,7,9,8,0,0,1,0,4]";

    const EXPECTED: &str = "\
# comment

f line goto out;
f true a => goto out;
\tThe first
\tpart.
f true a
f line return -1;
    Second.
f macro WARN_ON(a);
    An assertion.
";

    fn judge(export: &str, expected: &str) -> Verdict {
        let read = |path: &str| match path {
            "/src/mm/f.c" => SOURCE.to_string(),
            _ => String::new(),
        };
        coverage(
            "6.18.15 um",
            "9",
            export,
            &["f"],
            ("/top/f.unreached", expected),
            ("/top", "/src"),
            read,
        )
    }

    fn wrong(expected: &str, what: &str) {
        let verdict = judge(&export("f", BRANCHES), expected);
        assert!(!verdict.good, "{what}");
        assert!(
            verdict.text.contains(what),
            "{what} not in {}",
            verdict.text
        );
    }

    #[test]
    fn all_explained_is_good() {
        for name in ["f", "f.c:f", "mm/f.c;f"] {
            let verdict = judge(&export(name, BRANCHES), EXPECTED);
            assert!(verdict.good, "{}", verdict.text);
            assert!(verdict
                .text
                .contains("f                           7/9        2/4        1/4\n"));
            assert!(verdict.text.contains(
                "mm/f.c:3: f(): never true: a => goto out;\n\
                 mm/f.c:4: f(): never run: goto out;\n        The first part.\n\
                 mm/f.c:5: f(): never true: a => return -1;\n\
                 mm/f.c:6: f(): never run: return -1;\n        Second.\n"
            ));
            assert!(verdict.text.ends_with(
                "6.18.15 um: 7/9 lines, 2/4 branches reached, 5 explained, 0 wrong, 9 s\n"
            ));
        }
    }

    #[test]
    fn each_thing_unexplained_is_named() {
        let without = |line: &str| EXPECTED.replacen(&format!("{line}\n"), "", 1);
        wrong(
            &without("f line goto out;"),
            "mm/f.c:4: f(): never run: goto out;: unreached, and f.unreached does not say why",
        );
        wrong(
            &without("f true a"),
            "mm/f.c:5: f(): never true: a => return -1;: unreached, and",
        );
        wrong(
            &EXPECTED.replace("f macro", "g macro"),
            "mm/f.c:7: f(): not all branches taken in the macro of: WARN_ON(a);: unreached",
        );
        wrong("", "5 wrong");
    }

    #[test]
    fn what_is_reached_after_all_is_stale() {
        let reached = BRANCHES.replace("[5,6,5,7,0,1", "[5,6,5,7,3,1");
        let verdict = judge(&export("f", &reached), EXPECTED);
        assert!(!verdict.good);
        assert!(verdict
            .text
            .contains("error: f.unreached: f(): a is said to be never true, and that is not so"));
        wrong(
            &EXPECTED.replace("f true a\n", "f true a\nf false a\n"),
            "a is said to be never false, and",
        );
    }

    #[test]
    fn a_bad_list_is_said_to_be_one() {
        wrong("  why\n", "f.unreached: line 1: a reason for nothing: why");
        wrong("f never a\n", "line 1: not a function, then line");
        wrong("f true\n", "line 1: not a function, then line");
        wrong("f true a\n", "no reason for: f a");
    }

    #[test]
    fn a_bad_export_is_no_coverage() {
        let broken = |export: &str, what: &str| {
            let verdict = judge(export, EXPECTED);
            assert!(!verdict.good);
            assert!(verdict.text.contains(what), "{}", verdict.text);
        };
        broken("", "llvm-cov's export is unreadable");
        broken("{}", "no data");
        broken(&export("g", BRANCHES), "f() is in the profile 0 times");
        broken(
            &export("f", BRANCHES).replace("mm/f.c", "mm/g.c"),
            "f(): nothing is known about /src/mm/g.c",
        );
        broken(&export("f", "[1,2]"), "garbled");
    }

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
}
