// SPDX-License-Identifier: GPL-2.0

//! The tree for editing, `build/BASE/linux`: what `make tree` and `make refresh` both have to know
//! about it.
//!
//! ```text
//! refs/workbench/written    the commit that patches/ has, as far as we know
//! workbench-key             the state of patches/ and the new files then
//! ```

use crate::error::{Context, Result};
use crate::git::Git;
use crate::stamp::write_whole;
use std::path::{Path, PathBuf};

/// Signs that the user is in the middle of something.
const UNFINISHED: [&str; 4] = [
    "rebase-merge",
    "rebase-apply",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
];

/// The tree for editing of a base.
#[derive(Clone, Debug)]
pub(crate) struct EditTree {
    pub(crate) dir: PathBuf,
}

impl EditTree {
    /// That of a folder `build/BASE`.
    pub(crate) fn new(base_build: &Path) -> EditTree {
        EditTree {
            dir: base_build.join("linux"),
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.dir.join(".git").exists()
    }

    pub(crate) fn git_dir(&self) -> PathBuf {
        self.dir.join(".git")
    }

    pub(crate) fn git(&self) -> Git {
        Git::tree(&self.dir)
    }

    /// Why it cannot be replaced or read now; nothing when it can.
    pub(crate) fn in_the_way(&self) -> Result<Option<&'static str>> {
        let unfinished = |state: &&str| self.git_dir().join(state).exists();

        if UNFINISHED.iter().any(unfinished) {
            return Ok(Some(
                "has a rebase, merge or cherry-pick that is not finished",
            ));
        }
        // What the user's own configuration ignores is no edit.
        let status = self
            .git()
            .with_users_settings()
            .read(["status", "--porcelain"])?;
        Ok((!status.is_empty()).then_some("has uncommitted edits"))
    }

    /// Whether it has commits that were not written to patches/.
    pub(crate) fn has_unwritten_commits(&self) -> Result<bool> {
        let git = self.git();

        Ok(Some(git.id("HEAD")?) != git.find("refs/workbench/written")?)
    }

    /// Why nothing of it may be lost; nothing when it is all in patches/.
    pub(crate) fn worth_keeping(&self) -> Result<Option<&'static str>> {
        if let Some(reason) = self.in_the_way()? {
            return Ok(Some(reason));
        }
        let git = self.git();
        let other = [
            "rev-list",
            "-n1",
            "--branches",
            "--not",
            "refs/workbench/written",
            "base",
        ];
        if self.has_unwritten_commits()? || !git.read(other)?.is_empty() {
            return Ok(Some("has commits that are not in patches/ yet"));
        }
        let stash = git.find("refs/stash")?;
        Ok(stash.map(|_| "has stashed edits"))
    }

    /// The state of patches/ and the new files when they were the same.
    pub(crate) fn key(&self) -> String {
        let text = std::fs::read_to_string(self.git_dir().join("workbench-key"));

        text.unwrap_or_default().trim_end().to_string()
    }

    /// Notes that patches/ and the tree are the same now.
    pub(crate) fn record(&self, key: &str) -> Result<()> {
        let git = self.git();

        git.run(["update-ref", "refs/workbench/written", "HEAD"])?;
        write_whole(
            &self.git_dir().join("workbench-key"),
            format!("{key}\n").as_bytes(),
        )
    }

    /// Throws edits away that are in the way.
    pub(crate) fn discard(&self) -> Result<()> {
        for state in UNFINISHED {
            let path = self.git_dir().join(state);
            let removed = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false if path.exists() => std::fs::remove_file(&path),
                false => Ok(()),
            };
            removed.or_say(|| format!("cannot remove {}", path.display()))?;
        }
        self.git().run(["reset", "-q", "--hard"])?;
        self.git().run(["clean", "-fdq"])
    }

    /// Commits on top of the base.
    pub(crate) fn commits(&self) -> Result<usize> {
        Ok(self.git().lines(["rev-list", "base..HEAD"])?.len())
    }
}
