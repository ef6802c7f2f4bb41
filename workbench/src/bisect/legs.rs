// SPDX-License-Identifier: GPL-2.0

//! What is done to each patch.

use super::{Bisect, Patch};
use crate::build::kbuild::{Config, Start};
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::harness::vma_tests;
use crate::judge::verdict::{verdict, Expected, Golden};
use crate::judge::warnings::Warnings;
use crate::lint::checkpatch;
use crate::lint::complaints::{compiler_warnings, new_in};
use crate::process::ended;
use crate::settings::Arch;
use crate::tree::series::{FACILITY, FOUND, TESTS};
use std::time::Instant;

/// What the fix can touch, of a kernel that is not built as a whole.
pub(super) const TOUCHED: [&str; 2] = ["mm/", "kernel/fork.o"];

pub(super) struct Leg {
    pub(super) name: &'static str,
    /// What costs minutes a patch is for the fix and what improves it; the tests are no code of
    /// other machines.
    tests: bool,
    fix: bool,
    /// Whether it is a build, of which the cover letter tells.
    pub(super) builds: bool,
    on: On,
    pub(super) run: fn(&Bisect<'_>, &Patch, &Log) -> Result<bool>,
}

/// Which of these patches it is for.
#[derive(Clone, Copy, PartialEq)]
enum On {
    /// The base, too: it has to build for the rest to say anything.
    All,
    /// Not the base.
    Patches,
    /// Those from where there are suites.
    Suites,
}

pub(super) const LEGS: [Leg; 8] = [
    Leg {
        name: "um",
        tests: true,
        builds: true,
        run: um,
        ..OF_FIX
    },
    Leg {
        name: "suites",
        tests: true,
        fix: false,
        on: On::Suites,
        run: suites,
        ..OF_FIX
    },
    Leg {
        name: "x86_64",
        builds: true,
        run: |bisect, _, log| bisect.objects(&X86_64, log),
        ..OF_FIX
    },
    Leg {
        name: "arm-nommu",
        builds: true,
        run: arm_nommu,
        ..OF_FIX
    },
    Leg {
        name: "i386",
        builds: true,
        run: |bisect, _, log| bisect.objects(&I386, log),
        ..OF_FIX
    },
    Leg {
        name: "warnings",
        run: warnings,
        ..OF_FIX
    },
    Leg {
        name: "checkpatch",
        tests: true,
        on: On::Patches,
        run: checkpatch,
        ..OF_FIX
    },
    Leg {
        name: "vma",
        run: vma,
        ..OF_FIX
    },
];

const OF_FIX: Leg = Leg {
    name: "",
    tests: false,
    fix: true,
    builds: false,
    on: On::All,
    run: um,
};

const X86_64: Config<'_> = Config {
    objects: "x86_64",
    arch: "x86_64",
    start: Start::Target("defconfig"),
    on: &[
        "DEBUG_VM",
        "DEBUG_VM_MAPLE_TREE",
        "MEMCG",
        "TRANSPARENT_HUGEPAGE",
        "KSM",
        "USERFAULTFD",
        "PROVE_LOCKING",
    ],
    off: &[],
};

const ARM_NOMMU: Config<'_> = Config {
    objects: "arm-nommu",
    arch: "arm",
    start: Start::Target("allnoconfig"),
    on: &[],
    off: &[],
};

const I386: Config<'_> = Config {
    objects: "i386",
    arch: "i386",
    start: Start::Target("defconfig"),
    on: &["DEBUG_VM"],
    off: &[],
};

/// As warnings, not errors, which would end the build at the first.
const WARNINGS: Config<'_> = Config {
    objects: "warnings",
    arch: "x86_64",
    start: Start::Target("defconfig"),
    on: &["DEBUG_VM", "DEBUG_VM_MAPLE_TREE"],
    off: &["WERROR"],
};

impl Leg {
    pub(super) fn is_for(&self, patch: &Patch) -> bool {
        let section = match patch.section {
            section if [FACILITY, TESTS, FOUND].contains(&section) => self.tests,
            _ => self.fix,
        };

        section
            && match self.on {
                On::All => true,
                On::Patches => patch.number != 0,
                On::Suites => !patch.suites.is_empty(),
            }
    }

    /// Whether it takes more than a moment.
    pub(super) fn is_long(&self) -> bool {
        self.on != On::Patches
    }
}

impl Bisect<'_> {
    /// Builds what the fix can touch.
    fn objects(&self, config: &Config<'_>, log: &Log) -> Result<bool> {
        self.work.configure(config, log)?;
        let cmd = self.work.make(config.objects, config.arch, TOUCHED);

        Ok(log.run(&cmd)?.success())
    }

    /// What the compiler warns of at the commit that is checked out.
    fn warnings(&self, log: &Log) -> Result<Vec<String>> {
        let out = self.work.out(WARNINGS.objects);

        self.work.configure(&WARNINGS, log)?;
        // Every object each time: a warning is seen only when compiled.
        let mm = out.join("mm");
        if mm.is_dir() {
            std::fs::remove_dir_all(&mm).or_say(|| format!("cannot remove {}", mm.display()))?;
        }
        crate::stamp::remove_file(&out.join("kernel/fork.o"))?;
        let output = self
            .work
            .make(
                WARNINGS.objects,
                WARNINGS.arch,
                ["W=1"].iter().chain(&TOUCHED),
            )
            .output()?;
        let said = output.error_text();
        log.say(&said);
        match output.status.success() {
            true => Ok(compiler_warnings(&said)),
            false => Err(Error::failed(format!("make: {}", ended(output.status)))),
        }
    }
}

/// As the suites configure it, as far as there are the options by now.
fn um(bisect: &Bisect<'_>, _: &Patch, log: &Log) -> Result<bool> {
    bisect.work.configure(
        &Config {
            objects: "um",
            arch: "um",
            start: Start::Text(&bisect.suites_config),
            on: &[],
            off: &[],
        },
        log,
    )?;
    let all: [&str; 0] = [];
    Ok(log.run(&bisect.work.make("um", "um", all))?.success())
}

/// The suites of the series so far have to pass, with the kernel's own; and no others may fail.
fn suites(bisect: &Bisect<'_>, patch: &Patch, log: &Log) -> Result<bool> {
    // Nothing is left to do, unless the build was done another time.
    if !um(bisect, patch, log)? {
        return Ok(false);
    }
    let version = bisect.repository.source.version()?;
    let kunit = bisect.work.kunit(Arch::Um);
    let begun = Instant::now();
    let ran = crate::run::suites::run(bisect.b, &kunit, None, log)?;
    let verdict = verdict(
        ran.run(
            &format!("{version} um, patch {}", patch.number),
            &version,
            begun,
        ),
        Expected {
            suites: &patch.suites,
            golden: Golden::Any,
            warnings: &Warnings::default(),
        },
    );

    log.say(&verdict.text);
    Ok(verdict.good)
}

fn arm_nommu(bisect: &Bisect<'_>, _: &Patch, log: &Log) -> Result<bool> {
    bisect.work.configure(&ARM_NOMMU, log)?;
    if bisect.work.has(ARM_NOMMU.objects, "MMU") {
        return Err(Error::failed("arm allnoconfig has an MMU"));
    }
    bisect.objects(&ARM_NOMMU, log)
}

/// Nothing that the base's compiler does not warn of.
fn warnings(bisect: &Bisect<'_>, patch: &Patch, log: &Log) -> Result<bool> {
    if patch.number == 0 {
        *bisect.base_warnings.borrow_mut() = Some(bisect.warnings(log)?);
        return Ok(true);
    }
    let known = bisect.base_warnings.borrow().clone();
    let base = match known {
        Some(known) => known,
        None => {
            // The base was looked at another time.
            bisect.work.check_out("base", log)?;
            let base = bisect.warnings(log)?;
            *bisect.base_warnings.borrow_mut() = Some(base.clone());
            bisect.work.check_out(&patch.commit, log)?;
            base
        }
    };
    let new = new_in(&base, &bisect.warnings(log)?);
    log.say(format!("{} before; new:", base.len()));
    for line in &new {
        log.say(line);
    }
    Ok(new.is_empty())
}

fn checkpatch(bisect: &Bisect<'_>, patch: &Patch, log: &Log) -> Result<bool> {
    checkpatch::run(
        &bisect.toolbox,
        &bisect.git,
        &bisect.work.src,
        &patch.commit,
        &bisect.explained.of(&patch.slug, "checkpatch"),
        log,
    )
}

fn vma(bisect: &Bisect<'_>, patch: &Patch, log: &Log) -> Result<bool> {
    let totals = vma_tests::harness(
        bisect.b,
        &bisect.toolbox,
        &bisect.repository,
        &patch.commit,
        log,
    )?;

    Ok(totals.failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::series::{Section, FIX, IMPROVE};

    fn legs_of(number: u32, section: Section, suites: &[&str]) -> Vec<&'static str> {
        let patch = Patch {
            number,
            section,
            commit: String::new(),
            subject: String::new(),
            slug: String::new(),
            suites: suites.iter().map(|name| name.to_string()).collect(),
        };
        let legs = LEGS.iter().filter(|leg| leg.is_for(&patch));

        legs.map(|leg| leg.name).collect()
    }

    #[test]
    fn each_section_has_its_legs() {
        let of_fix = [
            "um",
            "x86_64",
            "arm-nommu",
            "i386",
            "warnings",
            "checkpatch",
            "vma",
        ];

        assert_eq!(legs_of(1, FIX, &[]), of_fix);
        assert_eq!(legs_of(51, IMPROVE, &[]), of_fix);
        assert_eq!(legs_of(101, FACILITY, &[]), ["um", "checkpatch"]);
        for section in [FACILITY, TESTS, FOUND] {
            let legs = legs_of(152, section, &["fault"]);
            assert_eq!(legs, ["um", "suites", "checkpatch"]);
        }
    }

    #[test]
    fn the_base_is_no_patch() {
        let of_base = legs_of(0, FIX, &[]);

        assert!(of_base.contains(&"warnings") && !of_base.contains(&"checkpatch"));
    }
}
