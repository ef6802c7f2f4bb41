// SPDX-License-Identifier: GPL-2.0

//! For tests: a project with a kernel of a dozen files and a series of four patches.

use super::edit::EditTree;
use super::{make_tree, refresh};
use crate::builder::{tests::toy, Builder};
use crate::cli::Args;
use crate::git::Git;
use crate::sources::import::tests::toy_tarball;
use crate::sources::tarball::{tests::vouch_for, Tarball};
use std::path::{Path, PathBuf};

pub(crate) const BASE: &str = "package=linux\nrelease=6.18.15\nversions=6.18.*\nsuites=trixie\n";

/// 30 lines that are all different.
pub(crate) fn lines(name: &str) -> String {
    let lines: Vec<String> = (1..=30).map(|n| format!("int {name}_{n};")).collect();

    lines.join("\n") + "\n"
}

pub(crate) struct Project {
    _dir: tempfile::TempDir,
    pub(crate) top: PathBuf,
}

/// The files of a release.
pub(crate) fn kernel(cache: &Path, version: &str, mmap: &str) -> Tarball {
    std::fs::create_dir_all(cache).expect("a folder");
    let tarball = Tarball::new(cache, version);

    toy_tarball(
        &tarball.file,
        &[
            ("Kbuild", ""),
            ("Makefile", "VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 15\n"),
            ("README", "Linux\n"),
            (".gitignore", "*.o\n"),
            ("arch/arm/Kconfig", ""),
            ("arch/arm/mm/mmap.c", ""),
            ("arch/um/kernel/mem.c", ""),
            ("lib/Makefile", &lines("lib")),
            ("mm/Makefile", "obj-y := mmap.o vma.o\n"),
            ("mm/mmap.c", mmap),
            ("mm/vma.c", &lines("vma")),
            ("scripts/run.sh", "#!/bin/sh\n"),
            ("tools/testing/kunit/kunit.py", "print()\n"),
        ],
    );
    vouch_for(&tarball);
    tarball
}

impl Project {
    /// Without a series.
    pub(crate) fn empty() -> Project {
        let dir = tempfile::tempdir().expect("a folder");
        let project = Project {
            top: dir.path().to_owned(),
            _dir: dir,
        };

        kernel(&project.cache(), "6.18.15", &lines("mmap"));
        project
    }

    /// With a fix of two patches, and tests of a list and a patch.
    pub(crate) fn new() -> Project {
        let project = Project::empty();
        project.run(make_tree::run).expect("a tree");
        project.git(&["reset", "-q", "--hard", "base"]);
        project.edit("mm/mmap.c", "mmap_10;", "mmap_10; /* fixed */");
        project.commit("mm: fix one");
        project.edit("mm/vma.c", "vma_3;", "vma_3; /* destroy */");
        project.commit("mm: fix two\n\nIt says why.");
        for mark in ["section: improve", "section: tests"] {
            project.git(&["commit", "-q", "--allow-empty", "-m", mark]);
        }
        project.write(
            "lib/kunit/fault.c",
            "struct kunit_suite s = {\n.name = \"toy\",\n};\n",
        );
        project.write("lib/kunit/fault.sh", "#!/bin/sh\n");
        project.edit("lib/Makefile", "lib_20;", "lib_20; /* kunit */");
        project.commit("kunit: add files");
        project.edit("mm/mmap.c", "mmap_20;", "mmap_20; /* hook */");
        project.commit("mm: add a hook");
        project.run(refresh::run).expect("patches");
        project
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.top.join("cache/base-6.18")
    }

    pub(crate) fn builder(&self, change: impl FnOnce(&mut Args)) -> Builder {
        let bases = self.top.join("workbench/bases");
        let kept = std::fs::read_to_string(bases.join("6.18"));
        let b = toy(&self.top, |args| {
            args.git_author_date = Some("Fri, 2 Jan 2026 00:00:00 +0000".into());
            change(args);
        });
        let kept = kept.unwrap_or_else(|_| BASE.into());
        std::fs::write(bases.join("6.18"), kept).expect("a file");
        b
    }

    /// A command; what it has said.
    pub(crate) fn run(
        &self,
        command: impl FnOnce(&Builder) -> crate::error::Result<()>,
    ) -> Result<String, String> {
        self.run_with(|_| (), command)
    }

    pub(crate) fn run_with(
        &self,
        change: impl FnOnce(&mut Args),
        command: impl FnOnce(&Builder) -> crate::error::Result<()>,
    ) -> Result<String, String> {
        let b = self.builder(change);

        match command(&b) {
            Ok(()) => Ok(b.console.kept()),
            Err(error) => Err(error.message().to_string()),
        }
    }

    pub(crate) fn tree(&self) -> EditTree {
        EditTree::new(&self.top.join("build/6.18"))
    }

    /// Git in the tree for editing.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let author = crate::git::Person {
            name: "test".into(),
            email: "test@localhost".into(),
        };
        let git = self.tree().git().author(author, "1700000000 +0000");

        git.read(arguments).expect("git")
    }

    /// A commit of all that is there.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    /// A file of the tree for editing.
    pub(crate) fn write(&self, path: &str, text: &str) {
        put(&self.tree().dir.join(path), text);
    }

    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        edit(&self.tree().dir.join(path), from, to);
    }

    /// All files of the project, with their content and mode.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut dirs = vec![self.top.clone()];

        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).expect("a folder").flatten() {
                let path = entry.path();
                let name = path.strip_prefix(&self.top).expect("below").display();
                let name = name.to_string();
                if ["build", "cache"].contains(&name.as_str()) {
                    continue;
                }
                if path.is_dir() {
                    dirs.push(path);
                } else {
                    let text = std::fs::read_to_string(&path).expect("a file");
                    let executable = super::series::is_executable(&path);
                    found.push((name, format!("{executable} {text}")));
                }
            }
        }
        found.sort();
        found
    }

    /// The branches, as the commits that they are.
    pub(crate) fn branches(&self) -> Vec<String> {
        let git = Git::bare(self.top.join("build/6.18/repo.git"));

        git.lines(["rev-parse", "fixed", "unfixed"])
            .expect("branches")
    }
}

pub(crate) fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
    if path.extension().is_some_and(|end| end == "sh") {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("a file");
    }
}

pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).expect("a file");
    assert!(text.contains(from), "{from} in {}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).expect("a file");
}
