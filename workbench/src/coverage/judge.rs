// SPDX-License-Identifier: GPL-2.0

//! The verdict: a table, what is unreached and why, and what is wrong.

use super::explain::Explanations;
use super::measure::{measure_all, Measured, Unreached, What};
use super::Tally;
use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::path::Path;

/// What is judged, and by what.
pub(crate) struct Input<'a> {
    /// What was run, for the last line.
    pub(crate) label: &'a str,
    pub(crate) seconds: u64,
    /// Of `llvm-cov export -format=text`.
    pub(crate) export: &'a str,
    pub(crate) functions: &'a [&'a str],
    /// The list of what need not be reached, and the name to call it.
    pub(crate) expected: &'a str,
    pub(crate) expected_name: &'a str,
    /// The tree that was built, as the export names it. All files have to be below it.
    pub(crate) tree: &'a str,
    /// Reads a source file; nothing if there is none.
    pub(crate) read: &'a dyn Fn(&str) -> Option<String>,
}

/// How much of one function was reached.
#[derive(Clone, Debug)]
pub(crate) struct FunctionCoverage {
    pub(crate) name: String,
    pub(crate) lines: Tally,
    pub(crate) branches: Tally,
    pub(crate) in_macros: Tally,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) good: bool,
    /// All there is to print, with a newline at its end.
    pub(crate) text: String,
    pub(crate) lines: Tally,
    pub(crate) branches: Tally,
    pub(crate) functions: Vec<FunctionCoverage>,
    /// What is unreached, where and in which way, and the reason.
    pub(crate) explained: Vec<(String, String)>,
    /// What is not as it should be.
    pub(crate) wrong: Vec<String>,
}

/// Judges a run. What makes that impossible is told in the text as well.
pub(crate) fn judge(input: &Input<'_>) -> Coverage {
    match try_judge(input) {
        Ok(coverage) => coverage,
        Err(error) => Coverage {
            text: format!(
                "error: {error}\n{}: nothing is known about the coverage, {} s\n",
                input.label, input.seconds
            ),
            wrong: vec![error.to_string()],
            ..Coverage::default()
        },
    }
}

fn try_judge(input: &Input<'_>) -> Result<Coverage> {
    let mut explanations = Explanations::parse(input.expected)
        .map_err(|error| Error::failed(format!("{}: {}", input.expected_name, error.message())))?;
    let all = measure_all(input.export, input.functions, input.read)?;
    // Lines of another tree say nothing about this one.
    let is_here = |one: &Measured| Path::new(&one.file).starts_with(input.tree);
    if let Some(one) = all.iter().find(|one| !is_here(one)) {
        return Err(Error::failed(format!(
            "{}(): the profile is about {}, which is not in {}",
            one.name, one.file, input.tree
        )));
    }
    let mut coverage = Coverage::default();
    for one in &all {
        coverage.lines.add(one.lines);
        coverage.branches.add(one.branches);
        coverage.functions.push(FunctionCoverage {
            name: one.name.clone(),
            lines: one.lines,
            branches: one.branches,
            in_macros: one.in_macros,
        });
    }

    compare(input, &all, &mut explanations, &mut coverage);
    coverage.good = coverage.wrong.is_empty();
    coverage.text = text(input, &coverage);
    Ok(coverage)
}

/// A path as seen from a folder.
fn below<'a>(path: &'a str, folder: &str) -> &'a str {
    path.strip_prefix(folder)
        .map_or(path, |rest| rest.trim_start_matches('/'))
}

/// Where something is, and in which way it is unreached.
fn place(file: &str, function: &str, unreached: &Unreached) -> String {
    let mut place = format!(
        "{file}:{}: {function}(): {}: {}",
        unreached.line,
        unreached.what.said(),
        unreached.source
    );
    if matches!(unreached.what, What::True | What::False) {
        let _ = write!(place, " => {}", unreached.below);
    }
    place
}

fn compare(
    input: &Input<'_>,
    all: &[Measured],
    explanations: &mut Explanations<'_>,
    coverage: &mut Coverage,
) {
    let expected_name = input.expected_name;
    for one in all {
        let file = below(&one.file, input.tree);
        for unreached in &one.unreached {
            let place = place(file, &one.name, unreached);
            match explanations.reason(&one.name, unreached) {
                Some(reason) => coverage.explained.push((place, reason.to_string())),
                None => coverage.wrong.push(format!(
                    "{place}: unreached, and {expected_name} does not say why"
                )),
            }
        }
    }
    for stale in explanations.stale() {
        coverage.wrong.push(format!(
            "{expected_name}: {}(): {} is said to be {}, and that is not so",
            stale.function,
            stale.source,
            stale.what.said()
        ));
    }
}

fn text(input: &Input<'_>, coverage: &Coverage) -> String {
    let mut text = format!(
        "{:<20}{:>11}{:>11}{:>11}\n",
        "function", "lines", "branches", "in macros"
    );
    for one in &coverage.functions {
        let _ = writeln!(
            text,
            "{:<20}{:>11}{:>11}{:>11}",
            one.name, one.lines, one.branches, one.in_macros
        );
    }
    if !coverage.explained.is_empty() {
        let _ = writeln!(text, "\nunreached, and why:");
    }
    for (at, (place, reason)) in coverage.explained.iter().enumerate() {
        let _ = writeln!(text, "{place}");
        // A reason that several have is said once, after the last of them.
        let next = coverage.explained.get(at + 1);
        if next.is_none_or(|(_, next)| next != reason) {
            let _ = writeln!(text, "        {reason}");
        }
    }
    text.push('\n');
    for what in &coverage.wrong {
        let _ = writeln!(text, "error: {what}");
    }
    let _ = writeln!(
        text,
        "{}: {} lines, {} branches reached, {} explained, {} wrong, {} s",
        input.label,
        coverage.lines,
        coverage.branches,
        coverage.explained.len(),
        coverage.wrong.len(),
        input.seconds
    );
    text
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

    fn input<'a>(export: &'a str, expected: &'a str) -> Input<'a> {
        Input {
            label: "6.18.15 um",
            seconds: 9,
            export,
            functions: &["f"],
            expected,
            expected_name: "f.unreached",
            tree: "/src",
            read: &|path| (path == "/src/mm/f.c").then(|| SOURCE.to_string()),
        }
    }

    fn judged(export: &str, expected: &str) -> Coverage {
        judge(&input(export, expected))
    }

    fn wrong(expected: &str, what: &str) {
        let coverage = judged(&export("f", BRANCHES), expected);
        assert!(!coverage.good, "{what}");
        assert!(
            coverage.text.contains(what),
            "{what} not in {}",
            coverage.text
        );
    }

    #[test]
    fn all_explained_is_good() {
        for name in ["f", "f.c:f", "mm/f.c;f"] {
            let coverage = judged(&export(name, BRANCHES), EXPECTED);
            assert!(coverage.good, "{}", coverage.text);
            assert!(coverage
                .text
                .contains("f                           7/9        2/4        1/4\n"));
            assert!(coverage.text.contains(
                "mm/f.c:3: f(): never true: a => goto out;\n\
                 mm/f.c:4: f(): never run: goto out;\n        The first part.\n\
                 mm/f.c:5: f(): never true: a => return -1;\n\
                 mm/f.c:6: f(): never run: return -1;\n        Second.\n"
            ));
            assert!(coverage.text.ends_with(
                "6.18.15 um: 7/9 lines, 2/4 branches reached, 5 explained, 0 wrong, 9 s\n"
            ));
            assert_eq!((coverage.explained.len(), coverage.wrong.len()), (5, 0));
            assert_eq!(
                (coverage.lines, coverage.branches),
                (Tally { reached: 7, all: 9 }, Tally { reached: 2, all: 4 })
            );
            assert_eq!(coverage.functions.len(), 1);
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
        let coverage = judged(&export("f", &reached), EXPECTED);
        assert!(!coverage.good);
        assert!(coverage
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
            let coverage = judged(export, EXPECTED);
            assert!(!coverage.good);
            assert!(coverage.text.contains(what), "{}", coverage.text);
            assert!(coverage
                .text
                .ends_with("6.18.15 um: nothing is known about the coverage, 9 s\n"));
        };
        let good = export("f", BRANCHES);
        broken("", "llvm-cov's export is unreadable");
        broken("{}", "unreadable: missing field `data`");
        broken(r#"{"data": []}"#, "no data");
        broken(&export("g", BRANCHES), "f() is in the profile 0 times");
        broken(
            &good.replace("mm/f.c", "mm/g.c"),
            "f(): nothing is known about /src/mm/g.c",
        );
        broken(&export("f", "[1,2]"), "unreadable: invalid length 2");
        // As if compiled in another checkout.
        let elsewhere = judge(&Input {
            tree: "/srcs",
            ..input(&good, EXPECTED)
        });
        assert!(!elsewhere.good);
        assert!(elsewhere
            .text
            .contains("f(): the profile is about /src/mm/f.c, which is not in /srcs"));
        // A macro that comes from nowhere, and one that comes from itself.
        let garbled = "error: f(): its record in the profile is garbled";
        broken(&export("f", "[9,1,9,5,0,1,2,0,4]"), garbled);
        broken(
            &good.replace("[7,2,7,9,1,0,1,1]", "[7,2,7,9,1,1,1,1]"),
            garbled,
        );
    }
}
