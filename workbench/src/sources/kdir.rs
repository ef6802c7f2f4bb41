// SPDX-License-Identifier: GPL-2.0

//! `KDIR=path`: a kernel tree of the user's as the base. It is read, never written to.

use super::import;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::git::Git;
use crate::settings::Kdir;
use crate::stamp::Inputs;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Sources that a kernel's `.gitignore` does not mean: that of Debian's linux-source packages ignores
/// all at the top, where Debian keeps `debian/` only, and all names that begin with a dot.
const SOURCES: [&str; 19] = [
    "/[!.]*/",
    "/COPYING",
    "/CREDITS",
    "/Kbuild",
    "/Kconfig",
    "/MAINTAINERS",
    "/Makefile",
    "/README",
    ".clang-format",
    ".clippy.toml",
    ".cocciconfig",
    ".editorconfig",
    ".get_maintainer.ignore",
    ".gitattributes",
    ".gitignore",
    ".kunitconfig",
    ".mailmap",
    ".pylintrc",
    ".rustfmt.toml",
];

/// The files of a tree, as they are now.
pub(crate) struct Files {
    dir: PathBuf,
    files: Vec<(PathBuf, std::fs::Metadata)>,
}

impl Files {
    /// Every file that is not ignored, tracked or not, and is there.
    pub(crate) fn of(kdir: &Kdir) -> Result<Files> {
        let own = Git::tree(&kdir.path).with_users_settings();
        let exclude = ["--others", "--exclude-standard"];
        let list = |git: Git, more: &[String]| {
            git.cmd(["ls-files", "-z"])
                .args(more)
                .args(exclude)
                // It would refresh the user's index otherwise.
                .env("GIT_OPTIONAL_LOCKS", "0")
                .dir(&kdir.path)
                .checked()
        };
        let is_git = kdir.path.join(".git").exists() && own.succeeds(["rev-parse", "--git-dir"])?;
        let listed = if is_git {
            list(own, &["--cached".into()])?
        } else {
            let empty = tempfile::tempdir().or_say(|| "cannot make a folder for git")?;
            let git = Git::create_bare(&empty.path().join("git"))?;
            let sources = SOURCES.map(|name| format!("--exclude=!{name}"));
            list(git.work_tree(&kdir.path), &sources)?
        };
        let mut files = Files {
            dir: kdir.path.clone(),
            files: Vec::new(),
        };

        for name in listed.stdout.split(|byte| *byte == 0) {
            let name = PathBuf::from(OsString::from_vec(name.to_vec()));
            let Ok(found) = std::fs::symlink_metadata(kdir.path.join(&name)) else {
                continue;
            };
            if found.is_file() || found.is_symlink() {
                files.files.push((name, found));
            }
        }
        files.files.sort_by(|one, other| one.0.cmp(&other.0));
        files.files.dedup_by(|one, other| one.0 == other.0);
        Ok(files)
    }

    /// A name for this state of the files: as git itself tells whether one has changed, by size
    /// and time.
    pub(crate) fn key(&self) -> String {
        let mut inputs = Inputs::default().add("tree", self.dir.as_os_str().as_bytes());

        for (name, found) in &self.files {
            let state = format!(
                "{} {}.{} {:o}",
                found.size(),
                found.mtime(),
                found.mtime_nsec(),
                found.mode()
            );
            inputs = inputs.add(&name.to_string_lossy(), state.as_bytes());
        }
        inputs.hash()
    }

    /// Imports them into a new repository.
    pub(crate) fn import(&self, git: &Path, message: &str, log: &Log) -> Result<Git> {
        let total = self.files.iter().map(|(_, found)| found.size()).sum();

        import::repository(git, message, total, log, |stream| {
            for (name, found) in &self.files {
                let path = self.dir.join(name);
                let cannot = || format!("cannot read {}", path.display());
                let name = name.as_os_str().as_bytes();

                if found.is_symlink() {
                    let target = std::fs::read_link(&path).or_say(cannot)?;
                    stream.link(name, target.as_os_str().as_bytes())?;
                } else {
                    let mut file = std::fs::File::open(&path).or_say(cannot)?;
                    let executable = found.mode() & 0o100 != 0;
                    stream.file(name, executable, found.size(), &mut file)?;
                }
            }
            Ok(())
        })
    }
}

/// Notes in an imported tree that a repository borrows its objects.
pub(crate) fn note_user(repository: &Path, user: &Path) -> Result<()> {
    let file = repository.join("users");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let user = user.display().to_string();

    if text.lines().any(|known| known == user) {
        return Ok(());
    }
    let mut line = user + "\n";
    // The disk may have been full.
    if !text.is_empty() && !text.ends_with('\n') {
        line.insert(0, '\n');
    }
    // Others may be adding theirs: what is written at once, to the end, is there as a whole.
    File::options()
        .create(true)
        .append(true)
        .open(&file)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .or_say(|| format!("cannot write {}", file.display()))
}

/// Imported trees that somebody has used and nobody does any more.
pub(crate) fn unused(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let borrows = |user: &str, repository: &Path| {
        let alternates = Path::new(user).join("objects/info/alternates");
        let objects = repository.join("objects").display().to_string();

        std::fs::read_to_string(alternates)
            .is_ok_and(|text| text.lines().any(|line| line == objects))
    };

    entries
        .map(|entry| entry.path())
        .filter(|repository| {
            // Without a note it may have been imported just now.
            std::fs::read_to_string(repository.join("users"))
                .is_ok_and(|users| !users.lines().any(|user| borrows(user, repository)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cmd;
    use crate::sources::import::tests::logged;

    fn tree(dir: &Path) -> Kdir {
        let write = |path: &str, text: &str| {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("Makefile", "VERSION = 6\nPATCHLEVEL = 18\n");
        write("Kbuild", "");
        write("mm/mmap.c", "int x;\n");
        write("tools/testing/kunit/kunit.py", "");
        write(".gitignore", "*.o\n");
        write("mm/mmap.o", "object");
        std::os::unix::fs::symlink("mmap.c", dir.join("mm/link.c")).expect("a link");
        Kdir::check(dir).expect("a kernel")
    }

    fn listed(kdir: &Kdir) -> Vec<String> {
        let files = Files::of(kdir).expect("files").files;

        files
            .iter()
            .map(|(name, _)| name.display().to_string())
            .collect()
    }

    const FILES: [&str; 6] = [
        ".gitignore",
        "Kbuild",
        "Makefile",
        "mm/link.c",
        "mm/mmap.c",
        "tools/testing/kunit/kunit.py",
    ];

    #[test]
    fn files_are_listed_with_and_without_git() {
        let dir = tempfile::tempdir().expect("a folder");
        let kdir = tree(dir.path());
        assert_eq!(
            (kdir.base.as_str(), kdir.version.as_str()),
            ("6.18", "6.18.0")
        );
        assert_eq!(listed(&kdir), FILES);

        let git = |arguments: &[&str]| {
            Git::tree(dir.path())
                .by_nobody()
                .run(arguments)
                .expect("git")
        };
        git(&["init", "-q"]);
        git(&["add", "Makefile", "mm"]);
        git(&["commit", "-q", "-m", "x"]);
        assert_eq!(listed(&kdir), FILES);
        std::fs::remove_file(dir.path().join("mm/link.c")).expect("a file");
        assert_eq!(listed(&kdir).len(), FILES.len() - 1);
    }

    #[test]
    fn debian_ignores_all_at_the_top() {
        let dir = tempfile::tempdir().expect("a folder");
        let kdir = tree(dir.path());
        let write = |path: &str, text: &str| std::fs::write(dir.path().join(path), text);

        write(".gitignore", ".*\n*.o\n/*\n!/debian/\n").expect("a file");
        write("vmlinux", "not a source").expect("a file");
        write("mm/.kunitconfig", "").expect("a file");
        let mut files = FILES.to_vec();
        files.insert(3, "mm/.kunitconfig");
        assert_eq!(listed(&kdir), files);
    }

    #[test]
    fn the_key_is_another_when_a_file_changes() {
        let dir = tempfile::tempdir().expect("a folder");
        let kdir = tree(dir.path());
        let key = || Files::of(&kdir).expect("files").key();
        let before = key();
        assert_eq!(key(), before);

        std::fs::write(dir.path().join("mm/mmap.o"), "another object").expect("a file");
        assert_eq!(key(), before);
        std::fs::write(dir.path().join("mm/mmap.c"), "int y;\n").expect("a file");
        assert_ne!(key(), before);
    }

    #[test]
    fn a_tree_is_read_and_not_written_to() {
        let dir = tempfile::tempdir().expect("a folder");
        let kdir = tree(dir.path());
        Cmd::new("chmod")
            .args(["-R", "a-w"])
            .arg(dir.path())
            .read()
            .expect("chmod");
        let state = || {
            Cmd::new("ls")
                .args(["-lR", "--full-time"])
                .arg(dir.path())
                .read()
                .ok()
        };
        let before = state();
        let out = tempfile::tempdir().expect("a folder");

        let git = logged(out.path(), |log| {
            let files = Files::of(&kdir)?;
            files.import(&out.path().join("git"), "linux 6.18.0", log)
        })
        .expect("a repository");
        assert_eq!(state(), before);
        let listed = git.lines(["ls-tree", "-r", "--name-only", "base-tree"]);
        assert_eq!(listed.expect("a tree"), FILES);
        Cmd::new("chmod")
            .args(["-R", "u+w"])
            .arg(dir.path())
            .read()
            .expect("chmod");
    }

    #[test]
    fn users_are_noted_at_once_and_each_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let users: Vec<PathBuf> = (0..8).map(|i| format!("/clone/{i}").into()).collect();
        // A note that was cut short.
        std::fs::write(dir.path().join("users"), "/clo").expect("a file");

        for _ in 0..2 {
            std::thread::scope(|threads| {
                for user in &users {
                    threads.spawn(|| note_user(dir.path(), user).expect("a note"));
                }
            });
        }
        let text = std::fs::read_to_string(dir.path().join("users")).expect("notes");
        let mut noted: Vec<PathBuf> = text.lines().skip(1).map(PathBuf::from).collect();
        noted.retain(|user| *user != PathBuf::new());
        noted.sort();
        assert_eq!(noted, users);
    }
}
