// SPDX-License-Identifier: GPL-2.0

//! The programs that make fork fail, and the initramfs that they are run from.
//!
//! What may be public is in the series, `tools/testing/selftests/mm`. Programs by which any user
//! brings an unfixed kernel down are in `workbench/selftest` and in no patch: see HACKING.md.

use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::run::kunit_py::Kunit;
use crate::settings::Settings;
use crate::stamp::{write_whole, Inputs};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A program.
#[derive(Debug, PartialEq)]
pub(super) struct Program {
    pub(super) name: &'static str,
    /// Its files, in the tree or in `workbench`.
    pub(super) sources: &'static [&'static str],
    pub(super) in_tree: bool,
    /// What it is called with.
    pub(super) arguments: &'static [&'static str],
    /// Options of the kernel.
    pub(super) options: &'static str,
}

const TESTS: &str = "tools/testing/selftests";

/// All of them.
pub(super) const PROGRAMS: [Program; 3] = [
    Program {
        name: "fork_fail_nth",
        sources: &[
            "mm/fork_fail_nth.c",
            "mm/fork_fail_memory.c",
            "mm/fork_fail_readings.c",
        ],
        in_tree: true,
        arguments: &["alone"],
        // Looks at each object that is freed. Whoever forks against time has none for that.
        options: "slub_debug=FZPU",
    },
    Program {
        name: "fork_alarm",
        sources: &["selftest/fork_alarm.c"],
        in_tree: false,
        arguments: &["1000"],
        options: "",
    },
    Program {
        name: "fork_kill",
        sources: &["selftest/fork_kill.c"],
        in_tree: false,
        arguments: &["200"],
        options: "",
    },
];

const INIT: &str = "selftest/init.c";

impl Program {
    /// For the kernel's command line; `init.c` reads `run=`.
    pub(super) fn words(&self) -> Vec<String> {
        let run = [&[self.name], self.arguments].concat().join(",");
        let options = self.options.split_whitespace().map(str::to_string);

        options.chain([format!("run={run}")]).collect()
    }
}

/// Those that `ONLY=` names, or all.
pub(super) fn chosen(settings: &Settings) -> Result<Vec<&'static Program>> {
    let only = settings.only.as_deref();
    let chosen: Vec<&Program> = PROGRAMS
        .iter()
        .filter(|program| only.is_none_or(|only| program.name == only))
        .collect();

    match chosen.is_empty() {
        false => Ok(chosen),
        true => Err(Error::usage(format!(
            "ONLY={} is none of the programs: known are {}",
            only.unwrap_or_default(),
            PROGRAMS.map(|program| program.name).join(" ")
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
    let own = PROGRAMS.iter().filter(|program| !program.in_tree);
    let files = own.flat_map(|program| program.sources).chain([&INIT]);

    files.fold(inputs, |inputs, file| {
        inputs.add_file(&settings.dirs.workbench.join(file))
    })
}

/// Compiles them, and packs the initramfs. Returns where it is.
pub(super) fn pack(
    b: &Builder,
    kernel: &Kunit,
    programs: &[Program],
    log: &Log,
) -> Result<PathBuf> {
    let dir = kernel.objects.join("initramfs");
    let workbench = &b.settings.dirs.workbench;
    let archive = dir.join("initramfs.cpio");
    let mut list = String::from(
        "dir /dev 0755 0 0\nnod /dev/console 0600 0 0 c 5 1\nnod /dev/null 0666 0 0 c 1 3\n\
         dir /bin 0755 0 0\n",
    );

    std::fs::create_dir_all(&dir).or_say(|| format!("cannot make {}", dir.display()))?;
    let init = workbench.join(INIT);
    compile(kernel, &[init], &dir.join("init"), log)?;
    let _ = writeln!(list, "file /init {} 0755 0 0", dir.join("init").display());
    for program in programs {
        let sources: Vec<PathBuf> = program
            .sources
            .iter()
            .map(|source| match program.in_tree {
                true => kernel.tree.join(TESTS).join(source),
                false => workbench.join(source),
            })
            .collect();
        let to = dir.join(program.name);
        compile(kernel, &sources, &to, log)?;
        let _ = writeln!(list, "file /bin/{} {} 0755 0 0", program.name, to.display());
    }
    let packer = dir.join("gen_init_cpio");
    let source = kernel.tree.join("usr/gen_init_cpio.c");
    log.run_checked(&clang(kernel).arg("-o").arg(&packer).arg(source))?;
    let file = dir.join("list");
    write_whole(&file, list.as_bytes())?;
    let packed = kernel
        .toolbox
        .cmd(&packer.to_string_lossy())
        .arg(&file)
        .checked()?;
    write_whole(&archive, &packed.stdout)?;
    Ok(archive)
}

fn clang(kernel: &Kunit) -> crate::process::Cmd {
    kernel
        .toolbox
        .cmd("clang")
        .args(["-O2", "-Wall", "-Werror"])
}

/// Static, since there is no library where they run.
fn compile(kernel: &Kunit, sources: &[PathBuf], to: &Path, log: &Log) -> Result<()> {
    let cmd = clang(kernel)
        .arg("-static")
        .arg("-I")
        .arg(kernel.tree.join(TESTS))
        .arg("-o")
        .arg(to)
        .args(sources);

    log.run_checked(&cmd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn a_program_is_chosen_by_its_name() {
        let dir = tempfile::tempdir().expect("a folder");
        let of = |only: &str| {
            let b = toy(dir.path(), |args| args.only = Some(only.into()));
            chosen(&b.settings)
                .map(|all| all.iter().flat_map(|one| one.words()).collect::<Vec<_>>())
        };

        assert_eq!(of("fork_kill").expect("one"), ["run=fork_kill,200"]);
        assert_eq!(of("").expect("all").len(), PROGRAMS.len() + 1);
        assert!(of("fork")
            .expect_err("none")
            .message()
            .ends_with("fork_alarm fork_kill"));
    }

    #[test]
    fn what_is_not_in_the_tree_is_in_no_patch() {
        for program in &PROGRAMS {
            let file = |source: &&str| Path::new(env!("CARGO_MANIFEST_DIR")).join(source).is_file();
            assert_eq!(program.sources.iter().any(file), !program.in_tree);
        }
    }
}
