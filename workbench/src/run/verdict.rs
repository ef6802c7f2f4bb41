// SPDX-License-Identifier: GPL-2.0

//! `make kunit`: builds the base with the series, runs the suites and judges them; `make sweeps`: the
//! same with those of subsystems.

use super::kernel::{self, Kernel};
use super::ran::Ran;
use super::suites;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::{Context, Error, Result};
use crate::judge::golden::{Scope, Table};
use crate::judge::letter::suites_in_words;
use crate::judge::sweeps::Sweeps;
use crate::judge::verdict::{verdict, Expected, Golden};
use crate::judge::warnings::Warnings;
use crate::outcome::{self, Outcome, Tested};
use crate::settings::{Arch, Settings};
use crate::sources::base::Base;
use crate::stamp::{write_whole, Inputs};
use crate::tree::branches::{Branch, Branches};
use crate::tree::series::Series;
use crate::tree::suites::Suites;
use std::path::PathBuf;
use std::time::Instant;

/// The name of the result of all suites.
pub(crate) fn whole(suites: Suites, arch: Arch) -> String {
    match suites {
        Suites::Fork => format!("kunit-{arch}"),
        Suites::Subsystems => format!("sweeps-{arch}"),
    }
}

/// The name of the result: that of a part of the suites is another one.
fn name(b: &Builder, suites: Suites) -> String {
    let whole = whole(suites, b.settings.arch);

    match b.settings.only {
        None => whole,
        Some(_) => format!("{whole}-only"),
    }
}

/// The table of sweeps that a run is compared with.
pub(crate) fn golden_table(settings: &Settings, suites: Suites) -> PathBuf {
    let name = format!("{}-{}", settings.base, suites.on(settings.arch));

    settings.dirs.workbench.join("golden").join(name)
}

/// The list of warnings that suites have to have, if they have any.
fn warnings(settings: &Settings, suites: Suites) -> Option<PathBuf> {
    let name = format!("sweeps-{}.warnings", settings.base);
    let list = settings.dirs.workbench.join("kunit").join(name);

    (suites == Suites::Subsystems).then_some(list)
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    judged(b, Suites::Fork)
}

pub(crate) fn sweeps(b: &Builder) -> Result<Outcome> {
    if let Some(why) = no_sweeps(b) {
        return Err(Error::usage(why));
    }
    judged(b, Suites::Subsystems)
}

/// Why a base has no sweeps of subsystems.
pub(crate) fn no_sweeps(b: &Builder) -> Option<String> {
    let files = Series::new(&b.settings).new_files();
    let has_some = files.iter().any(|path| Suites::Subsystems.has(path));

    (!has_some).then(|| {
        let base = &b.settings.base;
        format!("the series for {base} has no sweeps of subsystems")
    })
}

fn judged(b: &Builder, suites: Suites) -> Result<Outcome> {
    let settings = &b.settings;
    let repository = b.ensure(Branches)?;
    let kunit = b.ensure(Kernel {
        branch: Branch::Fixed,
        suites,
    })?;
    let only = settings.only.as_deref();
    let on = suites.on(settings.arch);
    let table = golden_table(settings, suites);
    let warnings = warnings(settings, suites);
    let begun = Instant::now();
    let title = format!("{} on {on}", only.unwrap_or("the suites"));

    outcome::test(
        b,
        &title,
        &name(b, suites),
        || {
            let tree = repository.tree(Branch::Fixed)?;
            let inputs = tested_with(b, &tree, suites)?
                .add("only", only.unwrap_or_default().as_bytes())
                .add_file(&table);
            let inputs = match &warnings {
                Some(list) => inputs.add_file(list),
                None => inputs,
            };
            Ok(Tested { inputs, tree })
        },
        || {
            let log = name(b, suites);
            let ran = b.long(&title, &log, |log| suites::run(b, &kunit, only, log))?;
            let version = b.ensure(Base)?.version()?;
            let golden = Table::read(&table, &settings.base, settings.arch.name());
            let scope = match only {
                None => Scope::All,
                Some(_) => Scope::Some,
            };
            let names = match only {
                None => repository.suites(suites)?,
                Some(_) => Vec::new(),
            };
            let verdict = verdict(
                ran.run(&format!("{version} {on}"), &version, begun),
                Expected {
                    suites: &names,
                    golden: match &golden {
                        Ok(table) => Golden::Table(table, scope),
                        Err(error) => Golden::Missing(error.message()),
                    },
                    warnings: &match &warnings {
                        Some(list) => Warnings::parse(&read_lossy(list)),
                        None => Warnings::default(),
                    },
                },
            );

            Ok(Outcome {
                passed: verdict.counts.passed,
                failed: match verdict.good {
                    true => 0,
                    false => verdict.counts.failed.max(1),
                },
                skipped: verdict.counts.skipped,
                points: verdict.points,
                letter: suites_in_words(&on, verdict.counts, &Sweeps::of(&ran.log)),
                text: verdict.text,
                files: keep(b, &log, &ran)?,
                ..Outcome::default()
            })
        },
    )
}

/// What a run of the suites of forks depends on.
pub(crate) fn tested(b: &Builder, tree: &str) -> Result<Inputs> {
    tested_with(b, tree, Suites::Fork)
}

fn tested_with(b: &Builder, tree: &str, suites: Suites) -> Result<Inputs> {
    let inputs = kernel::inputs_with(b, &suites.config(&b.settings, b.settings.arch), tree)?;
    let limit = b.settings.timeout.unwrap_or_default();

    Ok(inputs.add("limit", &limit.to_le_bytes()))
}

/// What a run has left, beside its result.
pub(crate) fn keep(b: &Builder, name: &str, ran: &Ran) -> Result<Vec<PathBuf>> {
    let dir = b.settings.base_build().join("results").join(name);
    let mut files = Vec::new();

    std::fs::create_dir_all(&dir).or_say(|| format!("cannot make {}", dir.display()))?;
    for (file, text) in [
        ("test.log", &ran.log),
        ("result.json", &ran.json),
        ("console.log", &ran.console),
    ] {
        let path = dir.join(file);
        write_whole(&path, text.as_bytes())?;
        files.push(path);
    }
    Ok(files)
}

/// What the last run of the suites has left, for who looks at its log again.
pub(crate) fn last_log(b: &Builder, name: &str) -> Option<(Outcome, String)> {
    let outcome = outcome::last(b, name)?;
    let log = outcome
        .files
        .iter()
        .find(|file| file.ends_with("test.log"))?;
    let text = crate::console::read_lossy(log);

    Some((outcome, text))
}
