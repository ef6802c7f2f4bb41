// SPDX-License-Identifier: GPL-2.0

//! Git as it is everywhere, whatever the user's configuration says; and the user's own, where the
//! tree is the user's to work in.

use crate::error::{Error, Kind, Result, FULL_DISK};
use crate::process::Cmd;
use std::path::{Path, PathBuf};

/// Who is the author, where nobody in particular is.
pub(crate) const NOBODY: Person = Person {
    name: std::borrow::Cow::Borrowed("Series submitter"),
    email: std::borrow::Cow::Borrowed("submitter@localhost"),
};
pub(crate) const NOBODYS_DATE: &str = "Thu, 1 Jan 2026 00:00:00 +0000";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: std::borrow::Cow<'static, str>,
    pub(crate) email: std::borrow::Cow<'static, str>,
}

/// Where git works: a repository, and maybe a work tree and an index of its own.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    dir: PathBuf,
    /// A bare repository rather than a folder with a work tree.
    bare: bool,
    work_tree: Option<PathBuf>,
    index: Option<PathBuf>,
    /// With the user's configuration.
    users: bool,
    author: Option<(Person, String)>,
}

/// Whether a disk has less room than a file may take.
fn has_no_room(dir: &Path) -> bool {
    nix::sys::statvfs::statvfs(dir)
        .is_ok_and(|disk| disk.blocks_available() * disk.fragment_size() < ROOM)
}

/// Bytes.
const ROOM: u64 = 4 << 20;

impl Git {
    /// A bare repository.
    pub(crate) fn bare(dir: impl AsRef<Path>) -> Git {
        Git {
            dir: dir.as_ref().to_owned(),
            bare: true,
            work_tree: None,
            index: None,
            users: false,
            author: None,
        }
    }

    /// A folder with a work tree of its own.
    pub(crate) fn tree(dir: impl AsRef<Path>) -> Git {
        Git {
            bare: false,
            ..Git::bare(dir)
        }
    }

    /// With the user's own configuration: names, hooks, editors.
    pub(crate) fn with_users_settings(mut self) -> Git {
        self.users = true;
        self
    }

    pub(crate) fn work_tree(mut self, dir: impl AsRef<Path>) -> Git {
        self.work_tree = Some(dir.as_ref().to_owned());
        self
    }

    pub(crate) fn index(mut self, file: impl AsRef<Path>) -> Git {
        self.index = Some(file.as_ref().to_owned());
        self
    }

    /// Author and committer of the commits that are made.
    pub(crate) fn author(mut self, person: Person, date: impl Into<String>) -> Git {
        self.author = Some((person, date.into()));
        self
    }

    /// Nobody in particular, at no particular time: the same tree is the same commit everywhere.
    pub(crate) fn by_nobody(self) -> Git {
        self.author(NOBODY, NOBODYS_DATE)
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A git command, to be run.
    pub(crate) fn cmd<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Cmd {
        let mut cmd = Cmd::new("git");

        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            cmd = cmd.env_remove(name);
        }
        if !self.users {
            cmd = cmd
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"])
                .args(["-c", "core.fsync=none", "-c", "advice.detachedHead=false"])
                .args(["-c", "safe.directory=*", "-c", "checkout.workers=0"]);
        }
        cmd = match self.bare {
            true => cmd.env("GIT_DIR", &self.dir),
            false => cmd.arg("-C").arg(&self.dir),
        };
        if let Some(dir) = &self.work_tree {
            cmd = cmd
                .env("GIT_WORK_TREE", dir)
                .args(["-c", "core.bare=false"]);
        }
        if let Some(index) = &self.index {
            cmd = cmd.env("GIT_INDEX_FILE", index);
        }
        if let Some((person, date)) = &self.author {
            cmd = cmd
                .env("GIT_AUTHOR_NAME", person.name.as_ref())
                .env("GIT_AUTHOR_EMAIL", person.email.as_ref())
                .env("GIT_AUTHOR_DATE", date)
                .env("GIT_COMMITTER_NAME", person.name.as_ref())
                .env("GIT_COMMITTER_EMAIL", person.email.as_ref())
                .env("GIT_COMMITTER_DATE", date);
        }
        cmd.args(arguments)
    }

    /// Runs it; it has to end well. Returns standard output without the line ends at its end.
    pub(crate) fn read<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<String> {
        self.cmd(arguments).read().map_err(|error| {
            let dir = self.work_tree.as_ref().unwrap_or(&self.dir);

            // Of each file that it cannot write git says so, and not why.
            match error.kind() == Kind::Usage && has_no_room(dir) {
                true => Error::usage(format!("{FULL_DISK} ({})", error.message())),
                false => error,
            }
        })
    }

    /// Runs it; it has to end well.
    pub(crate) fn run<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<()> {
        self.read(arguments).map(drop)
    }

    /// Whether it ends well; what it says is nobody's concern.
    pub(crate) fn succeeds<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<bool> {
        Ok(self.cmd(arguments).output()?.status.success())
    }

    /// Standard output by lines.
    pub(crate) fn lines<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Vec<String>> {
        Ok(self.read(arguments)?.lines().map(str::to_string).collect())
    }

    /// The object that a name stands for.
    pub(crate) fn id(&self, name: &str) -> Result<String> {
        self.read(["rev-parse", "--verify", "-q", name])
            .map_err(|error| match error.kind() {
                Kind::Interrupted(_) => error,
                _ => Error::usage(format!("{}: no {name} in there", self.dir.display())),
            })
    }

    /// The object that a name stands for, if there is one.
    pub(crate) fn find(&self, name: &str) -> Result<Option<String>> {
        let output = self.cmd(["rev-parse", "--verify", "-q", name]).output()?;

        Ok(output.status.success().then(|| output.text()))
    }

    /// Makes an empty bare repository that stores fast rather than small.
    pub(crate) fn create_bare(dir: &Path) -> Result<Git> {
        let git = Git::bare(dir);

        Git::tree(".")
            .cmd(["init", "-q", "--bare"])
            .arg(dir)
            .read()?;
        git.run(["config", "core.compression", "1"])?;
        git.run(["config", "gc.auto", "0"])?;
        Ok(git)
    }
}
