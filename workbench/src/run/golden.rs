// SPDX-License-Identifier: GPL-2.0

//! `make golden`: writes the tables of sweeps and their points, `workbench/golden/BASE-ARCH` and that of
//! the sweeps of subsystems, each from the last run of all its suites of the series as it is now.

use super::verdict;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::judge::golden::Table;
use crate::judge::kunit;
use crate::judge::sweeps::Sweeps;
use crate::outcome::Outcome;
use crate::settings::Settings;
use crate::sources::base::Base;
use crate::stamp::write_whole;
use crate::tree::branches::{Branch, Branches};
use crate::tree::suites::Suites;

pub(crate) fn run(b: &Builder) -> Result<()> {
    let repository = b.ensure(Branches)?;

    b.quick("tables of sweeps, workbench/golden", || {
        let tree = repository.tree(Branch::Fixed)?;
        let ran = |suites: Suites| Some((suites, last_of(b, suites, &tree)?));
        let current: Vec<(Suites, Last)> = Suites::ALL.into_iter().filter_map(ran).collect();

        if current.is_empty() {
            let Settings { base, arch, .. } = &b.settings;
            return Err(Error::usage(format!(
                "no suites have run on the series as it is now, so there is nothing to count: \
                 make BASE={base} ARCH={arch} first, or make sweeps BASE={base}"
            )));
        }
        current
            .iter()
            .try_for_each(|(suites, last)| write(b, *suites, last))
    })
}

/// A run of suites: how it ended, and its log.
type Last = (Outcome, String);

/// The last run of the suites, if it was of this tree.
fn last_of(b: &Builder, suites: Suites, tree: &str) -> Option<Last> {
    let last = verdict::last_log(b, &verdict::whole(suites, b.settings.arch));

    last.filter(|(outcome, _)| outcome.tree == tree)
}

fn write(b: &Builder, suites: Suites, (outcome, log): &Last) -> Result<()> {
    let settings = &b.settings;
    let name = verdict::whole(suites, settings.arch);
    let file = |name: &str| {
        let found = outcome.files.iter().find(|file| file.ends_with(name));
        found.map_or_else(String::new, |file| crate::console::read_lossy(file))
    };
    let result = kunit::Outcome::parse(&file("result.json"), &file("console.log"))
        .map_err(|error| Error::usage(format!("{error}: run the suites again first")))?;
    if result.counts().failed > 0 || result.errors > 0 {
        return Err(Error::failed(format!(
            "tests failed in the last run of {name}, so its numbers are no measure: run it to see which"
        )));
    }
    let version = b.ensure(Base)?.version()?;
    let sweeps = Sweeps::of(log);
    let counted = Table::of_run(&version, &sweeps, &result);
    let counted = match suites {
        Suites::Fork => counted,
        Suites::Subsystems => counted.roughly(),
    };
    let table = verdict::golden_table(settings, suites);

    write_whole(
        &table,
        counted
            .write(&settings.base, settings.arch.name())
            .as_bytes(),
    )?;
    b.console.say(format!(
        "{}: {} sweeps, {} failure points",
        settings.shown(&table),
        counted.len(),
        sweeps.points()
    ));
    Ok(())
}
