// SPDX-License-Identifier: GPL-2.0

//! `make control`: the same suites on the base without the fix. They have to fail there, and by the
//! defect: otherwise they prove nothing.

use super::kernel::Kernel;
use super::suites;
use super::verdict;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::judge::control;
use crate::outcome::{self, Outcome, Tested};
use crate::sources::base::Base;
use crate::tree::branches::{Branch, Branches};
use crate::tree::series::Series;
use crate::tree::suites::Suites;
use std::time::Instant;

/// Why a base has no control.
pub(crate) fn missing(b: &Builder) -> Option<String> {
    let base = &b.settings.base;

    (!Series::new(&b.settings).has_fix())
        .then(|| format!("linux {base} has the fix itself, so none can be left out"))
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let settings = &b.settings;
    if let Some(why) = missing(b) {
        return Err(Error::usage(format!(
            "{why}; make breakages BASE={} breaks it, make BASE={} runs the suites",
            settings.base, settings.base
        )));
    }
    let repository = b.ensure(Branches)?;
    let kunit = b.ensure(Kernel {
        branch: Branch::Unfixed,
        suites: Suites::Fork,
    })?;
    let name = format!("control-{}", settings.arch);
    let title = format!("the suites without the fix on {}", settings.arch);
    let begun = Instant::now();

    outcome::test(
        b,
        &title,
        &name,
        || {
            let unfixed = repository.tree(Branch::Unfixed)?;
            Ok(Tested {
                inputs: verdict::tested(b, &unfixed)?.add("what", b"control"),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || {
            let ran = b.long(&title, &name, |log| suites::run_whole(b, &kunit, log))?;
            let version = b.ensure(Base)?.version()?;
            let suites = repository.suites(Suites::Fork)?;
            let label = format!("{version} {}, unfixed", settings.arch);
            let run = ran.run(&label, &version, begun);
            let judged = control::judge(run, &suites);
            let verdict = judged.verdict(run);

            Ok(Outcome {
                letter: judged.in_words(settings.arch.name()).unwrap_or_default(),
                files: verdict::keep(b, &name, &ran)?,
                ..Outcome::one(verdict.good, verdict.text)
            })
        },
    )
}
