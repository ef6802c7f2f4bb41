// SPDX-License-Identifier: GPL-2.0

//! `make check` and `make check-all`: lists of tests, each run by itself, its output only when it
//! fails. What passed for the same inputs is not run again unless FORCE=1, and says so.

mod items;
mod table;

use crate::builder::Builder;
use crate::console::{Console, Log};
use crate::error::{Error, Kind, Result};
use crate::outcome::Outcome;
use items::Item;
use std::fmt::Write as _;

/// Lines of a failed test that are shown.
const TAIL: usize = 25;

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    passed: u64,
    failed: u64,
    skipped: u64,
}

pub(crate) fn run(b: &Builder, all: bool) -> Result<Outcome> {
    let mut items = items::of(b, all)?;
    let mut sum = Sum::default();

    if let Some(only) = &b.settings.only {
        if !items.iter().any(|item| item.is_meant_by(only)) {
            let names: Vec<String> = items.iter().map(Item::name).collect();
            return Err(Error::usage(format!(
                "ONLY={only} is none of the tests: known are {}",
                names.join(" ")
            )));
        }
    }
    if let Some(only) = &b.settings.only {
        items.retain(|item| item.is_meant_by(only));
    }
    if let Some(shard) = b.settings.sample.shard {
        let number = items.len();
        items = shard.of(items.into_iter()).collect();
        if items.is_empty() {
            return Err(Error::usage(format!(
                "SHARD={shard} is empty: of tests there are {number}"
            )));
        }
    }
    for item in &items {
        if let Some(why) = item.missing(b) {
            b.skip(&item.name(), &why);
            sum.skipped += 1;
            continue;
        }
        if b.planning() {
            plan(b, item)?;
            continue;
        }
        one(b, item, &mut sum)?;
    }
    let mut text = format!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.skipped > 0 {
        let _ = write!(text, ", {} skipped", sum.skipped);
    }
    text.push('\n');

    Ok(Outcome {
        passed: sum.passed,
        failed: sum.failed,
        skipped: sum.skipped,
        text,
        ..Outcome::default()
    })
}

fn plan(b: &Builder, item: &Item) -> Result<()> {
    let inner = Builder::new(item.settings(&b.settings), Console::quiet());

    item.run(&inner)?;
    b.quick(&format!("{}:", item.name()), || Ok(()))?;
    for line in inner.plan().lines() {
        b.quick(&format!("    {line}"), || Ok(()))?;
    }
    Ok(())
}

/// Runs a test, says what came of it and adds it up.
fn one(b: &Builder, item: &Item, sum: &mut Sum) -> Result<()> {
    let name = item.name();
    let log = b.settings.dirs.build.join(format!("logs/check-{name}.log"));
    let shown = b.settings.shown(&log);
    let result = b
        .console
        .quiet_long(&name, &log, |log| judged(b, item, log));
    let outcome = match result {
        Err(error) if matches!(error.kind(), Kind::Interrupted(_)) => return Err(error),
        result => result,
    };

    match outcome {
        Ok(outcome) if outcome.good() => {
            b.console.say(format!("ok    {name}{}", summary(&outcome)));
            for line in item.worth_seeing(&outcome.text) {
                b.console.say(format!("      {line}"));
            }
            sum.passed += outcome.passed;
            sum.skipped += outcome.skipped;
        }
        Ok(outcome) => {
            b.console
                .say(format!("FAIL  {name}{}; log: {shown}", summary(&outcome)));
            b.console.say(tail(&outcome.text));
            sum.passed += outcome.passed;
            sum.failed += outcome.failed.max(1);
        }
        Err(error) => {
            b.console.say(format!("FAIL  {name}; log: {shown}"));
            let mut text = format!("error: {}\n", error.message());
            for line in error.details() {
                let _ = writeln!(text, "{line}");
            }
            b.console.say(tail(&text));
            sum.failed += 1;
        }
    }
    Ok(())
}

fn judged(b: &Builder, item: &Item, log: &Log) -> Result<Outcome> {
    let inner = Builder::new(item.settings(&b.settings), b.console.quiet_within());
    let result = item.run(&inner);

    log.say(inner.console.kept());
    match &result {
        Ok(outcome) => log.say(&outcome.text),
        Err(error) => {
            log.say(format!("error: {}", error.message()));
            for line in error.details() {
                log.say(format!("    | {line}"));
            }
        }
    }
    result
}

fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();

    if outcome.passed + outcome.failed > 1 {
        let _ = write!(
            text,
            ": {} passed, {} failed",
            outcome.passed, outcome.failed
        );
    }
    if outcome.points > 0 {
        let _ = write!(text, ", {} failure points", outcome.points);
    }
    match outcome.reused {
        true => text.push_str(", not run again: it passed for the same inputs"),
        false => {
            let _ = write!(text, ", {} s", outcome.seconds);
        }
    }
    text
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut said = String::new();

    for line in &lines[lines.len().saturating_sub(TAIL)..] {
        let _ = writeln!(said, "    | {line}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn an_empty_part_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |args| {
            args.only = Some("6.18-mail".into());
            args.shard = Some("2/2".into());
        });
        let error = run(&b, true).expect_err("an error");

        assert_eq!(error.exit_code(), 2);
        assert_eq!(error.message(), "SHARD=2/2 is empty: of tests there are 1");
    }
}
