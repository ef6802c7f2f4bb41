// SPDX-License-Identifier: GPL-2.0

//! A commit of the tree for editing as a file of `patches/BASE`. Author, date and sign-off are the
//! submitter's and are left out, so that the files depend on nothing but the commits.

use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::stamp::remove_file;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where commits are read from and written to.
pub(crate) struct Writer<'a> {
    /// The tree for editing.
    pub(crate) git: Git,
    /// The project.
    pub(crate) top: &'a Path,
    /// A folder of our own.
    pub(crate) out: &'a Path,
    /// New files that this base may have a diff for.
    pub(crate) shared: BTreeSet<String>,
    pub(crate) written: Written,
}

/// What comes of it.
#[derive(Default)]
pub(crate) struct Written {
    /// Files of `patches/BASE` by name, content in a file.
    pub(crate) patches: BTreeMap<String, PathBuf>,
    /// New files by path.
    pub(crate) new: BTreeMap<String, NewFile>,
}

pub(crate) struct NewFile {
    pub(crate) content: Vec<u8>,
    pub(crate) executable: bool,
}

impl Writer<'_> {
    /// A commit for messages: its subject, short.
    pub(crate) fn named(&self, commit: &str) -> Result<String> {
        self.git
            .read(["log", "-1", "--format=commit %h \"%s\"", commit])
    }

    /// The message without sign-offs, as git would tidy it up.
    fn message(&self, commit: &str, format: &str) -> Result<Vec<u8>> {
        let text = self
            .git
            .cmd(["log", "-1", format, commit])
            .checked()?
            .stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        let kept = |line: &&str| !line.starts_with("Signed-off-by: ");
        let text: Vec<&str> = text.lines().filter(kept).collect();
        let strip = self.git.cmd(["stripspace"]).input(text.join("\n"));

        Ok(strip.checked()?.stdout)
    }

    /// The same commit by nobody in particular.
    fn neutral(&self, commit: &str) -> Result<String> {
        let (tree, parent) = (format!("{commit}^{{tree}}"), format!("{commit}^"));
        let message = self.message(commit, "--format=%B")?;
        let git = self.git.clone().by_nobody();

        git.cmd(["commit-tree", &tree, "-p", &parent])
            .input(message)
            .read()
    }

    /// Does this base have a diff for the new file, if it has it differently?
    fn is_shared(&self, path: &str) -> bool {
        self.shared.contains(path) && self.top.join(path).is_file()
    }

    /// Mode and blob of a file of a commit.
    fn entry(&self, commit: &str, path: &str) -> Result<(String, String)> {
        let line = self.git.read(["ls-tree", commit, "--", path])?;
        let mut words = line.split([' ', '\t']);
        let mode = words.next().unwrap_or_default().to_string();

        Ok((mode, words.nth(1).unwrap_or_default().to_string()))
    }

    /// The tree that the diff of a `.new` file is against: the commit's parent, and the new files
    /// as they are, or will be, at the top level.
    fn start_of(&self, commit: &str, added: &[String]) -> Result<String> {
        let git = self.git.clone().index(self.out.join("index"));

        git.run(["read-tree", &format!("{commit}^")])?;
        for path in added {
            let (mode, mut blob) = self.entry(commit, path)?;
            if self.is_shared(path) {
                let store = git.cmd(["hash-object", "-w", "--no-filters", "--"]);
                blob = store.arg(self.top.join(path)).read()?;
            }
            let entry = format!("{mode},{blob},{path}");
            git.run(["update-index", "--add", "--cacheinfo", &entry])?;
        }
        git.read(["write-tree"])
    }

    /// Adds a commit as a `.patch` or a `.new`.
    pub(crate) fn add(&mut self, commit: &str, number: u32) -> Result<()> {
        let status = [
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--no-commit-id",
            "--name-status",
        ];
        let listed = self.git.cmd(status).arg(commit).checked()?.stdout;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let words: Vec<&str> = listed.split('\0').filter(|word| !word.is_empty()).collect();
        let mut added = Vec::new();

        if words.is_empty() {
            return Err(Error::usage(format!(
                "{} changes nothing: drop it, only section marks may be empty",
                self.named(commit)?
            )));
        }
        for pair in words.chunks(2) {
            if let ["A", path] = pair {
                added.push(path.to_string());
            }
        }
        let neutral = self.neutral(commit)?;
        let start = format!("--start-number={number}");
        let file = self
            .git
            .cmd(["format-patch", "-1", "-o"])
            .arg(self.out)
            .args([&start, "--zero-commit", "--no-signature", "--no-numbered"])
            .args(["--full-index", &neutral])
            .read()?;
        let mut file = PathBuf::from(file);
        if !added.is_empty() {
            let list = self.list(&neutral, &added)?;
            remove_file(&file)?;
            file.set_extension("new");
            std::fs::write(&file, list).or_say(|| format!("cannot write {}", file.display()))?;
            for path in added {
                self.add_new(commit, path)?;
            }
        }
        let name = file.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        self.written.patches.insert(name, file);
        Ok(())
    }

    /// The text of a `.new` file.
    fn list(&self, commit: &str, added: &[String]) -> Result<Vec<u8>> {
        let mut text = self.message(commit, "--format=Subject: %s%n%n%b")?;
        let start = self.start_of(commit, added)?;
        let diff = [
            "diff-tree",
            "-r",
            "-p",
            "--full-index",
            "--no-renames",
            &start,
            commit,
        ];
        let diff = self.git.cmd(diff).checked()?.stdout;

        text.extend(format!("---\n{}\n", added.join("\n")).into_bytes());
        if !diff.is_empty() {
            text.push(b'\n');
            text.extend(diff);
        }
        Ok(text)
    }

    fn add_new(&mut self, commit: &str, path: String) -> Result<()> {
        let (mode, blob) = self.entry(commit, &path)?;
        let plain = ["100644", "100755"].contains(&mode.as_str());

        if !plain || path.contains('\n') {
            return Err(Error::usage(format!(
                "{} adds {path}, which is not a plain file",
                self.named(commit)?
            )));
        }
        if !super::series::is_kernel_path(&path) {
            return Err(Error::usage(format!(
                "{} adds {path}, which is not a path below a kernel folder",
                self.named(commit)?
            )));
        }
        if self.is_shared(&path) {
            return Ok(());
        }
        let file = NewFile {
            content: self.git.cmd(["cat-file", "blob", &blob]).checked()?.stdout,
            executable: mode == "100755",
        };
        if self.written.new.insert(path.clone(), file).is_some() {
            return Err(Error::usage(format!(
                "{} adds {path} a second time",
                self.named(commit)?
            )));
        }
        Ok(())
    }
}
