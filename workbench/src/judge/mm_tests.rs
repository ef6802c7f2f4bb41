// SPDX-License-Identifier: GPL-2.0

//! Judges what the kernel's own `selftests/mm` have left on the consoles of two machines, one with
//! the base and one with the series: each test has to come to the same on both.
//! `workbench/selftest/run_each.c` says which program was running.

use super::complaint;
use super::event::Event;
use super::log::{ending, without_time};
use super::selftest::{self, Ran};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a test came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Passed,
    Failed,
    Skipped,
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Came::Passed => "passed",
            Came::Failed => "failed",
            Came::Skipped => "skipped",
        }
    }
}

/// A program that has run on one kernel.
#[derive(Clone, Debug, Default, PartialEq)]
struct Program {
    command: String,
    /// `exit 0`; nothing if the kernel has ended before.
    ended: Option<String>,
    tests: BTreeMap<String, Came>,
    /// How many tests were skipped, by why.
    reasons: BTreeMap<String, u64>,
    /// What the kernel said meanwhile.
    reported: Vec<String>,
    /// What it said last, which is why it skips a test that does not say so itself.
    said: String,
}

/// What all of them came to on one kernel.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MmTests {
    programs: Vec<Program>,
    /// What is wrong whatever they came to.
    wrong: Vec<String>,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Compared {
    pub(crate) text: String,
    pub(crate) programs: u64,
    /// Tests that came to the same.
    pub(crate) passed: u64,
    pub(crate) skipped: u64,
    /// Those that failed on both.
    pub(crate) failed: u64,
    pub(crate) errors: u64,
}

impl MmTests {
    pub(crate) fn read(ran: Ran<'_>) -> MmTests {
        let mut programs: Vec<Program> = Vec::new();
        let mut wrong = selftest::not_ended(ran);

        for line in ran.console.lines().map(|line| without_time(line).trim()) {
            if let Some(said) = line.strip_prefix("# test: ") {
                match said.strip_suffix(" begins") {
                    Some(command) => programs.push(Program {
                        command: command.to_string(),
                        ..Program::default()
                    }),
                    None => {
                        if let Some(program) = programs.last_mut() {
                            program.end(said);
                        }
                    }
                }
                continue;
            }
            let event = complaint::read(line);
            let complains = matches!(event, Some(Event::Splat | Event::Marker | Event::Panic));
            match programs
                .last_mut()
                .filter(|program| program.ended.is_none())
            {
                Some(program) if complains => program.reported.push(line.to_string()),
                Some(program) => program.add(line),
                None if complains => wrong.push(line.to_string()),
                None => (),
            }
        }
        if programs.is_empty() {
            wrong.push("no program has begun, so nothing is shown".into());
        }
        MmTests { programs, wrong }
    }

    fn of(&self, command: &str) -> Option<&Program> {
        self.programs
            .iter()
            .find(|program| program.command == command)
    }
}

impl Program {
    /// Reads how it ended. One that tells of no tests is one itself.
    fn end(&mut self, said: &str) {
        let how = said.strip_prefix(&self.command);

        self.ended = how
            .and_then(|how| how.strip_prefix(": "))
            .map(str::to_string);
        if self.tests.is_empty() {
            let came = match self.ended.as_deref() {
                Some("exit 0") => Came::Passed,
                Some("exit 4") => Came::Skipped,
                _ => Came::Failed,
            };
            self.tests.insert("all".into(), came);
        }
    }

    /// Reads a line of its own, if that has a result.
    fn add(&mut self, line: &str) {
        let Some((name, came, why)) = result(line).or_else(|| result_of_uffd(line)) else {
            if let Some(said) = line
                .strip_prefix("# ")
                .filter(|said| !said.starts_with('['))
            {
                self.said = said.to_string();
            }
            return;
        };
        let mut unique = name.to_string();

        for nth in 2.. {
            if !self.tests.contains_key(&unique) {
                break;
            }
            unique = format!("{name}, {nth}");
        }
        self.tests.insert(unique, came);
        if came == Came::Skipped {
            let why = match (why, self.said.as_str()) {
                ("", "") => name,
                ("", said) => said,
                (why, _) => why,
            };
            *self.reasons.entry(why.to_string()).or_default() += 1;
        }
    }

    fn number(&self, wanted: Came) -> u64 {
        self.tests.values().filter(|came| **came == wanted).count() as u64
    }

    /// In what the same program with the series differs.
    fn differences(&self, series: &Program) -> Vec<String> {
        let none = "no word";
        let word = |came: Option<&Came>| came.map_or(none, |came| came.word());
        let mut differences = Vec::new();

        if self.ended != series.ended || self.ended.is_none() {
            let how = |program: &Program| program.ended.clone().unwrap_or(none.into());
            differences.push(format!(
                "{} on the base, {} with the series",
                how(self),
                how(series)
            ));
        }
        let mut more: Vec<&String> = series.tests.keys().collect();
        more.retain(|name| !self.tests.contains_key(*name));
        let mut pairs: Vec<(&String, Option<&Came>, Option<&Came>)> = Vec::new();
        for (name, came) in &self.tests {
            // A name may have a size in it that is found by trying.
            let other = more.iter().position(|other| alike(other) == alike(name));
            let with = match (series.tests.get(name), other) {
                (None, Some(at)) => series.tests.get(more.remove(at)),
                (with, _) => with,
            };
            pairs.push((name, Some(came), with));
        }
        pairs.extend(
            more.iter()
                .map(|name| (*name, None, series.tests.get(*name))),
        );
        for (name, base, series) in pairs {
            if base != series {
                differences.push(format!(
                    "{name}: {} on the base, {} with the series",
                    word(base),
                    word(series)
                ));
            }
        }
        let known: Vec<String> = self.reported.iter().map(|line| alike(line)).collect();
        let new = series.reported.iter();
        differences.extend(
            new.filter(|line| !known.contains(&alike(line)))
                .map(|line| format!("not on the base: {line}")),
        );
        differences
    }
}

/// Compares the two.
pub(crate) fn compare(base: &MmTests, series: &MmTests) -> Compared {
    let mut compared = Compared {
        text: format!(
            "{:<28} {:>6} {:>6} {:>7}  {}\n",
            "with the series", "passed", "failed", "skipped", "the base"
        ),
        ..Compared::default()
    };
    let mut errors = Vec::new();

    for program in &series.programs {
        let command = &program.command;
        let [passed, failed, skipped] =
            [Came::Passed, Came::Failed, Came::Skipped].map(|came| program.number(came));
        let differences = match base.of(command) {
            Some(base) => base.differences(program),
            None => vec!["it has not run on the base".into()],
        };
        let same = match differences.is_empty() {
            true => "the same",
            false => "differs",
        };
        let _ = writeln!(
            compared.text,
            "{command:<28} {passed:>6} {failed:>6} {skipped:>7}  {same}, {}",
            program.ended.as_deref().unwrap_or("no word")
        );
        for (why, number) in &program.reasons {
            let _ = writeln!(compared.text, "    skipped {number}: {why}");
        }
        for (name, _) in program
            .tests
            .iter()
            .filter(|(_, came)| **came == Came::Failed)
        {
            let _ = writeln!(compared.text, "    failed: {name}");
        }
        for line in &program.reported {
            let _ = writeln!(compared.text, "    reported: {line}");
        }
        compared.programs += 1;
        compared.passed += passed;
        compared.failed += failed;
        compared.skipped += skipped;
        errors.extend(differences.iter().map(|line| format!("{command}: {line}")));
    }
    for program in &base.programs {
        if series.of(&program.command).is_none() {
            errors.push(format!(
                "{}: it has not run with the series",
                program.command
            ));
        }
    }
    let all = |name: &'static str, wrong: &[String]| -> Vec<String> {
        wrong.iter().map(|line| format!("{name}: {line}")).collect()
    };
    errors.extend(all("base", &base.wrong));
    errors.extend(all("series", &series.wrong));
    for line in &errors {
        let _ = writeln!(compared.text, "error: {line}");
    }
    compared.errors = errors.len() as u64;
    compared
}

/// `ok N NAME`, `not ok N NAME`, `ok N # SKIP NAME` of kselftest.h, `ok N NAME # SKIP WHY` of
/// kselftest_harness.h, and `1..0 # SKIP WHY` of a program that does nothing at all.
fn result(line: &str) -> Option<(&str, Came, &str)> {
    if let Some(why) = line.strip_prefix("1..0 # SKIP ") {
        return Some(("all", Came::Skipped, why));
    }
    let (ok, name) = ending(line)?;
    let why = line.split_once("# SKIP").map(|(_, why)| why.trim());
    let came = match (ok, why) {
        (false, _) => Came::Failed,
        (true, None) => Came::Passed,
        (true, Some(_)) => Came::Skipped,
    };

    // The name comes last, in place of a reason.
    match name.strip_prefix("# SKIP ") {
        Some(name) => Some((name, came, "")),
        None => Some((name, came, why.unwrap_or_default())),
    }
}

/// `Testing NAME... done`, as the tests of userfaultfd say it.
fn result_of_uffd(line: &str) -> Option<(&str, Came, &str)> {
    let (name, how) = line.strip_prefix("Testing ")?.split_once("... ")?;
    let why = how.split_once("[reason: ").map_or("", |(_, why)| why);
    let came = match how.split(' ').next()? {
        "done" => Came::Passed,
        "skipped" => Came::Skipped,
        "failed" => Came::Failed,
        _ => return None,
    };

    Some((name, came, why.trim_end_matches(']')))
}

/// A report without numbers, which are other ones each time.
fn alike(line: &str) -> String {
    let word = |word: &str| match word.contains("+0x") {
        // A function keeps its name.
        true => word.split("+0x").next().unwrap_or_default().to_string(),
        false => word.chars().filter(|c| !c.is_ascii_digit()).collect(),
    };

    line.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests;
