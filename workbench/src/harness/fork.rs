// SPDX-License-Identifier: GPL-2.0

//! `make fork-harness`: forks that fail, in userspace: every small address space, every failure,
//! every schedule of a walker. The patched tree has to pass; then the base without the fix has to
//! fail, by a walker that finds what it must not. The harness is that of the patched tree in both:
//! only the code under test differs. A base that has the fix itself has no such control.

use super::parts::{make, unpack, FORK};
use super::seed;
use super::totals;
use crate::builder::Builder;
use crate::error::Result;
use crate::outcome::{self, Outcome, Tested};
use crate::sources::base::Base;
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::series::Series;

/// What the harness's result depends on: the branches.
pub(crate) fn tested(b: &Builder, what: &str) -> Result<Tested> {
    let repository = b.ensure(Branches)?;
    let fixed = repository.tree(Branch::Fixed)?;

    Ok(Tested {
        inputs: Inputs::default()
            .add("what", what.as_bytes())
            .add("fixed", fixed.as_bytes())
            .add("unfixed", repository.tree(Branch::Unfixed)?.as_bytes()),
        tree: fixed,
    })
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    b.ensure(Base)?;
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;
    let seed = seed::read(b.settings.sample.seed.as_deref())?;

    outcome::test(
        b,
        "tools/testing/vma/fork",
        "fork-harness",
        || {
            let mut tested = tested(b, "fork-harness")?;
            if let Some(seed) = seed {
                tested.inputs = tested.inputs.add("seed", &seed.to_le_bytes());
            }
            Ok(tested)
        },
        || {
            let dir = b.temporary_dir()?;
            let (fixed, unfixed) = (dir.path().join("fixed"), dir.path().join("unfixed"));
            let logs = b.settings.shown(&b.settings.logs());
            let kept = b.settings.base_build().join("failed-seeds");
            let mut random = toolbox.env("FORK_FAILED_SEEDS", &kept.to_string_lossy());
            if let Some(seed) = seed {
                random = random.env("FORK_RANDOM_SEED", &seed.to_string());
            }
            let said = b.long("tools/testing/vma/fork", "fork-harness", |log| {
                unpack(&repository, "fixed", &FORK, &fixed, log)?;
                log.run_checked(&make(&b.settings, &random, &fixed).arg("run"))?;
                Ok(log.text())
            })?;
            let totals = totals::judge(&said, &format!("{logs}/fork-harness.log"))?;
            let tasks = totals::tasks(&said)?;
            let outcome = |text: String| Outcome {
                passed: totals.passed,
                failed: totals.failed,
                points: totals.failures,
                letter: totals.record(),
                text: format!("{text}{tasks}\n{}\n", totals.line()),
                ..Outcome::default()
            };
            if !Series::new(&b.settings).has_fix() {
                return Ok(outcome(String::new()));
            }
            let (control, passed) =
                b.long("tools/testing/vma/fork, unfixed", "fork-control", |log| {
                    unpack(&repository, "unfixed", &FORK, &unfixed, log)?;
                    let cmd = make(&b.settings, &toolbox, &fixed)
                        .arg("run")
                        .arg(format!("KERNEL={}", unfixed.display()))
                        // As the model has to know: what improves the fix is missing, too.
                        .arg("EXTRA_CFLAGS=-DFORK_LOOKS_AT_VMAS_ONLY")
                        .arg(format!("OUT={}", dir.path().join("objects").display()));
                    let status = log.run(&cmd)?;
                    Ok((log.text(), status.success()))
                })?;
            let shortest =
                totals::judge_control(&control, passed, &format!("{logs}/fork-control.log"))?;
            let version = b.ensure(Base)?.version()?;
            let mut text = format!("without the fix, {version}:\n");
            for line in shortest {
                text.push_str(&format!("    {line}\n"));
            }
            Ok(outcome(text))
        },
    )
}
