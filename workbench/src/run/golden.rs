// SPDX-License-Identifier: GPL-2.0

//! `make golden`: writes the table of sweeps and their points, `workbench/golden/BASE-ARCH`, from
//! the last run of all suites of the series as it is now.

use super::verdict;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::judge::golden::Table;
use crate::judge::kunit;
use crate::judge::sweeps::Sweeps;
use crate::sources::base::Base;
use crate::stamp::write_whole;
use crate::tree::branches::{Branch, Branches};

pub(crate) fn run(b: &Builder) -> Result<()> {
    let settings = &b.settings;
    let repository = b.ensure(Branches)?;
    let (base, arch) = (&settings.base, settings.arch);
    let table = verdict::golden_table(settings);
    let title = format!("table of sweeps, {}", settings.shown(&table));

    b.quick(&title, || {
        let name = format!("kunit-{arch}");
        let again = || format!("make BASE={base} ARCH={arch} first");
        let (outcome, log) = verdict::last_log(b, &name).ok_or_else(|| {
            Error::usage(format!(
                "the suites have not run, so there is nothing to count: {}",
                again()
            ))
        })?;
        if outcome.tree != repository.tree(Branch::Fixed)? {
            return Err(Error::usage(format!(
                "the series changed since the suites ran: {}",
                again()
            )));
        }
        let file = |name: &str| {
            let found = outcome.files.iter().find(|file| file.ends_with(name));
            found.map_or_else(String::new, |file| crate::console::read_lossy(file))
        };
        let result = kunit::Outcome::parse(&file("result.json"), &file("console.log"))
            .map_err(|error| Error::usage(format!("{error}: {}", again())))?;
        if result.counts().failed > 0 || result.errors > 0 {
            return Err(Error::failed(
                "tests failed in the last run, so its numbers are no measure: make kunit says which",
            ));
        }
        let version = b.ensure(Base)?.version()?;
        let sweeps = Sweeps::of(&log);
        let counted = Table::of_run(&version, &sweeps, &result);
        write_whole(&table, counted.write(base, arch.name()).as_bytes())?;
        b.console.say(format!(
            "{}: {} sweeps, {} failure points",
            settings.shown(&table),
            counted.len(),
            sweeps.points()
        ));
        Ok(())
    })
}
