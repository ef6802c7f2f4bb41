// SPDX-License-Identifier: GPL-2.0

//! Runs the mutants, and says which have survived.

use super::explained::Explained;
use super::generate::{Compiler, Generated};
use super::harness::Harness;
use super::sample::Sample;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::judge::breakages::Caught;
use crate::outcome::Outcome;
use crate::stamp::{write_whole, Inputs};
use crate::table::{Column, Table};
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use std::path::PathBuf;
use std::time::Instant;

/// To be raised when mutants are judged in another way: what is kept is not taken then.
const JUDGE: &str = "1";

/// What is known of a mutant: the seconds it took, and who has killed it, if it was.
struct Known {
    seconds: u64,
    by: Option<String>,
}

/// Where what is known of a mutant is kept, and for which inputs.
struct Kept {
    dir: PathBuf,
    inputs: String,
}

impl Kept {
    fn get(&self, id: &str) -> Option<Known> {
        let text = std::fs::read_to_string(self.dir.join(id)).ok()?;
        let mut lines = text.lines();

        if lines.next()? != self.inputs {
            return None;
        }
        let seconds = lines.next()?.parse().ok()?;
        Some(Known {
            seconds,
            by: lines.next().map(str::to_string),
        })
    }

    fn put(&self, id: &str, known: &Known) -> Result<()> {
        let by = known.by.as_deref().unwrap_or_default();
        let text = format!("{}\n{}\n{by}", self.inputs, known.seconds);

        write_whole(&self.dir.join(id), text.trim_end().as_bytes())
    }
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;

    if b.planning() {
        b.quick("mutants of the recovery, in tools/testing/vma/fork", || {
            Ok(())
        })?;
        return Ok(Outcome::one(true, ""));
    }
    let compiler = Compiler::new(b, &repository, &toolbox);
    let (all, harness) = b.long("mutants", "mutants", |log| {
        let all = compiler.generate(&repository, log)?;
        let harness = Harness::new(b, &toolbox, &repository, &all, log)?;
        Ok((all, harness))
    })?;
    let tree = repository.tree(Branch::Fixed)?;
    let inputs = Inputs::default()
        .add("tree", tree.as_bytes())
        .add("toolchain", b.settings.toolchain_identity.as_bytes())
        .add("judge", JUDGE.as_bytes());
    let kept = Kept {
        dir: b.settings.base_build().join("results/mutants"),
        inputs: inputs.hash(),
    };

    let mut outcome = table(b, &all, &harness, &kept)?;
    outcome.tree = tree;
    Ok(outcome)
}

/// Whether each explanation is of a line that the series still has. `make mutants` says more.
pub(crate) fn check_explained(b: &Builder) -> Result<Outcome> {
    let repository = b.ensure(Branches)?;

    if b.planning() {
        b.quick("explained mutants are not stale", || Ok(()))?;
        return Ok(Outcome::one(true, ""));
    }
    let mut files = Vec::new();
    for (path, _) in super::generate::FUNCTIONS {
        files.push(repository.git().read(["show", &format!("fixed:{path}")])?);
    }
    let explained = Explained::read(&b.settings);
    let stale = explained.without_line(&files);
    let text = match stale.is_empty() {
        true => format!("{} explained mutants, none stale\n", explained.0.len()),
        false => format!(
            "explained, but no line is as these have it: {}\n",
            stale.join(" ")
        ),
    };

    Ok(Outcome::one(stale.is_empty(), text))
}

fn table(b: &Builder, all: &Generated, harness: &Harness<'_>, kept: &Kept) -> Result<Outcome> {
    let sample = Sample::read(&b.settings)?;
    let explained = Explained::read(&b.settings);
    let ids: Vec<&str> = all
        .all()
        .filter(|(_, _, one)| all.is_viable(one))
        .map(|(_, _, one)| one.id.as_str())
        .collect();
    let chosen = sample.of(&ids);
    let mut table = Table::new(&b.console, vec![Column::Left(58), Column::Right(6)]);
    let mut bad = Vec::new();
    let (mut killed, mut survived, mut seconds) = (0, 0, 0);
    let begun = Instant::now();

    table.line(&format!(
        "{} mutants: {} do not compile, {} are the same code, {} can be told; {}: {}",
        all.all().count(),
        all.refused.len(),
        all.same.len(),
        ids.len(),
        sample.said(),
        chosen.len()
    ));
    if harness.ask(0, "none")? != Caught::Survived {
        return Err(Error::failed("the harness fails without a mutant"));
    }
    for (file, _, mutant) in all.all() {
        if !chosen.contains(&mutant.id.as_str()) {
            continue;
        }
        if b.settings.only.is_some() {
            table.line(&mutant.diff(file.path, &file.text));
        }
        let known = match kept.get(&mutant.id).filter(|_| !b.settings.force) {
            Some(known) => known,
            None => {
                let begun = Instant::now();
                let by = match harness.without.contains(&mutant.number) {
                    true => None,
                    false => match harness.ask(mutant.number, &mutant.id)? {
                        Caught::By { place, what } => Some(format!("{place}: {what}")),
                        _ => None,
                    },
                };
                let known = Known {
                    seconds: begun.elapsed().as_secs(),
                    by,
                };
                kept.put(&mutant.id, &known)?;
                known
            }
        };
        seconds += known.seconds;
        let said = match (&known.by, explained.0.get(&mutant.id)) {
            (Some(by), None) => {
                killed += 1;
                by.clone()
            }
            (Some(by), Some(_)) => {
                killed += 1;
                bad.push(mutant.id.clone());
                format!("{by} [BUT explained as equivalent]")
            }
            (None, Some(why)) => format!("equivalent: {why}"),
            (None, None) => {
                survived += 1;
                bad.push(mutant.id.clone());
                format!("SURVIVED, {}:{}", file.path, mutant.line)
            }
        };
        table.row(&[&mutant.id, &format!("{} s", known.seconds), &said]);
    }
    for id in explained.0.keys().filter(|id| !ids.contains(&id.as_str())) {
        table.line(&format!("{id}: explained, but no such mutant is generated"));
        bad.push(id.clone());
    }
    let file = b.settings.base_build().join("mutants.txt");
    let done = chosen.len();
    let score = format!(
        "harness: {killed} of {done} mutants killed, {survived} survived, {} equivalent; {:.1} s \
         each, {} s now",
        done - killed - survived,
        seconds as f64 / done.max(1) as f64,
        begun.elapsed().as_secs()
    );
    table.line(&score);
    table.keep(&file)?;
    Ok(Outcome {
        passed: (done - survived) as u64,
        failed: bad.len() as u64,
        text: format!("{score}\n"),
        files: vec![file],
        ..Outcome::default()
    })
}
