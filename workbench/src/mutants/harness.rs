// SPDX-License-Identifier: GPL-2.0

//! The first layer, `tools/testing/vma/fork`: one program with all mutants, started once for each,
//! with what finds most in the shortest time first.

use super::generate::Generated;
use super::mutant::Mutant;
use super::program::{copy_name, refused, VARIABLE};
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Result};
use crate::harness::parts::{make, unpack, FORK};
use crate::judge::breakages::{caught_by_harness, Caught};
use crate::process::{ended, Cmd};
use crate::run::until_caught::limit_of_broken;
use crate::toolchain::Toolbox;
use crate::tree::branches::Repository;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Where it is in the tree.
const FOLDER: &str = "tools/testing/vma/fork";

/// A part of its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What finds most in the shortest time.
    Quick,
    Rest,
}

impl Part {
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Quick => "quick",
            Part::Rest => "harness",
        }
    }

    /// Names of tests, for one run of the program after the other.
    fn stages(self) -> &'static [&'static [&'static str]] {
        match self {
            Part::Quick => &[
                &["none_and_one", "mmap", "two_narrow"],
                &["mistakes", "walkers_of_one"],
            ],
            Part::Rest => &[
                &["three_narrow"],
                &["preempt", "regressions"],
                &["interleave", "three_across", "two_everywhere"],
                &["three_of_all", "four", "random"],
            ],
        }
    }
}

pub(super) struct Harness<'a> {
    b: &'a Builder,
    toolbox: Toolbox,
    dir: PathBuf,
    /// Those that it cannot be built with.
    pub(super) without: BTreeSet<usize>,
}

impl<'a> Harness<'a> {
    /// One that was built.
    pub(super) fn built(
        b: &'a Builder,
        toolbox: &Toolbox,
        without: BTreeSet<usize>,
    ) -> Harness<'a> {
        Harness {
            b,
            toolbox: toolbox.clone(),
            dir: b.settings.base_build().join("mutants"),
            without,
        }
    }

    /// Builds it.
    pub(super) fn new(
        b: &'a Builder,
        toolbox: &Toolbox,
        repository: &Repository,
        all: &Generated,
        log: &Log,
    ) -> Result<Harness<'a>> {
        let mut harness = Harness::built(b, toolbox, BTreeSet::new());
        let tree = harness.tree();

        // What is unpacked is as old as its commit, so make would keep older objects.
        let _ = std::fs::remove_dir_all(harness.out());
        let _ = std::fs::remove_dir_all(&tree);
        unpack(repository, "fixed", &FORK, &tree, log)?;
        let list = tree.join(FOLDER).join("sources").join(&b.settings.base);
        let list_before = read_lossy(&list);
        let put = |path: &Path, text: &str| {
            std::fs::write(path, text).or_say(|| format!("cannot write {}", path.display()))
        };
        replace(
            &tree.join(FOLDER),
            "#include \"taken.h\"",
            &format!(
                "int {VARIABLE};\nint atoi(const char *);\nchar *getenv(const char *);\n\
                 __attribute__((constructor)) static void {VARIABLE}_read(void)\n{{\n\
                 \tconst char *said = getenv(\"FORK_MUTANT\");\n\n\
                 \t{VARIABLE} = said ? atoi(said) : 0;\n}}\n#include \"taken.h\""
            ),
        )?;
        // A warning of dup_mmap() that is expected comes from a copy.
        replace(
            &tree.join(FOLDER),
            "!strcmp(function, \"dup_mmap\")",
            "!strncmp(function, \"dup_mmap__\", 10)",
        )?;
        loop {
            let mut lines = list_before.clone();
            let wanted = |m: &Mutant| all.is_viable(m) && !harness.without.contains(&m.number);
            for file in &all.files {
                put(&tree.join(file.path), &file.copied(wanted))?;
                // What is compiled as a whole file is not taken.
                for one in file.functions.iter().filter(|_| file.path != "mm/vma.c") {
                    let mutants = one.mutants.iter().filter(|m| wanted(m));
                    let numbers = mutants.map(|m| m.number);
                    for number in std::iter::once(0).chain(numbers) {
                        let name = copy_name(&one.name, number);
                        lines.push_str(&format!("take {} {name}\n", file.path));
                    }
                }
            }
            put(&list, &lines)?;
            let cmd = make(&b.settings, toolbox, &tree)
                .arg(format!("OUT={}", harness.out().display()))
                .arg("EXTRA_CFLAGS=-w -O1 -ferror-limit=0")
                .arg("all");
            if log.run(&cmd)?.success() {
                return Ok(harness);
            }
            let said = log.text();
            let taken = read_lossy(&harness.out().join("taken.h"));
            let vma = read_lossy(&tree.join("mm/vma.c"));
            let mut more = refused(&said, "taken.h", &taken);
            more.extend(refused(&said, "mm/vma.c", &vma));
            more.retain(|number| !harness.without.contains(number));
            if more.is_empty() {
                return Err(Error::failed("the harness does not build with mutants"));
            }
            harness.without.extend(more);
        }
    }

    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    fn out(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// How long each stage may take with a mutant. Without one nothing must be found.
    pub(super) fn limits(&self, part: Part) -> Result<Vec<Duration>> {
        let stages = part.stages().iter().map(|tests| {
            let begun = Instant::now();
            match self.stage(0, "none", tests, UNBROKEN)? {
                Caught::Survived => Ok(Duration::from_secs(limit_of_broken(
                    begun.elapsed().as_secs(),
                ))),
                other => Err(Error::failed(format!(
                    "the harness fails without a mutant: {other:?}"
                ))),
            }
        });
        stages.collect()
    }

    /// What it finds of a mutant.
    pub(super) fn ask(&self, mutant: &Mutant, part: Part, limits: &[Duration]) -> Result<Caught> {
        for (tests, limit) in part.stages().iter().zip(limits) {
            let found = self.stage(mutant.number, &mutant.id, tests, *limit)?;
            if found != Caught::Survived {
                return Ok(found);
            }
        }
        Ok(Caught::Survived)
    }

    fn stage(&self, number: usize, name: &str, tests: &[&str], limit: Duration) -> Result<Caught> {
        let log = self.b.settings.logs().join(format!("mutant-{name}.log"));
        // To look names of functions up takes longer than all else.
        let toolbox = self
            .toolbox
            .env("ASAN_OPTIONS", "symbolize=0")
            .env("UBSAN_OPTIONS", "symbolize=0")
            .env("FORK_MUTANT", &number.to_string());
        let program = self.out().join("fork");
        let cmd = toolbox.cmd(&program.to_string_lossy()).args(tests);
        let console = self.b.console.only_progress();
        let end = console.quiet_long(name, &log, |log| until_caught(&cmd, limit, log))?;

        match came_to(&beginning(&log), end) {
            Caught::Undecided => Err(Error::failed(format!(
                "the harness has run no test: see {}",
                self.b.settings.shown(&log)
            ))),
            found => Ok(found),
        }
    }
}

/// What a run has found, by what it has said and how it has ended, unless it was stopped. One that
/// has not even begun says nothing of a mutant: the machine may be in trouble.
fn came_to(said: &str, end: Option<ExitStatus>) -> Caught {
    let by = |what: String| Caught::By {
        place: "fork harness".into(),
        what,
    };

    match (caught_by_harness(said), end) {
        (found @ Caught::By { .. }, _) => found,
        (_, Some(status)) if status.success() => Caught::Survived,
        (_, Some(_)) if !has_begun(said) => Caught::Undecided,
        (_, Some(status)) => by(ended(status)),
        (_, None) => by("hangs".into()),
    }
}

/// Whether there is the first line of a program with tests: `running 7 tests`.
fn has_begun(said: &str) -> bool {
    let number = |line: &str| {
        let (number, _) = line.strip_prefix("running ")?.split_once(" test")?;

        number.parse::<u64>().ok()
    };

    said.lines().any(|line| number(line).is_some())
}

/// Has the files of a folder say something else, in C. One of them must have it.
fn replace(dir: &Path, from: &str, to: &str) -> Result<()> {
    let files = std::fs::read_dir(dir).or_say(|| format!("cannot read {}", dir.display()))?;
    let mut found = false;

    for path in files.flatten().map(|entry| entry.path()) {
        if path.extension().is_none_or(|extension| extension != "c") {
            continue;
        }
        let text = read_lossy(&path);
        if text.contains(from) {
            std::fs::write(&path, text.replace(from, to))
                .or_say(|| format!("cannot write {}", path.display()))?;
            found = true;
        }
    }
    match found {
        true => Ok(()),
        false => Err(Error::failed(format!("{}: no {from}", dir.display()))),
    }
}

/// How long a stage may take without a mutant.
const UNBROKEN: Duration = Duration::from_secs(3600);
/// How long it may be until a failure is noticed.
const LOOK: Duration = Duration::from_millis(200);
/// What fails first is in the first so many bytes of a log; some go on complaining.
const BEGINNING: u64 = 1 << 18;

/// Runs a program until it ends or has found something; returns how it has ended, if it has.
fn until_caught(cmd: &Cmd, limit: Duration, log: &Log) -> Result<Option<ExitStatus>> {
    let mut running = cmd.start_logged(log.file())?;
    let begun = Instant::now();

    loop {
        if let Some(status) = running.wait_a_while(LOOK)? {
            return Ok(Some(status));
        }
        let caught = matches!(caught_by_harness(&beginning(&log.path)), Caught::By { .. });
        if caught || begun.elapsed() > limit {
            running.kill();
            return Ok(None);
        }
    }
}

/// What a log begins with.
fn beginning(log: &Path) -> String {
    let mut bytes = Vec::new();

    if let Ok(file) = std::fs::File::open(log) {
        // What cannot be read is not there.
        let _ = file.take(BEGINNING).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_program_that_has_not_begun_tells_nothing_of_a_mutant() {
        let signal = |number| Some(ExitStatus::from_raw(number));
        let exit = |code: i32| Some(ExitStatus::from_raw(code << 8));
        let by = |what: &str| Caught::By {
            place: "fork harness".into(),
            what: what.into(),
        };

        for said in [
            "",
            "unshare: fork failed: Resource temporarily unavailable\n",
        ] {
            assert_eq!(came_to(said, exit(1)), Caught::Undecided);
            assert_eq!(came_to(said, signal(9)), Caught::Undecided);
        }
        for said in ["\nrunning 1 test\n", "\nrunning 12 tests\ntest a ... ok\n"] {
            assert_eq!(came_to(said, exit(3)), by("exit 3"));
            assert_eq!(came_to(said, signal(6)), by("signal 6"));
            assert_eq!(came_to(said, None), by("hangs"));
            assert_eq!(came_to(said, exit(0)), Caught::Survived);
        }
    }
}
