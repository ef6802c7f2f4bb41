// SPDX-License-Identifier: GPL-2.0

//! What there is to test, as a table: which test, for which bases and machines, in which list.

use crate::builder::Builder;
use crate::error::Result;
use crate::outcome::Outcome;
use crate::settings::{Arch, Settings, DEFAULT_BASE};
use crate::sources::config;
use crate::tree::suites::Suites;
use crate::{breakages, coverage, harness, lint, mail, mutants, run, selftest, style, tree};

/// A kind of test.
#[derive(Clone, Copy)]
struct Test {
    name: &'static str,
    run: fn(&Builder) -> Result<Outcome>,
    /// Why this base cannot have it.
    missing: fn(&Builder) -> Option<String>,
    scope: Scope,
    /// Only in `make check-all`, for bases that are not the default one.
    others_in_all_only: bool,
    /// Only in `make check-all`.
    in_all_only: bool,
    /// Its short form.
    quick: bool,
}

/// How often a test is run.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    /// Once, for the project.
    Project,
    /// For each base.
    Base,
    /// For each base, on a machine.
    Machine(Arch),
}

fn never(_: &Builder) -> Option<String> {
    None
}

fn no_coverage(b: &Builder) -> Option<String> {
    (!coverage::run::is_known(b)).then(|| "no lists in workbench/coverage".to_string())
}

fn no_breakages(b: &Builder) -> Option<String> {
    let dir = b.settings.dirs.workbench.join("breakages");
    let dir = dir.join(&b.settings.base);

    (!dir.is_dir()).then(|| format!("no {}", b.settings.shown(&dir)))
}

fn no_control(b: &Builder) -> Option<String> {
    run::control::missing(b).or_else(|| match b.settings.arch {
        Arch::Um => None,
        _ => no_table(b),
    })
}

fn no_table(b: &Builder) -> Option<String> {
    no_table_of(b, Suites::Fork)
}

fn no_sweeps(b: &Builder) -> Option<String> {
    run::verdict::no_sweeps(b).or_else(|| no_table_of(b, Suites::Subsystems))
}

fn no_table_of(b: &Builder, suites: Suites) -> Option<String> {
    let table = run::verdict::golden_table(&b.settings, suites);

    (!table.is_file()).then(|| {
        format!(
            "no {}: the suites have not been counted there",
            b.settings.shown(&table)
        )
    })
}

fn no_tree(b: &Builder) -> Option<String> {
    config::only_by_kdir(&b.settings.dirs, &b.settings.base).unwrap_or_default()
}

const EACH: Test = Test {
    name: "",
    run: style::run,
    missing: never,
    scope: Scope::Base,
    others_in_all_only: true,
    in_all_only: false,
    quick: false,
};

/// Programs whose forks fail.
const PROGRAMS: Test = Test {
    name: "selftest",
    run: selftest::selftest,
    missing: selftest::missing,
    in_all_only: true,
    ..EACH
};

const PROGRAMS_CONTROL: Test = Test {
    name: "selftest-control",
    run: selftest::control,
    missing: selftest::no_control,
    in_all_only: true,
    ..EACH
};

/// In order: what is quick comes first.
const TESTS: [Test; 30] = [
    Test {
        name: "style",
        run: style::run,
        scope: Scope::Project,
        ..EACH
    },
    Test {
        name: "unit-tests",
        run: style::unit_tests,
        scope: Scope::Project,
        ..EACH
    },
    Test {
        name: "applies",
        run: tree::applies::run,
        others_in_all_only: false,
        ..EACH
    },
    Test {
        name: "breakages-apply",
        run: breakages::check_apply,
        missing: no_breakages,
        others_in_all_only: false,
        ..EACH
    },
    Test {
        name: "mutants-explained",
        run: mutants::check_explained,
        missing: mutants::missing,
        others_in_all_only: false,
        ..EACH
    },
    Test {
        name: "kunit",
        run: run::verdict::run,
        missing: no_table,
        scope: Scope::Machine(Arch::Um),
        ..EACH
    },
    Test {
        name: "control",
        run: run::control::run,
        missing: no_control,
        scope: Scope::Machine(Arch::Um),
        ..EACH
    },
    Test {
        name: "selftest-quick",
        scope: Scope::Machine(Arch::Um),
        in_all_only: false,
        quick: true,
        ..PROGRAMS
    },
    Test {
        name: "vma",
        run: harness::vma_tests::run,
        ..EACH
    },
    Test {
        name: "fork-harness",
        run: harness::fork::run,
        others_in_all_only: false,
        ..EACH
    },
    Test {
        name: "coverage",
        run: coverage::run::run,
        missing: no_coverage,
        scope: Scope::Machine(Arch::Um),
        ..EACH
    },
    Test {
        name: "releases",
        run: tree::pristine::run,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "lint",
        run: lint::lint,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "mail",
        run: mail::loopback::loopback,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "htmldocs",
        run: crate::htmldocs::test,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "bisect",
        run: crate::bisect::run,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "sweeps",
        run: run::verdict::sweeps,
        missing: no_sweeps,
        scope: Scope::Machine(Arch::Um),
        in_all_only: true,
        ..EACH
    },
    Test {
        scope: Scope::Machine(Arch::Um),
        ..PROGRAMS
    },
    Test {
        scope: Scope::Machine(Arch::Um),
        ..PROGRAMS_CONTROL
    },
    Test {
        name: "soak",
        run: selftest::soak::run,
        missing: selftest::missing,
        scope: Scope::Machine(Arch::Um),
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "breakages",
        run: breakages::run,
        missing: no_breakages,
        scope: Scope::Machine(Arch::Um),
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "mutants",
        run: mutants::run,
        missing: mutants::missing,
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "kunit",
        run: run::verdict::run,
        missing: no_table,
        scope: Scope::Machine(Arch::X86_64),
        in_all_only: true,
        ..EACH
    },
    Test {
        name: "control",
        run: run::control::run,
        missing: no_control,
        scope: Scope::Machine(Arch::X86_64),
        in_all_only: true,
        ..EACH
    },
    Test {
        scope: Scope::Machine(Arch::X86_64),
        ..PROGRAMS
    },
    Test {
        scope: Scope::Machine(Arch::X86_64),
        ..PROGRAMS_CONTROL
    },
    Test {
        name: "stress",
        run: selftest::stress::run,
        missing: selftest::no_control,
        scope: Scope::Machine(Arch::X86_64),
        in_all_only: true,
        ..EACH
    },
    Test {
        scope: Scope::Machine(Arch::Arm64),
        ..PROGRAMS
    },
    Test {
        scope: Scope::Machine(Arch::Ppc32),
        ..PROGRAMS
    },
    Test {
        scope: Scope::Machine(Arch::Ppc32),
        ..PROGRAMS_CONTROL
    },
];

/// For a base that cannot be fetched, while there is no KDIR.
const WITHOUT_TREE: [Test; 2] = [
    Test {
        name: "form",
        run: tree::form::run,
        ..EACH
    },
    Test {
        name: "all-else",
        missing: no_tree,
        ..EACH
    },
];

/// A test of a base, on a machine.
pub(super) struct Item {
    test: Test,
    base: String,
}

/// All that are to be run: of all bases unless one was named, the default one first.
pub(super) fn of(b: &Builder, all: bool) -> Result<Vec<Item>> {
    let mut bases = match b.settings.base_named {
        true => vec![b.settings.base.clone()],
        false => b.settings.dirs.bases(),
    };
    bases.sort_by_key(|base| base != DEFAULT_BASE);
    let first = bases.first().cloned().unwrap_or_default();
    let mut items = Vec::new();

    for (number, base) in bases.iter().enumerate() {
        let given = b.settings.kdir.is_some();
        if !given && config::only_by_kdir(&b.settings.dirs, base)?.is_some() {
            items.extend(WITHOUT_TREE.map(|test| Item {
                test,
                base: base.clone(),
            }));
            continue;
        }
        for test in TESTS {
            let once = test.scope == Scope::Project && number > 0;
            let other = *base != first && test.others_in_all_only;
            if !once && (all || !test.in_all_only && !other) {
                items.push(Item {
                    test,
                    base: base.clone(),
                });
            }
        }
    }
    Ok(items)
}

impl Item {
    pub(super) fn name(&self) -> String {
        match self.test.scope {
            Scope::Project => self.test.name.to_string(),
            Scope::Base => format!("{}-{}", self.base, self.test.name),
            Scope::Machine(arch) => format!("{}-{}-{arch}", self.base, self.test.name),
        }
    }

    /// Whether `ONLY=` names it, as a whole or by its beginning.
    pub(super) fn is_meant_by(&self, only: &str) -> bool {
        self.name().starts_with(only)
    }

    pub(super) fn settings(&self, settings: &Settings) -> Settings {
        let mut mine = settings.for_base(&self.base);

        mine.only = None;
        mine.section = None;
        mine.sample.shard = None;
        mine.quick = self.test.quick;
        mine.arch = match self.test.scope {
            Scope::Machine(arch) => arch,
            Scope::Project | Scope::Base => Arch::Um,
        };
        mine
    }

    pub(super) fn missing(&self, b: &Builder) -> Option<String> {
        let inner = Builder::new(self.settings(&b.settings), crate::console::Console::quiet());

        (self.test.missing)(&inner)
    }

    pub(super) fn run(&self, b: &Builder) -> Result<Outcome> {
        (self.test.run)(b)
    }

    /// What is worth seeing although all is as it should be: how the control fails.
    pub(super) fn worth_seeing<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let shown = if self.test.name == "control" { 8 } else { 0 };

        text.lines().take(shown)
    }
}
