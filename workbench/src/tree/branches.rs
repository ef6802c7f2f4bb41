// SPDX-License-Identifier: GPL-2.0

//! Branches in `build/BASE/repo.git`: `fixed`, the whole series, and `unfixed`, the base, the
//! facility and the tests, without the fix and what improves it.

use super::assemble::{self, Author, Target};
use super::series::{Section, Series, FACILITY, FIX, SECTIONS, TESTS};
use super::suites::{self, Suites};
use crate::builder::{Builder, Step};
use crate::error::{Context, Result};
use crate::git::Git;
use crate::sources::base::{Base, Source};
use crate::stamp::write_whole;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Branch {
    /// The whole series.
    Fixed,
    /// The base, the facility and the tests, without the sections before them.
    Unfixed,
}

impl Branch {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Branch::Fixed => "fixed",
            Branch::Unfixed => "unfixed",
        }
    }

    /// Where a section's patches are as they are mailed and tested by themselves. The facility
    /// needs no other section, and is there on the base itself.
    pub(crate) fn of(section: Section) -> Branch {
        match section == FACILITY {
            true => Branch::Unfixed,
            false => Branch::Fixed,
        }
    }
}

/// Makes sure that the branches are those of `patches/` and the new files as they are now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Branches;

/// Where they are.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) dir: PathBuf,
    pub(crate) source: Source,
    top: PathBuf,
    new_files: Vec<String>,
}

impl Step for Branches {
    type Output = Repository;

    fn run(&self, b: &Builder) -> Result<Repository> {
        let source = b.ensure(Base)?;
        let repository = Repository {
            dir: b.settings.base_build().join("repo.git"),
            source,
            top: b.settings.dirs.top.clone(),
            new_files: Series::new(&b.settings).new_files(),
        };

        b.quick("branches fixed and unfixed", || repository.make(b))?;
        Ok(repository)
    }
}

impl Repository {
    pub(crate) fn git(&self) -> Git {
        Git::bare(&self.dir)
    }

    fn make(&self, b: &Builder) -> Result<()> {
        let key = assemble::key(b, &self.source)?;
        let stamp = self.dir.join("assembled");
        let made_from = std::fs::read_to_string(&stamp).unwrap_or_default();

        if made_from.trim_end() == key {
            // The cache may have moved since.
            assemble::borrow_objects(&self.dir, &self.source)?;
            if self.git().succeeds(["cat-file", "-e", "fixed^{tree}"])? {
                return Ok(());
            }
        }
        if !self.dir.join("HEAD").is_file() {
            // Half of one is no use.
            if self.dir.exists() {
                std::fs::remove_dir_all(&self.dir)
                    .or_say(|| format!("cannot remove {}", b.settings.shown(&self.dir)))?;
            }
            std::fs::create_dir_all(b.settings.base_build())
                .or_say(|| format!("cannot make {}", b.settings.shown(&self.dir)))?;
            Git::create_bare(&self.dir)?;
        }
        let git = self.git();
        assemble::borrow_base(&git, &self.dir, &self.source)?;
        let targets = [
            Target {
                reference: "refs/heads/fixed",
                sections: &SECTIONS,
            },
            Target {
                reference: "refs/heads/unfixed",
                sections: &[FACILITY, TESTS],
            },
        ];
        assemble::assemble(b, &self.source, &git, &targets, &Author::nobody())?;
        write_whole(&stamp, format!("{key}\n").as_bytes())
    }

    /// The git tree of a branch, as its hash.
    pub(crate) fn tree(&self, branch: Branch) -> Result<String> {
        self.git().id(&format!("{}^{{tree}}", branch.name()))
    }

    /// The commits of a section on a branch or ref, in order.
    pub(crate) fn section(&self, section: &str, of: &str) -> Result<Vec<String>> {
        let range = format!("base..{of}");
        let listed = self
            .git()
            .lines(["log", "--reverse", "--format=%H %s", &range])?;
        let mut within = FIX.name.to_string();
        let mut commits = Vec::new();

        for line in listed {
            let (commit, subject) = line.split_once(' ').unwrap_or((&line, ""));
            match subject.strip_prefix("section: ") {
                Some(name) => within = name.to_string(),
                None if within == section => commits.push(commit.to_string()),
                None => {}
            }
        }
        Ok(commits)
    }

    /// The names of the project's own KUnit suites, as the sources declare them.
    pub(crate) fn suites(&self, which: Suites) -> Result<Vec<String>> {
        let files = self.new_files.iter().map(String::as_str);

        suites::suites_in(&self.top, files.filter(|path| which.has(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::make_tree;
    use crate::tree::toy::{edit, put, Project};

    fn make(b: &Builder) -> Result<()> {
        b.ensure(Branches).map(drop)
    }

    #[test]
    fn the_control_has_all_tests_and_nothing_of_the_fix() {
        let project = Project::new();
        let repository = project.builder(|_| ()).ensure(Branches).expect("branches");
        let read = |arguments: &[&str]| repository.git().read(arguments).expect("git");

        let fix = "fixed^{/^section: tests}";
        assert_eq!(
            read(&["log", "-2", "--format=%s", fix]),
            "section: tests\nsection: facility"
        );
        assert_eq!(
            read(&["diff", "--name-only", "base", fix]),
            "mm/mmap.c\nmm/vma.c"
        );
        assert_eq!(read(&["diff", "base", "unfixed", "--", "mm/vma.c"]), "");
        let changed = |one, other| read(&["diff", "--name-status", one, other]);
        assert_eq!(changed("base", "unfixed"), changed(fix, "fixed"));
        assert_eq!(
            read(&[
                "ls-tree",
                "-r",
                "--format=%(objectmode) %(path)",
                "fixed",
                "lib"
            ]),
            "100644 lib/Makefile\n100644 lib/kunit/fault.c\n100755 lib/kunit/fault.sh"
        );
        assert_eq!(
            repository.section("fix", "fixed").expect("commits").len(),
            2
        );
        assert_eq!(
            repository.section("tests", "fixed").expect("commits").len(),
            2
        );
        assert_eq!(
            repository
                .section("tests", "unfixed")
                .expect("commits")
                .len(),
            2
        );
        assert_eq!(repository.suites(Suites::Fork).expect("names"), ["toy"]);
        assert_ne!(
            repository.tree(Branch::Fixed).expect("a tree"),
            repository.tree(Branch::Unfixed).expect("a tree")
        );
    }

    #[test]
    fn branches_follow_their_inputs() {
        let project = Project::new();
        project.run(make).expect("branches");
        let before = project.branches();
        project.run(make).expect("branches");
        assert_eq!(project.branches(), before);

        edit(&project.top.join("lib/kunit/fault.c"), "toy", "other");
        project.run(make).expect("branches");
        assert_ne!(project.branches(), before);
        edit(&project.top.join("lib/kunit/fault.c"), "other", "toy");
        // Half a repository is made anew.
        std::fs::remove_file(project.top.join("build/6.18/repo.git/HEAD")).expect("a file");
        project.run(make).expect("branches");
        assert_eq!(project.branches(), before);
        // So is what refers to a cache that has moved.
        std::fs::rename(project.cache(), project.top.join("cache/away")).expect("a folder");
        std::fs::create_dir(project.cache()).expect("a folder");
        for name in ["linux-6.18.15.tar.xz", "linux-6.18.15.tar.xz.sha256"] {
            let from = project.top.join("cache/away").join(name);
            std::fs::copy(from, project.cache().join(name)).expect("a copy");
        }
        project.run(make).expect("branches");
        assert_eq!(project.branches(), before);
    }

    #[test]
    fn what_does_not_apply_changes_nothing() {
        let project = Project::new();
        project.run(make).expect("branches");
        let before = project.branches();
        let patch = "patches/6.18/0002-mm-fix-two.patch";
        let whole = std::fs::read_to_string(project.top.join(patch)).expect("a patch");

        edit(&project.top.join(patch), " int vma_2", " int vma_x");
        let error = project.run(make).expect_err("it does not apply");
        assert_eq!(
            error,
            format!(
                "{patch} does not apply to linux 6.18.15: mm/vma.c, hunk at line 1; nothing was \
                 changed"
            )
        );
        assert_eq!(project.branches(), before);
        std::fs::remove_dir_all(project.tree().dir).expect("a tree");
        let error = project.run(make_tree::run).expect_err("it does not apply");
        assert!(error.starts_with(&format!("{patch} does not apply")));
        assert!(!project.tree().dir.exists());
        for (from, to) in [("mm/vma.c", "mm/none.c"), ("@@ -1,6", "@@ -1,16")] {
            put(&project.top.join(patch), &whole.replace(from, to));
            let error = project.run(make).expect_err("it does not apply");
            assert!(
                error.starts_with(&format!("{patch} does not apply")),
                "{error}"
            );
        }
        put(&project.top.join(patch), "nonsense\n");
        let error = project.run(make).expect_err("no mail");
        assert_eq!(error, format!("{patch}: no Subject line"));
    }

    #[test]
    fn a_list_names_new_files_of_the_kernel() {
        let project = Project::new();
        project.run(make).expect("branches");
        let before = project.branches();
        let list = "patches/6.18/0199-x.new";
        let refused = |path: &str| {
            put(
                &project.top.join(list),
                &format!("Subject: x\n\n---\n{path}\n"),
            );
            let error = project.run(make).expect_err("refused");
            error.strip_prefix(list).unwrap_or(&error).to_string()
        };

        assert_eq!(
            refused("mm/no_such_file.c"),
            ": mm/no_such_file.c is not there: add the file, or take the line out"
        );
        put(&project.top.join("README.md"), "");
        for path in [
            "../passwd",
            "workbench/lib.sh",
            "/etc/passwd",
            "README.md",
            "Makefile",
            ".git/x",
            "mm//x",
            "mm/./x",
            "build/x",
            "patches/x",
            ".ci/run",
            "mm/",
        ] {
            assert_eq!(
                refused(path),
                format!(": {path} cannot be a new file: not a path below a kernel folder")
            );
        }
        for path in ["mm/mmap.c", "lib/kunit/fault.c", "mm/mmap.c/x"] {
            if path.ends_with('x') {
                std::fs::remove_file(project.top.join("mm/mmap.c")).expect("a file");
            }
            put(&project.top.join(path), "");
            let error = refused(path);
            let what = format!(": {path} is not new: linux 6.18.15 or an earlier commit has it");
            assert_eq!(error, what);
            if path.starts_with("lib") {
                // As the series has it.
                let text = "struct kunit_suite s = {\n.name = \"toy\",\n};\n";
                put(&project.top.join(path), text);
            }
        }
        std::fs::remove_file(project.top.join(list)).expect("a file");
        put(&project.top.join("patches/6.18/0251-x.patch"), "");
        assert!(project
            .run(make)
            .expect_err("a number")
            .contains("no section has that number"));
        std::fs::remove_file(project.top.join("patches/6.18/0251-x.patch")).expect("a file");
        project.run(make).expect("branches");
        assert_eq!(project.branches(), before);
    }

    #[test]
    fn a_plan_touches_nothing() {
        let project = Project::new();
        std::fs::remove_dir_all(project.top.join("build")).expect("a folder");
        let b = project.builder(|args| args.dry_run = Some("1".into()));

        b.ensure(Branches).expect("a plan");
        assert_eq!(b.plan(), "branches fixed and unfixed\n");
        assert!(!project.top.join("build").exists());
    }
}
