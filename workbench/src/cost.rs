// SPDX-License-Identifier: GPL-2.0

//! `make cost`: what do the hooks in the allocators cost a kernel that has them configured out?
//! Builds the objects with hooks for x86_64, with KUnit and fault injection but without
//! KUNIT_FAULT_INJECTION, before the facility's patches and at the end of the series, and compares
//! size and disassembly: not one instruction may differ.

use crate::build::kbuild::{Config, Start, Work};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::outcome::{self, Outcome, Tested};
use crate::process::Cmd;
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::series::FACILITY;
use std::path::{Path, PathBuf};

/// Objects with hooks.
const HOOKED: [&str; 8] = [
    "mm/slub.o",
    "mm/slab_common.o",
    "mm/page_alloc.o",
    "mm/percpu.o",
    "mm/memory.o",
    "mm/vmalloc.o",
    "mm/failslab.o",
    "mm/fail_page_alloc.o",
];

const CONFIG: Config<'_> = Config {
    objects: "x86_64",
    arch: "x86_64",
    start: Start::Target("x86_64_defconfig"),
    on: &[
        "KUNIT",
        "MEMCG",
        "FAULT_INJECTION",
        "FAILSLAB",
        "FAIL_PAGE_ALLOC",
    ],
    off: &[],
};

struct Cost<'a> {
    b: &'a Builder,
    toolbox: Toolbox,
    repository: Repository,
    work: Work,
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;

    outcome::test(
        b,
        "size and disassembly of objects with hooks",
        "cost",
        || {
            let tree = repository.tree(Branch::Fixed)?;
            Ok(Tested {
                inputs: Inputs::default()
                    .add("tree", tree.as_bytes())
                    .add(
                        "before",
                        without_hooks(&repository.git(), &b.settings.base)?.as_bytes(),
                    )
                    .add("config", format!("{CONFIG:?} {HOOKED:?}").as_bytes()),
                tree,
            })
        },
        || {
            Cost {
                b,
                work: Work::new(&b.settings, "cost", &repository, &toolbox),
                toolbox: toolbox.clone(),
                repository: repository.clone(),
            }
            .run()
        },
    )
}

impl Cost<'_> {
    fn run(&self) -> Result<Outcome> {
        let settings = &self.b.settings;
        let (before, after) = (self.work.out("before"), self.work.out("after"));

        for (title, name, dir, commit) in [
            (
                "objects without hooks",
                "cost-before",
                &before,
                without_hooks(&self.repository.git(), &settings.base)?,
            ),
            (
                "objects with hooks configured out",
                "cost-after",
                &after,
                "fixed".to_string(),
            ),
        ] {
            self.b
                .long(title, name, |log| self.objects(dir, &commit, log))?;
        }
        let diff = Cmd::new("diff")
            .arg("-r")
            .args([&before, &after])
            .output()?;
        let sizes = std::fs::read_to_string(after.join("size")).or_say(|| "cannot read sizes")?;
        if diff.status.success() {
            let lines = lines_in(&after)?;
            let text = format!(
                "{sizes}size and disassembly are the same before and after: {lines} lines\n"
            );
            return Ok(Outcome::one(true, text));
        }
        let file = settings.logs().join("cost.diff");
        crate::stamp::write_whole(&file, &diff.stdout)?;
        Ok(Outcome::one(
            false,
            format!(
                "{sizes}the hooks leave a trace although they are configured out: see {}\n",
                settings.shown(&file)
            ),
        ))
    }

    /// Size and disassembly at a commit, without the places in the file.
    fn objects(&self, dir: &Path, commit: &str, log: &Log) -> Result<()> {
        let out = self.work.out(CONFIG.objects);

        self.work.check_out(commit, log)?;
        self.work.configure(&CONFIG, log)?;
        if self.work.has(CONFIG.objects, "KUNIT_FAULT_INJECTION") {
            return Err(Error::usage(
                "CONFIG_KUNIT_FAULT_INJECTION is on, there is nothing to compare",
            ));
        }
        log.run_checked(&self.work.make(CONFIG.objects, CONFIG.arch, HOOKED))?;
        if dir.is_dir() {
            std::fs::remove_dir_all(dir).or_say(|| format!("cannot remove {}", dir.display()))?;
        }
        for object in HOOKED {
            let listing = self
                .toolbox
                .cmd("llvm-objdump")
                .args(["-dr", "--no-show-raw-insn"])
                .arg(out.join(object))
                .checked()?;
            let text = without_heading(&String::from_utf8_lossy(&listing.stdout));
            write(&listing_of(dir, object), &text)?;
        }
        let size = self.toolbox.cmd("llvm-size").dir(&out).args(HOOKED);
        write(&dir.join("size"), &(size.read()? + "\n"))
    }
}

/// The last commit without the hooks, which has to have other sources of the objects.
fn without_hooks(git: &Git, base: &str) -> Result<String> {
    let mark = format!("--grep=^section: {}$", FACILITY.name);
    let commit = git.read(["log", "-1", "--format=%H", &mark, "fixed"])?;

    if commit.is_empty() {
        return Err(Error::usage(format!(
            "linux {base} has no section {}: there is nothing to compare",
            FACILITY.name
        )));
    }
    let sources = HOOKED.map(|object| object.replace(".o", ".c"));
    let changed = ["diff", "--name-only", &commit, "fixed", "--"];
    let changed = changed
        .into_iter()
        .chain(sources.iter().map(String::as_str));
    match git.lines(changed)?.is_empty() {
        false => Ok(commit),
        true => Err(Error::failed(format!(
            "linux {base}: the section {} changes none of {}",
            FACILITY.name,
            sources.join(" ")
        ))),
    }
}

fn listing_of(dir: &Path, object: &str) -> PathBuf {
    let name = object.rsplit('/').next().unwrap_or(object);

    dir.join(format!("{name}.S"))
}

/// A listing begins with a line that names the file.
fn without_heading(listing: &str) -> String {
    let lines = listing.split_inclusive('\n');

    lines.skip(2).collect()
}

fn write(file: &Path, text: &str) -> Result<()> {
    crate::stamp::write_whole(file, text.as_bytes())
}

/// How many lines there are to compare, of the listings.
fn lines_in(dir: &Path) -> Result<usize> {
    let mut lines = 0;

    for object in HOOKED {
        let file = listing_of(dir, object);
        let text =
            std::fs::read_to_string(&file).or_say(|| format!("cannot read {}", file.display()))?;
        lines += text.lines().count();
    }
    match lines {
        0 => Err(Error::failed("the objects have no code to compare")),
        lines => Ok(lines),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_object_is_not_compared() {
        let listing = "\n/b/mm/slub.o:\tfile format elf64-x86-64\n\nDisassembly\n";

        assert_eq!(without_heading(listing), "\nDisassembly\n");
    }

    #[test]
    fn it_is_the_facility_that_brings_the_hooks() {
        let dir = tempfile::tempdir().expect("a folder");
        let git = Git::tree(dir.path()).by_nobody();
        let commit = |message: &str, file: &str| {
            write(&dir.path().join(file), message).expect("a file");
            git.run(["add", "-A"]).expect("added");
            git.run(["commit", "-q", "-m", message]).expect("a commit");
        };
        let mark = |section: &str| {
            let message = format!("section: {section}");
            git.run(["commit", "-q", "--allow-empty", "-m", &message])
                .expect("a commit");
            git.id("HEAD").expect("a commit")
        };

        git.run(["init", "-q", "-b", "fixed"])
            .expect("a repository");
        commit("linux", "mm/slub.c");
        assert!(without_hooks(&git, "6.18").is_err(), "no such section");
        let before = mark("facility");
        commit("kunit: test it", "lib/kunit/test.c");
        assert!(without_hooks(&git, "6.18").is_err(), "no hooks");
        commit("mm: add hooks", "mm/slub.c");
        mark("tests");
        assert_eq!(without_hooks(&git, "6.18").ok(), Some(before));
    }

    #[test]
    fn an_empty_listing_is_no_comparison() {
        let dir = tempfile::tempdir().expect("a folder");

        assert!(lines_in(dir.path()).is_err());
        for object in HOOKED {
            write(&listing_of(dir.path(), object), "").expect("a file");
        }
        assert!(lines_in(dir.path()).is_err());
        write(&listing_of(dir.path(), HOOKED[0]), "a\nb\n").expect("a file");
        assert_eq!(lines_in(dir.path()).ok(), Some(2));
    }
}
