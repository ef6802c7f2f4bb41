// SPDX-License-Identifier: GPL-2.0

//! The logs of several kernels, each of which has run some of the tests to its end, as the log of
//! one that has run all of them. `kunit.py` reads it as it reads any other.

mod parts;

pub(crate) use parts::is_whole;

use super::log::{ending, without_time};
use parts::{Parts, Suite};
use std::fmt::Write as _;

/// Puts logs together. `tests` is which tests there are, `SUITE.TEST`, in order; each has to be in
/// one of the logs, and no other may be: of a list that was cut off, tests would be lost.
pub(crate) fn merged(logs: &[String], tests: &[String]) -> Result<String, String> {
    let kernels = logs
        .iter()
        .map(|log| Parts::of(log))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(lost) = tests.iter().find(|test| !has(&kernels, test)) {
        return Err(format!("none of them has run {lost}"));
    }
    if let Some(name) = names(&kernels).find(|name| !tests.contains(name)) {
        return Err(format!("{name} has run, and is not listed"));
    }
    Ok(put_together(&kernels, tests))
}

fn put_together(kernels: &[Parts<'_>], tests: &[String]) -> String {
    let tests = in_suites(tests);
    let mut text = String::new();

    for line in kernels.iter().flat_map(|kernel| &kernel.boot) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "KTAP version 1\n1..{}\n", tests.len());
    for (number, (name, tests)) in tests.iter().enumerate() {
        let ran: Vec<_> = kernels
            .iter()
            .filter_map(|kernel| kernel.suite(name))
            .collect();

        write_suite(&mut text, number + 1, tests, &ran);
    }
    for line in kernels.iter().flat_map(|kernel| &kernel.end) {
        let _ = writeln!(text, "{line}");
    }
    text
}

/// Which tests they have run.
fn names<'a>(kernels: &'a [Parts<'_>]) -> impl Iterator<Item = String> + 'a {
    let suites = kernels.iter().flat_map(|kernel| &kernel.suites);

    suites.flat_map(|suite| {
        let tests = suite.tests.iter();

        tests.map(|(test, _)| format!("{}.{test}", suite.name))
    })
}

fn has(kernels: &[Parts<'_>], test: &str) -> bool {
    let found = |(suite, test)| {
        kernels
            .iter()
            .filter_map(|kernel| kernel.suite(suite))
            .any(|suite| suite.tests.iter().any(|(name, _)| *name == test))
    };

    test.split_once('.').is_some_and(found)
}

/// The suites in their order, each with its tests in theirs.
fn in_suites(tests: &[String]) -> Vec<(&str, Vec<&str>)> {
    let mut suites: Vec<(&str, Vec<&str>)> = Vec::new();

    for (suite, test) in tests.iter().filter_map(|name| name.split_once('.')) {
        match suites.iter_mut().find(|(known, _)| *known == suite) {
            Some((_, tests)) => tests.push(test),
            None => suites.push((suite, vec![test])),
        }
    }
    suites
}

/// A suite of which several kernels have run tests.
fn write_suite(text: &mut String, number: usize, tests: &[&str], ran: &[&Suite<'_>]) {
    let Some((first, others)) = ran.split_first() else {
        return;
    };
    let is_of_first = |line: &&&str| {
        let mut known = first.begin.iter().map(|known| without_time(known));

        known.any(|known| known == without_time(line))
    };

    // What each has said of the suite is the same. All else may be a complaint since the last one.
    let said_by_others = others.iter().flat_map(|suite| &suite.begin);
    for line in said_by_others
        .filter(|line| !is_of_first(line))
        .chain(&first.begin)
    {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "    1..{}", tests.len());
    for (number, name) in tests.iter().enumerate() {
        let lines = ran
            .iter()
            .flat_map(|suite| &suite.tests)
            .find(|(known, _)| known == name);

        if let Some((result, lines)) = lines.and_then(|(_, lines)| lines.split_last()) {
            for line in lines {
                let _ = writeln!(text, "{line}");
            }
            let _ = writeln!(text, "{}", renumbered(result, number + 1));
        }
    }
    let (results, ends): (Vec<&&str>, Vec<&[&str]>) = ran
        .iter()
        .filter_map(|suite| suite.end.split_last())
        .unzip();
    for line in summed(&ends) {
        let _ = writeln!(text, "{line}");
    }
    if let Some(result) = results.iter().max_by_key(|result| badness(result)) {
        let _ = writeln!(text, "{}", renumbered(result, number));
    }
}

/// A suite has failed if a part of it has, and was skipped if each of them was.
fn badness(result: &str) -> u8 {
    match ending(without_time(result).trim()) {
        Some((false, _)) => 2,
        _ if result.contains(" # SKIP") => 0,
        _ => 1,
    }
}

/// `ok 3 NAME` with another number.
fn renumbered(line: &str, number: usize) -> String {
    let renumbered = || {
        let (before, rest) = line.split_once("ok ")?;
        let (_, name) = rest.split_once(' ')?;

        Some(format!("{before}ok {number} {name}"))
    };

    renumbered().unwrap_or_else(|| line.to_string())
}

/// What is said after the tests. Lines of the same words are one, with the numbers added up:
/// `# Totals: pass:7 fail:0 skip:1 total:8`.
fn summed(ends: &[&[&str]]) -> Vec<String> {
    let mut lines: Vec<(&str, Vec<u64>)> = Vec::new();
    let mut said = Vec::new();

    for line in ends.iter().copied().flatten() {
        match counts(line) {
            None => said.push(line.to_string()),
            Some((name, counts)) => match lines.iter_mut().find(|(known, _)| *known == name) {
                None => lines.push((name, counts)),
                Some((_, sum)) => {
                    for (sum, count) in sum.iter_mut().zip(counts) {
                        *sum += count;
                    }
                }
            },
        }
    }
    said.extend(lines.iter().map(|(name, sum)| {
        let counts = COUNTED.iter().zip(sum);
        let counts: Vec<_> = counts.map(|(word, n)| format!("{word}:{n}")).collect();

        format!("{name}: {}", counts.join(" "))
    }));
    said
}

const COUNTED: [&str; 4] = ["pass", "fail", "skip", "total"];

fn counts(line: &str) -> Option<(&str, Vec<u64>)> {
    let (name, rest) = line.split_once(": pass:")?;
    let rest = format!("pass:{rest}");
    let counts: Vec<u64> = rest
        .split_whitespace()
        .zip(COUNTED)
        .map_while(|(word, name)| word.strip_prefix(name)?.strip_prefix(':')?.parse().ok())
        .collect();

    (counts.len() == COUNTED.len()).then_some((name, counts))
}

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::super::log::Log;
    use super::*;

    const LOG: &str = include_str!("../../tests/data/um-6.18.15.log");

    fn tests() -> Vec<String> {
        Log::new(LOG)
            .filter(|entry| matches!(entry.event, Event::TestEnds { .. }))
            .map(|entry| entry.place.to_string())
            .collect()
    }

    fn without_totals(log: &str) -> Vec<&str> {
        log.lines().filter(|line| counts(line).is_none()).collect()
    }

    /// What a kernel would have said that has run those tests only that have an a in their name.
    fn part(has: bool) -> String {
        let of_part =
            |name: &&String| name.rsplit('.').next().is_some_and(|n| n.contains('a')) == has;
        let tests: Vec<String> = tests().iter().filter(of_part).cloned().collect();

        put_together(&[Parts::of(LOG).expect("a log")], &tests)
    }

    #[test]
    fn parts_make_the_whole() {
        let parts = [part(true), part(false)];
        let whole = merged(&parts, &tests()).expect("a log");
        let (boot, _) = LOG.split_once("KTAP").expect("KTAP");
        let (_, end) = LOG.rsplit_once("fault_sweep_xarray\n").expect("the end");

        assert!(parts.iter().all(|part| part.len() < LOG.len() * 3 / 4));
        assert_eq!(
            without_totals(&whole),
            without_totals(&format!("{boot}{LOG}{end}"))
        );
        // One part is a whole.
        assert_eq!(merged(&[LOG.into()], &tests()).as_deref(), Ok(LOG));
    }

    #[test]
    fn numbers_are_added_up_and_a_failure_stays() {
        let log = |test: &str, ok: &str, skipped: u64| {
            format!(
                "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    1..1\n    \
                 {ok} 1 {test}\n# s: pass:1 fail:2 skip:{skipped} total:4\n{ok} 1 s\nend\n"
            )
        };
        let names = ["s.b", "s.a", "s.c"].map(str::to_string);
        let logs = [log("a", "ok", 1), log("b", "not ok", 5)];

        assert_eq!(
            merged(&logs, &names).expect_err("one is lost"),
            "none of them has run s.c"
        );
        // The kernel that listed them has fallen over, which kunit.py does not notice.
        assert_eq!(
            merged(&logs, &names[..1]).expect_err("one is not listed"),
            "s.a has run, and is not listed"
        );
        assert_eq!(
            merged(&logs, &names[..2]).expect("a log"),
            "KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: s\n    1..2\n    \
             not ok 1 b\n    ok 2 a\n# s: pass:2 fail:4 skip:6 total:8\nnot ok 1 s\nend\nend\n"
        );
    }

    #[test]
    fn what_each_has_said_between_suites_stays() {
        let log = |time: &str, between: &str, test: &str| {
            format!(
                "{time}KTAP version 1\n{time}1..2\n\
                 {time}    KTAP version 1\n{time}    # Subtest: a\n{time}    1..1\n\
                 {time}    ok 1 {test}\n{time}ok 1 a\n{between}\
                 {time}    KTAP version 1\n{time}    # Subtest: b\n{time}    1..1\n\
                 {time}    ok 1 {test}\n{time}ok 2 b\n"
            )
        };
        let names = ["a.x", "a.y", "b.x", "b.y"].map(str::to_string);
        let complaint = "[    2.000002] BUG: x\n";
        let logs = [
            log("[    1.000001] ", "", "x"),
            log("[    2.000002] ", complaint, "y"),
        ];
        let whole = merged(&logs, &names).expect("a log");
        let (before, after) = whole.split_once(complaint).expect("the complaint");

        assert!(before.ends_with("ok 1 a\n"), "{whole}");
        assert!(
            after.starts_with(
                "[    1.000001]     KTAP version 1\n[    1.000001]     # Subtest: b\n"
            ),
            "{whole}"
        );
        // What each of them says is there once.
        assert_eq!(whole.matches("# Subtest: b").count(), 1, "{whole}");
        assert_eq!(whole.matches("    KTAP version 1").count(), 2, "{whole}");
    }
}
