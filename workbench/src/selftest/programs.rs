// SPDX-License-Identifier: GPL-2.0

//! The programs that make fork fail.
//!
//! What may be public is in the series, `tools/testing/selftests/mm`. Programs by which any user
//! brings an unfixed kernel down are in `workbench/selftest` and in no patch: see HACKING.md.

use crate::error::{Error, Result};
use crate::settings::{Arch, Settings};
use crate::stamp::Inputs;

/// What a program is called with.
type Arguments = &'static [&'static str];

/// A program.
#[derive(Debug, PartialEq)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Its files, in the tree or in `workbench`.
    pub(super) sources: &'static [&'static str],
    pub(super) in_tree: bool,
    pub(super) arguments: Arguments,
    /// The same on machines that are too slow for that, or nothing where it makes no fork fail.
    pub(super) on: &'static [(Arch, Option<Arguments>)],
    /// The same in the short form, or nothing if then it would be by chance that a fork fails.
    pub(super) quick: Option<Arguments>,
    /// The same where it has to bring the kernel down, if that is something else.
    pub(super) unfixed: Option<Arguments>,
    /// Of a program that races with a fork, on a kernel with `no-stopgap`: where that falls over.
    /// With the fix it has ten times as many tries.
    pub(super) race: Option<&'static [&'static str]>,
    /// Options of the kernel.
    pub(super) options: &'static str,
}

/// Which arguments a program gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Long,
    Quick,
    /// The kernel has to fall over.
    Control,
}

impl Form {
    /// That of `make selftest`.
    pub(super) fn of(settings: &Settings) -> Form {
        match settings.quick {
            true => Form::Quick,
            false => Form::Long,
        }
    }
}

pub(super) const TESTS: &str = "tools/testing/selftests";
/// What own ones include.
const HEADERS: [&str; 2] = ["selftest/setup.h", "selftest/soak/soak.h"];
const ONLY_X86_64: &[(Arch, Option<Arguments>)] =
    &[(Arch::Um, None), (Arch::Arm64, None), (Arch::Ppc32, None)];

/// All of them.
pub(super) const PROGRAMS: [Program; 9] = [
    Program {
        name: "fork_fail_nth",
        sources: &[
            "mm/fork_fail_nth.c",
            "mm/fork_fail_memory.c",
            "mm/fork_fail_readings.c",
        ],
        in_tree: true,
        arguments: &["alone"],
        quick: Some(&["alone", "5"]),
        // Looks at each object that is freed. Whoever forks against time has none for that.
        options: "slub_debug=FZPU",
        ..Program::NONE
    },
    Program {
        name: "fork_alarm",
        sources: &["selftest/fork_alarm.c"],
        arguments: &["1000"],
        on: &[
            (Arch::X86_64, Some(&["200"])),
            (Arch::Arm64, Some(&["200"])),
        ],
        quick: Some(&["100"]),
        ..Program::NONE
    },
    Program {
        name: "fork_kill",
        sources: &["selftest/fork_kill.c"],
        arguments: &["200"],
        on: &[
            (Arch::X86_64, Some(&["100"])),
            (Arch::Arm64, Some(&["100"])),
        ],
        ..Program::NONE
    },
    Program {
        name: "fork_kill_thread",
        sources: &["selftest/fork_kill.c"],
        arguments: &["200", "thread"],
        on: &[
            (Arch::X86_64, Some(&["100", "thread"])),
            (Arch::Arm64, Some(&["100", "thread"])),
        ],
        ..Program::NONE
    },
    Program {
        name: "fork_cpu",
        sources: &["selftest/fork_cpu.c"],
        // Processes, a second each, until five forks have failed.
        arguments: &["200", "5"],
        // These look at RLIMIT_CPU when a task returns to user space.
        on: &[(Arch::X86_64, None), (Arch::Arm64, None)],
        ..Program::NONE
    },
    Program {
        name: "fork_limit",
        sources: &["selftest/fork_limit.c"],
        arguments: &["1000"],
        quick: Some(&["100"]),
        ..Program::NONE
    },
    Program {
        name: "fork_memcg",
        sources: &["selftest/fork_memcg.c"],
        arguments: &["100"],
        on: &[(Arch::X86_64, Some(&["20"])), (Arch::Arm64, Some(&["20"]))],
        quick: Some(&["10"]),
        ..Program::NONE
    },
    Program {
        name: "fork_race_swapoff",
        sources: &["selftest/fork_race.c", "selftest/setup.c"],
        arguments: &["swapoff", "100"],
        on: ONLY_X86_64,
        unfixed: Some(&["swapoff", "10"]),
        race: Some(&["unuse_mm"]),
        options: "swapfile.without_test=1",
        ..Program::NONE
    },
    Program {
        name: "fork_race_uprobes",
        sources: &["selftest/fork_race.c", "selftest/setup.c"],
        arguments: &["uprobes", "100"],
        on: ONLY_X86_64,
        unfixed: Some(&["uprobes", "10"]),
        race: Some(&["register_for_each_vma", "update_ref_ctr"]),
        options: "uprobes.without_test=1",
        ..Program::NONE
    },
];

/// Runs one of them, or a shell.
pub(super) const INIT: &str = "selftest/init.c";

impl Program {
    /// What a program has that is like others.
    pub(super) const NONE: Program = Program {
        name: "",
        sources: &[],
        in_tree: false,
        arguments: &[],
        on: &[],
        quick: None,
        unfixed: None,
        race: None,
        options: "",
    };

    /// For the kernel's command line; `init.c` reads `run=`.
    pub(super) fn words(&self, arch: Arch, form: Form) -> Vec<String> {
        let arguments = self.arguments_on(arch, form).unwrap_or_default();
        let run = [&[self.name], arguments].concat().join(",");
        let options = self.options.split_whitespace().map(str::to_string);

        options.chain([format!("run={run}")]).collect()
    }

    /// What it is called with there; nothing if it is not to be run.
    fn arguments_on(&self, arch: Arch, form: Form) -> Option<Arguments> {
        let there = self.on.iter().find(|(on, _)| *on == arch);
        let long = there.map_or(Some(self.arguments), |(_, arguments)| *arguments)?;

        match form {
            Form::Long => Some(long),
            Form::Quick => self.quick,
            Form::Control => {
                let unfixed = self.unfixed.unwrap_or(long);
                (self.race.is_some() || falls_over(arch)).then_some(unfixed)
            }
        }
    }
}

/// Whether any fork that fails brings a kernel without the fix down there. Elsewhere it takes a
/// race.
fn falls_over(arch: Arch) -> bool {
    matches!(arch, Arch::Um | Arch::Ppc32)
}

/// Whether there is one that brings a kernel without the fix down.
pub(super) fn have_control(arch: Arch) -> bool {
    let control = |program: &Program| program.arguments_on(arch, Form::Control).is_some();

    PROGRAMS.iter().any(control)
}

/// Those that `ONLY=` names, or all, of those that are for the machine.
pub(super) fn chosen(settings: &Settings, form: Form) -> Result<Vec<&'static Program>> {
    let only = settings.only.as_deref();
    let there = || {
        PROGRAMS
            .iter()
            .filter(|program| program.arguments_on(settings.arch, form).is_some())
    };
    let chosen: Vec<&Program> = there()
        .filter(|program| only.is_none_or(|only| program.name == only))
        .collect();

    match chosen.is_empty() {
        false => Ok(chosen),
        true => Err(Error::usage(format!(
            "ONLY={} is none of the programs for {}: known are {}",
            only.unwrap_or_default(),
            settings.arch,
            there()
                .map(|program| program.name)
                .collect::<Vec<_>>()
                .join(" ")
        ))),
    }
}

/// Whether a series with these new files has those that are in the tree.
pub(super) fn are_in(files: &[String]) -> bool {
    let wanted = PROGRAMS.iter().filter(|program| program.in_tree);

    wanted
        .flat_map(|program| program.sources)
        .all(|source| files.contains(&format!("{TESTS}/{source}")))
}

/// What they are made from, beside the tree.
pub(super) fn inputs(settings: &Settings, inputs: Inputs) -> Inputs {
    inputs_of(settings, &PROGRAMS, inputs)
}

/// What some programs are made from, beside the tree.
pub(super) fn inputs_of(settings: &Settings, programs: &[Program], inputs: Inputs) -> Inputs {
    let own = programs.iter().filter(|program| !program.in_tree);
    let files = own.flat_map(|program| program.sources);
    let files = files.chain([&INIT]).chain(&HEADERS);

    files.fold(inputs, |inputs, file| {
        inputs.add_file(&settings.dirs.workbench.join(file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;
    use std::path::Path;

    #[test]
    fn a_program_is_chosen_by_its_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |only: &str| {
            let b = toy(dir.path(), |args| args.only = Some(only.into()));
            let words = |all: Vec<&Program>| -> Vec<String> {
                let words = |one: &&Program| one.words(Arch::Um, Form::Long);
                all.iter().flat_map(words).collect()
            };
            chosen(&b.settings, Form::Long).map(words)
        };

        assert_eq!(of("fork_kill").expect("one"), ["run=fork_kill,200"]);
        assert_eq!(of("").expect("all").len(), 8);
        assert!(of("fork")
            .expect_err("none")
            .message()
            .ends_with("fork_kill_thread fork_cpu fork_limit fork_memcg"));
        let b = toy(dir.path(), |args| args.arch = Some("x86_64".into()));
        let names = |form| -> Vec<&str> {
            let chosen = chosen(&b.settings, form).unwrap_or_default();
            chosen.iter().map(|program| program.name).collect()
        };
        assert!(!names(Form::Long).contains(&"fork_cpu"));
        // Without the fix it takes a race.
        let races = ["fork_race_swapoff", "fork_race_uprobes"];
        assert_eq!(names(Form::Control), races);
    }

    #[test]
    fn with_the_fix_a_race_has_ten_times_as_many_tries() {
        let tries = |arguments: Arguments| arguments[1].parse::<u32>().expect("a number");
        let races = PROGRAMS.iter().filter_map(|program| {
            program.race?;
            Some((tries(program.arguments), tries(program.unfixed?)))
        });

        for (fixed, unfixed) in races {
            assert_eq!(fixed, 10 * unfixed);
        }
    }

    #[test]
    fn the_short_form_has_fewer_programs() {
        let program = |name| PROGRAMS.iter().find(|program| program.name == name);
        let words = |name, form| program(name).map(|one| one.words(Arch::Um, form));

        assert_eq!(
            words("fork_limit", Form::Quick),
            Some(vec!["run=fork_limit,100".into()])
        );
        let quick = |program: &&Program| program.arguments_on(Arch::Um, Form::Quick).is_some();
        assert_eq!(PROGRAMS.iter().filter(quick).count(), 4);
    }

    #[test]
    fn what_is_not_in_the_tree_is_in_no_patch() {
        for program in &PROGRAMS {
            let file = |source: &&str| Path::new(env!("CARGO_MANIFEST_DIR")).join(source).is_file();
            assert_eq!(program.sources.iter().any(file), !program.in_tree);
        }
    }
}
