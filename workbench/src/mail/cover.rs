// SPDX-License-Identifier: GPL-2.0

//! Cover letters: `patches/BASE/cover-SECTION`, a Subject line and a text, with the numbers of
//! what was run on this state of the series.

use super::Series;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::outcome::{self, Outcome};
use std::fmt::Write as _;

/// What a letter can tell of, by the names of the results. Those of the suites begin with `kunit-`.
const RUNS: [&str; 10] = [
    "kunit-um",
    "control-um",
    "kunit-x86_64",
    "control-x86_64",
    "kunit-arm64",
    "control-arm64",
    "fork-harness",
    "vma",
    "bisect",
    "lint",
];

/// No line of a mail is wider.
const WIDTH: usize = 72;

/// A letter that is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
}

/// What `@NAME@` in a letter stands for.
#[derive(Clone, Debug)]
pub(super) struct Values(Vec<(&'static str, String)>);

impl Values {
    /// The same, and one more.
    pub(super) fn with(&self, name: &'static str, value: String) -> Values {
        let mut values = self.clone();

        values.0.push((name, value));
        values
    }

    /// The numbers of what has run. The suites must be among that.
    pub(super) fn of_last_runs(b: &Builder, series: &Series) -> Result<Values> {
        let base = &b.settings.base;
        let runs: Vec<(&str, Option<Outcome>)> = RUNS
            .iter()
            .map(|name| (*name, outcome::last(b, name)))
            .collect();
        let suites = |(name, run): &(&str, Option<Outcome>)| {
            name.starts_with("kunit-").then(|| run.clone()).flatten()
        };
        let suites: Vec<Outcome> = runs.iter().filter_map(suites).collect();

        if suites.is_empty() {
            return Err(Error::usage(format!(
                "the suites have not run, so there are no numbers for a cover letter: run make \
                 BASE={base} first"
            )));
        }
        if !suites.iter().any(|suite| suite.tree == series.tree) {
            return Err(Error::usage(format!(
                "the series changed since the suites ran, so their numbers are not its own: run \
                 make BASE={base} first"
            )));
        }
        Values::new(&series.version, &series.tree, &runs)
    }

    /// Where it does not matter what has run.
    pub(super) fn of_nothing(series: &Series) -> Result<Values> {
        let runs = RUNS.map(|name| (name, None));

        Values::new(&series.version, &series.tree, &runs)
    }

    fn new(version: &str, tree: &str, runs: &[(&str, Option<Outcome>)]) -> Result<Values> {
        let (mut tested, mut missing) = (String::new(), Vec::new());
        let (mut tests, mut points) = (0, 0);

        for (name, run) in runs {
            let Some(run) = run.as_ref().filter(|run| run.tree == tree) else {
                missing.push(*name);
                continue;
            };
            if !run.good() {
                return Err(Error::failed(format!(
                    "{name}: {} passed, {} failed on this state of the series: nothing to mail",
                    run.passed, run.failed
                )));
            }
            if name.starts_with("kunit-") {
                tests += run.passed;
                points += run.points;
            }
            for line in run.letter.trim_matches('\n').lines() {
                let _ = writeln!(tested, "  {line}");
            }
        }
        if !missing.is_empty() {
            tested.push_str("  Not run on this state of the series:\n");
            tested.push_str(&list(&missing, "    "));
        }
        Ok(Values(vec![
            ("TESTED", tested.trim_end().to_string()),
            ("TESTS", tests.to_string()),
            ("POINTS", points.to_string()),
            ("VERSION", version.to_string()),
        ]))
    }
}

/// Names with commas between them, in lines that are not too wide.
fn list(names: &[&str], indent: &str) -> String {
    let mut lines = vec![indent.to_string()];

    for (i, name) in names.iter().enumerate() {
        let comma = if i + 1 < names.len() { "," } else { "" };
        let line = lines.last().map_or(0, String::len);
        if line + name.len() + 2 > WIDTH {
            lines.push(indent.to_string());
        }
        if let Some(line) = lines.last_mut() {
            let space = if line.len() > indent.len() { " " } else { "" };
            let _ = write!(line, "{space}{name}{comma}");
        }
    }
    lines.join("\n")
}

/// Fills a template in. `shown` is how the user names it.
pub(super) fn fill(template: &str, shown: &str, values: &Values) -> Result<Letter> {
    let mut lines = Vec::new();

    for (number, line) in template.lines().enumerate() {
        lines.push(fill_line(line, values).map_err(|name| {
            let known: Vec<&str> = values.0.iter().map(|(name, _)| *name).collect();
            Error::usage(format!(
                "{shown}: line {}: no value for @{name}@, known are {}",
                number + 1,
                known.join(" ")
            ))
        })?);
    }
    let text = lines.join("\n");
    let (first, text) = text.split_once('\n').unwrap_or((&text, ""));
    let subject = first.strip_prefix("Subject: ").map_or("", str::trim);

    if subject.is_empty() {
        return Err(Error::usage(format!(
            "{shown}: its first line is not a Subject"
        )));
    }
    if text.trim().is_empty() {
        return Err(Error::usage(format!(
            "{shown}: there is no text after the Subject"
        )));
    }
    Ok(Letter {
        subject: subject.to_string(),
        text: text.trim().to_string(),
    })
}

/// A name without a value is a mistake of the letter.
fn fill_line(line: &str, values: &Values) -> std::result::Result<String, String> {
    let mut filled = line.to_string();

    for (name, value) in &values.0 {
        filled = filled.replace(&format!("@{name}@"), value);
    }
    let is_name =
        |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match line
        .split('@')
        .skip(1)
        .step_by(2)
        .find(|word| is_name(word) && !values.0.iter().any(|(name, _)| name == word))
    {
        Some(name) => Err(name.to_string()),
        None => Ok(filled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &'static str, tree: &str, failed: u64) -> (&'static str, Option<Outcome>) {
        let outcome = Outcome {
            passed: 2,
            failed,
            points: 4711,
            letter: format!("{name}: 2 tests passed;\n  4711 points"),
            tree: tree.into(),
            ..Outcome::default()
        };
        (name, Some(outcome))
    }

    fn letter(text: &str, runs: &[(&str, Option<Outcome>)]) -> Result<Letter> {
        fill(
            text,
            "patches/6.18/cover-fix",
            &Values::new("6.18.15", "t", runs)?,
        )
    }

    #[test]
    fn numbers_of_this_state_are_filled_in() {
        let runs = [
            run("kunit-um", "t", 0),
            run("vma", "older", 0),
            run("lint", "t", 0),
            ("bisect", None),
        ];
        let text = "Subject: a\n\nOn @VERSION@:\n\n@TESTED@\n\n@TESTS@ tests, @POINTS@ points\n";
        let letter = letter(text, &runs).expect("a letter");

        assert_eq!(letter.subject, "a");
        assert_eq!(
            letter.text,
            "On 6.18.15:\n\n  kunit-um: 2 tests passed;\n    4711 points\n  lint: 2 tests \
             passed;\n    4711 points\n  Not run on this state of the series:\n    vma, \
             bisect\n\n2 tests, 4711 points"
        );
    }

    #[test]
    fn what_failed_is_nothing_to_mail() {
        let error = letter("Subject: a\n\nb\n", &[run("vma", "t", 1)]).expect_err("it failed");

        assert_eq!(
            error.message(),
            "vma: 2 passed, 1 failed on this state of the series: nothing to mail"
        );
    }

    #[test]
    fn mistakes_of_a_letter_are_named() {
        let message = |text: &str| {
            let error = letter(text, &[]).expect_err("a mistake");
            error.message().to_string()
        };

        assert_eq!(
            message("Subject: a\n\n@NONSENSE@\n"),
            "patches/6.18/cover-fix: line 3: no value for @NONSENSE@, known are TESTED TESTS \
             POINTS VERSION"
        );
        assert!(message("a\n\nb\n").ends_with("its first line is not a Subject"));
        assert!(message("Subject: \n\nb\n").ends_with("its first line is not a Subject"));
        assert!(message("Subject: a\n\n").ends_with("there is no text after the Subject"));
    }

    #[test]
    fn an_address_is_no_name_of_a_value() {
        assert!(letter("Subject: a\n\na@b.org and c@d.org\n", &[]).is_ok());
    }

    #[test]
    fn names_of_what_was_not_run_fit_a_mail() {
        let text = list(&["a-name-of-sixteen"; 6], "    ");

        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert_eq!(text.lines().count(), 2);
    }
}
