// SPDX-License-Identifier: GPL-2.0

//! What there is to test, as a table: which test, for which machines, in which list.

use crate::builder::Builder;
use crate::error::Result;
use crate::outcome::Outcome;
use crate::settings::{base, Arch};
use crate::tree::suites::Suites;
use crate::{breakages, coverage, harness, lint, mail, mutants, run, selftest, style, tree};

/// A kind of test.
#[derive(Clone, Copy)]
pub(super) struct Test {
    pub(super) name: &'static str,
    pub(super) run: fn(&Builder) -> Result<Outcome>,
    /// Why this base cannot have it.
    pub(super) missing: fn(&Builder) -> Option<String>,
    pub(super) scope: Scope,
    /// Only in `make check-all`, for bases that are not the default one.
    pub(super) others_in_all_only: bool,
    /// Only in `make check-all`.
    pub(super) in_all_only: bool,
    /// Its short form.
    pub(super) quick: bool,
    /// Whether it takes `SEED=random`.
    pub(super) any_seed: bool,
}

/// How often a test is run.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scope {
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
    base::only_by_kdir(&b.settings.dirs, &b.settings.base).unwrap_or_default()
}

const EACH: Test = Test {
    name: "",
    run: style::run,
    missing: never,
    scope: Scope::Base,
    others_in_all_only: true,
    in_all_only: false,
    quick: false,
    any_seed: true,
};

/// The same on a machine.
const fn on(arch: Arch, test: Test) -> Test {
    Test {
        scope: Scope::Machine(arch),
        ..test
    }
}

const SUITES: Test = Test {
    name: "kunit",
    run: run::verdict::run,
    missing: no_table,
    in_all_only: true,
    ..EACH
};

const SUITES_CONTROL: Test = Test {
    name: "control",
    run: run::control::run,
    missing: no_control,
    in_all_only: true,
    ..EACH
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

/// What base and series do on the machine where the base survives forks that fail.
const AGAINST_BASE: Test = Test {
    missing: selftest::no_control,
    scope: Scope::Machine(Arch::X86_64),
    in_all_only: true,
    ..EACH
};

/// In order: what is quick comes first.
pub(super) const TESTS: [Test; 34] = [
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
        scope: Scope::Machine(Arch::Um),
        in_all_only: false,
        ..SUITES
    },
    Test {
        scope: Scope::Machine(Arch::Um),
        in_all_only: false,
        ..SUITES_CONTROL
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
    on(Arch::Um, PROGRAMS),
    on(Arch::Um, PROGRAMS_CONTROL),
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
        any_seed: false,
        ..EACH
    },
    on(Arch::X86_64, SUITES),
    on(Arch::X86_64, SUITES_CONTROL),
    on(Arch::X86_64, PROGRAMS),
    on(Arch::X86_64, PROGRAMS_CONTROL),
    Test {
        name: "stress",
        run: selftest::stress::run,
        ..AGAINST_BASE
    },
    Test {
        name: "kcsan",
        run: selftest::kcsan::run,
        ..AGAINST_BASE
    },
    Test {
        name: "kcsan-control",
        run: selftest::kcsan::control,
        ..AGAINST_BASE
    },
    on(Arch::Arm64, SUITES),
    on(Arch::Arm64, SUITES_CONTROL),
    on(Arch::Arm64, PROGRAMS),
    on(Arch::Ppc32, PROGRAMS),
    on(Arch::Ppc32, PROGRAMS_CONTROL),
];

/// For a base that cannot be fetched, while there is no KDIR.
pub(super) const WITHOUT_TREE: [Test; 2] = [
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
