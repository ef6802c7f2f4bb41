// SPDX-License-Identifier: GPL-2.0

//! Checks as a table: each has a name, the files that it is about, and what it runs.

use crate::console::Log;
use crate::error::Result;
use crate::git::Git;

/// A check of a patch or of a section, which is what it is given.
pub(crate) struct Check<S> {
    pub(crate) name: &'static str,
    pub(crate) about: Files,
    /// Whether it has found nothing. What it finds goes to the log.
    pub(crate) run: fn(&S, &Log) -> Result<bool>,
}

/// Files of a change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Files {
    /// As git takes them; all if there are none.
    pub(crate) patterns: &'static [&'static str],
    /// Only those that are new.
    pub(crate) added: bool,
    /// Only those that kbuild knows, which leaves out `tools/`.
    pub(crate) kernel: bool,
}

impl Files {
    pub(crate) const ALL: Files = Files {
        patterns: &[],
        added: false,
        kernel: false,
    };

    /// Those that are changed or new, and match a pattern.
    pub(crate) const fn like(patterns: &'static [&'static str]) -> Files {
        Files {
            patterns,
            ..Files::ALL
        }
    }

    /// The same, of the kernel itself.
    pub(crate) const fn of_kernel(patterns: &'static [&'static str]) -> Files {
        Files {
            patterns,
            kernel: true,
            ..Files::ALL
        }
    }
}

/// From one commit to another.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Change {
    /// The files of a change that are there after it.
    pub(crate) fn files(&self, git: &Git, files: Files) -> Result<Vec<String>> {
        let filter = match files.added {
            true => "--diff-filter=A",
            false => "--diff-filter=d",
        };
        let mut paths = git.lines(
            [
                "diff",
                "--name-only",
                filter,
                &self.before,
                &self.after,
                "--",
            ]
            .iter()
            .chain(files.patterns),
        )?;

        if files.kernel {
            paths.retain(|path| !path.starts_with("tools/"));
        }
        Ok(paths)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::Path;

    /// A repository with a commit, and one that changes and adds files.
    pub(crate) fn toy(dir: &Path) -> (Git, Change) {
        let git = Git::tree(dir).by_nobody();
        let write = |path: &str, text: &str| {
            let file = dir.join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        };
        let commit = |message: &str| {
            git.run(["add", "-A"]).expect("added");
            git.run(["commit", "-q", "-m", message]).expect("a commit");
            git.id("HEAD").expect("a commit")
        };

        std::fs::create_dir_all(dir).expect("a folder");
        git.run(["init", "-q"]).expect("a repository");
        write("mm/vma.c", "int a;\n");
        write("mm/old.c", "int b;\n");
        let before = commit("base");
        write("mm/vma.c", "int c;\n");
        write("mm/new.c", "int d;\n");
        write("tools/new.c", "int e;\n");
        write("rust/new.rs", "fn f() {}\n");
        std::fs::remove_file(dir.join("mm/old.c")).expect("removed");
        let after = commit("mm: change it");
        (git, Change { before, after })
    }

    #[test]
    fn files_are_picked() {
        let dir = tempfile::tempdir().expect("a folder");
        let (git, change) = toy(dir.path());
        let files = |files| change.files(&git, files).expect("a list");

        assert_eq!(files(Files::ALL).len(), 4);
        assert_eq!(
            files(Files::like(&["*.c"])),
            ["mm/new.c", "mm/vma.c", "tools/new.c"]
        );
        assert_eq!(files(Files::of_kernel(&["*.c"])), ["mm/new.c", "mm/vma.c"]);
        assert_eq!(files(Files::like(&["rust/*"])), ["rust/new.rs"]);
        let added = Files {
            added: true,
            ..Files::ALL
        };
        assert_eq!(files(added), ["mm/new.c", "rust/new.rs", "tools/new.c"]);
        assert!(files(Files::like(&["*.S"])).is_empty());
    }
}
