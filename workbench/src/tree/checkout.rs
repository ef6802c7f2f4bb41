// SPDX-License-Identifier: GPL-2.0

//! A git tree as a folder of files. Git's index tells which of them differ, so that only these are
//! written, and a build after it does no more than it has to.

use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::git::Git;
use std::path::{Path, PathBuf};

/// Removes all that is not from git.
const CLEAN: [&str; 2] = ["clean", "-ffdxq"];

pub(crate) struct Checkout<'a> {
    pub(crate) repository: &'a Git,
    pub(crate) dir: &'a Path,
    /// Beside the folder, not in it.
    pub(crate) index: &'a Path,
    /// Files that are left out, as patterns of gitignore(5); for one folder of a repository at most.
    pub(crate) without: &'a [&'a str],
}

impl Checkout<'_> {
    fn git(&self) -> Git {
        self.repository
            .clone()
            .work_tree(self.dir)
            .index(self.index)
    }

    /// Makes the folder what the tree is, whatever was done to it.
    pub(crate) fn ensure(
        &self,
        b: &Builder,
        title: &str,
        name: &str,
        tree: impl FnOnce() -> Result<String>,
    ) -> Result<()> {
        if b.planning() {
            return b.quick(title, || Ok(()));
        }
        let tree = tree()?;
        let shown = b.settings.shown(self.dir);
        let has_it = std::fs::read_to_string(self.stamp())
            .is_ok_and(|had| had.trim_end() == self.what(&tree));

        if !has_it || !self.index.is_file() {
            return b.long(title, name, |log| self.set(&tree, log));
        }
        let edits = self.edits()?;
        if let Some(first) = edits.first() {
            let more = match edits.len() {
                1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            b.console.say(format!(
                "{shown} is only for builds: undoing the edit of {first}{more}; to edit: make tree"
            ));
            return b.long(title, name, |log| self.write(&tree, log));
        }
        self.git().run(CLEAN)
    }

    /// The same at once, for who has a log of his own.
    pub(crate) fn set(&self, tree: &str, log: &Log) -> Result<()> {
        let stamp = self.stamp();

        // It is written only when all is there.
        let _ = std::fs::remove_file(&stamp);
        self.write(tree, log)?;
        crate::stamp::write_whole(&stamp, format!("{}\n", self.what(tree)).as_bytes())
    }

    /// What the stamp says.
    fn what(&self, tree: &str) -> String {
        let add = |words: String, pattern: &&str| words + " without " + pattern;

        self.without.iter().fold(tree.to_string(), add)
    }

    /// The file that says which tree it is.
    fn stamp(&self) -> PathBuf {
        self.index.with_extension("tree")
    }

    /// Files that are not as they were written. What programs leave, such as `__pycache__`, is
    /// no edit.
    fn edits(&self) -> Result<Vec<String>> {
        let git = self.git();

        self.unlock();
        // What has only another time is as it was; the index notes that.
        let refreshed = git.cmd(["update-index", "--refresh"]).output()?.text();
        let changed = refreshed
            .lines()
            .filter_map(|line| line.strip_suffix(": needs update"));
        let mut edits: Vec<String> = changed.map(str::to_string).collect();
        edits.extend(git.lines(["ls-files", "--others", "--exclude-standard"])?);
        Ok(edits)
    }

    /// That of somebody who was killed. There is only one of us.
    fn unlock(&self) {
        let mut lock = self.index.as_os_str().to_owned();

        lock.push(".lock");
        let _ = std::fs::remove_file(PathBuf::from(lock));
    }

    fn write(&self, tree: &str, log: &Log) -> Result<()> {
        let git = self.git();

        std::fs::create_dir_all(self.dir)
            .or_say(|| format!("cannot make {}", self.dir.display()))?;
        self.unlock();
        let mut read = git.cmd(self.sparse()?);
        read = read.args(["read-tree", "-u", "--reset", tree]);
        log.run_checked(&read)?;
        log.run_checked(&git.cmd(CLEAN))
    }

    /// Options that make git leave out files; their patterns are in the repository.
    fn sparse(&self) -> Result<Vec<&'static str>> {
        if self.without.is_empty() {
            return Ok(Vec::new());
        }
        let path = ["rev-parse", "--git-path", "info/sparse-checkout"];
        let file = PathBuf::from(self.repository.read(path)?);
        let mut patterns = "/*\n".to_string();

        for pattern in self.without {
            patterns.push_str(&format!("!{pattern}\n"));
        }
        crate::stamp::write_whole(&file, patterns.as_bytes())?;
        Ok(vec![
            "-c",
            "core.sparseCheckout=true",
            "-c",
            "core.sparseCheckoutCone=false",
        ])
    }
}
