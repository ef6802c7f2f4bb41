// SPDX-License-Identifier: GPL-2.0

//! Files as one commit of a new repository, by way of git fast-import. That is several times
//! faster than to unpack 90000 files and to add each of them.
//!
//! Several of it store the files side by side, as each is busy with hashes and compression; a
//! last one makes the commit.

use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::interrupt;
use crate::process::{ended, Cmd, Running};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Bytes between two reports of how far it is.
const REPORT: u64 = 20_000_000;
/// Files that wait to be stored.
const QUEUE: usize = 200;
/// More would only wait for the tar.
const MOST_IMPORTERS: usize = 4;

/// A file's content, as git fast-import reads it.
struct Blob {
    mark: u64,
    content: Vec<u8>,
}

/// Where files are written to that are to be imported.
pub(crate) struct Stream<'a> {
    queue: SyncSender<Blob>,
    /// The commit, as git fast-import reads it.
    commit: Vec<u8>,
    files: u64,
    bytes: u64,
    reported: u64,
    /// Of the bytes that there will be.
    expected: u64,
    log: &'a Log,
}

/// Makes a bare repository in `dir` with one commit, tag `base-tree`; `fill` writes its files. The
/// author and the date are fixed: the same files are the same commit everywhere.
pub(crate) fn repository(
    dir: &Path,
    message: &str,
    expected: u64,
    log: &Log,
    fill: impl FnOnce(&mut Stream<'_>) -> Result<()>,
) -> Result<Git> {
    let git = Git::create_bare(dir)?;
    let importers = thread::available_parallelism().map_or(1, |n| n.get().min(MOST_IMPORTERS));
    let marks: Vec<PathBuf> = (0..importers)
        .map(|n| dir.join(format!("marks.{n}")))
        .collect();
    let (queue, blobs) = sync_channel(QUEUE);
    let mut stream = Stream {
        queue,
        commit: format!(
            "commit refs/heads/base\ncommitter Linux <linux@localhost> 1 +0000\ndata {}\n{message}\n",
            message.len()
        )
        .into_bytes(),
        files: 0,
        bytes: 0,
        reported: 0,
        expected,
        log,
    };
    // The last importer to let it go makes the queue refuse files.
    let blobs = std::sync::Arc::new(Mutex::new(blobs));

    let (filled, stored) = thread::scope(|threads| {
        let running: Vec<_> = marks
            .iter()
            .map(|marks| {
                let (blobs, git) = (blobs.clone(), &git);
                threads.spawn(move || store(git, marks, &blobs, log))
            })
            .collect();
        drop(blobs);
        let filled = fill(&mut stream);
        let Stream { queue, .. } = &mut stream;
        // Nothing more comes.
        *queue = sync_channel(0).0;
        let stored: Result<Vec<()>> = running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(Error::failed("a thread died")))
            })
            .collect();
        (filled, stored)
    });
    // When git has stopped to read, it has said why.
    stored?;
    filled?;
    if stream.files == 0 {
        return Err(Error::failed("there are no files to import"));
    }
    let mut last = importer(&git);
    for marks in &marks {
        last = last.arg(format!("--import-marks={}", marks.display()));
    }
    stream.commit.extend(b"done\n");
    log.run_checked(&last.input(stream.commit))?;
    for marks in &marks {
        std::fs::remove_file(marks).or_say(|| format!("cannot remove {}", marks.display()))?;
    }
    log.say(format!("imported {} files", stream.files));
    git.run(["symbolic-ref", "HEAD", "refs/heads/base"])?;
    git.run(["tag", "base-tree", "refs/heads/base"])?;
    Ok(git)
}

fn importer(git: &Git) -> Cmd {
    git.cmd(["-c", "fastimport.unpackLimit=0", "fast-import"])
        .args(["--quiet", "--done", "--depth=0"])
}

/// Stores files from the queue until there are no more; their marks are in a file then.
fn store(git: &Git, marks: &Path, blobs: &Mutex<Receiver<Blob>>, log: &Log) -> Result<()> {
    let cmd = importer(git).arg(format!("--export-marks={}", marks.display()));
    let mut importer: Running = cmd.start_fed(log.file())?;
    let Some(mut pipe) = importer.child.stdin.take() else {
        return Err(Error::failed("no pipe"));
    };
    let mut feed = || -> std::io::Result<()> {
        loop {
            let next = blobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(blob) = next else {
                return pipe.write_all(b"done\n");
            };
            let head = format!("blob\nmark :{}\ndata {}\n", blob.mark, blob.content.len());
            pipe.write_all(head.as_bytes())?;
            pipe.write_all(&blob.content)?;
            pipe.write_all(b"\n")?;
        }
    };
    // It has stopped to read: its exit code tells more.
    let fed = feed();
    drop(pipe);
    let status = importer.wait(None)?;
    if !status.success() {
        return Err(Error::failed(ended(status)));
    }
    fed.or_say(|| "git fast-import does not read any more")
}

impl Stream<'_> {
    /// A file of `size` bytes.
    pub(crate) fn file(
        &mut self,
        name: &[u8],
        executable: bool,
        size: u64,
        content: &mut impl Read,
    ) -> Result<()> {
        let mode = if executable { "100755" } else { "100644" };
        let mut whole = Vec::with_capacity(usize::try_from(size).unwrap_or(0));

        content
            .take(size)
            .read_to_end(&mut whole)
            .or_say(|| said(name))?;
        if whole.len() as u64 != size {
            return Err(Error::failed(format!("{}: ends too early", said(name))));
        }
        self.entry(mode, name, whole)
    }

    /// A symbolic link.
    pub(crate) fn link(&mut self, name: &[u8], target: &[u8]) -> Result<()> {
        self.entry("120000", name, target.to_vec())
    }

    fn entry(&mut self, mode: &str, name: &[u8], content: Vec<u8>) -> Result<()> {
        if name.starts_with(b"\"") || name.contains(&b'\n') {
            return Err(Error::failed(format!("odd file name: {}", said(name))));
        }
        self.files += 1;
        // A tar has a header for each, and whole blocks.
        self.bytes += content.len() as u64 + 768;
        self.commit
            .extend(format!("M {mode} :{} ", self.files).into_bytes());
        self.commit.extend(name);
        self.commit.push(b'\n');
        let blob = Blob {
            mark: self.files,
            content,
        };
        self.queue
            .send(blob)
            .or_say(|| "git fast-import does not read any more")?;
        if self.bytes - self.reported > REPORT {
            self.reported = self.bytes;
            interrupt::check()?;
            let percent = self.bytes.min(self.expected) * 100 / self.expected.max(1);
            self.log.progress(percent);
        }
        Ok(())
    }
}

fn said(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// Imports what is in a tar, without the folder that all of it is in.
pub(crate) fn tar(stream: &mut Stream<'_>, tar: impl Read) -> Result<()> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().or_say(|| "cannot read the tar")?;

    for entry in entries {
        let mut entry = entry.or_say(|| "cannot read the tar")?;
        let name = entry.path_bytes().into_owned();
        let name = name.strip_prefix(b"./").unwrap_or(&name);
        let first = name.iter().position(|byte| *byte == b'/');
        let name = first.map_or(&b""[..], |first| &name[first + 1..]);
        let header = entry.header();
        let kind = header.entry_type();
        let executable = header.mode().unwrap_or(0) & 0o100 != 0;
        let size = entry.size();

        if kind.is_dir() || kind.is_pax_global_extensions() || name.is_empty() {
            continue;
        }
        if kind.is_file() {
            stream.file(name, executable, size, &mut entry)?;
        } else if kind.is_symlink() {
            let target = entry.link_name_bytes().unwrap_or_default().into_owned();
            stream.link(name, &target)?;
        } else {
            return Err(Error::failed(format!(
                "{}: cannot import a member of type {kind:?}",
                said(name)
            )));
        }
    }
    // Who writes it wants to be read to the end.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink())
        .or_say(|| "cannot read the tar")?;
    Ok(())
}

/// Imports a compressed tarball.
pub(crate) fn tarball(dir: &Path, message: &str, file: &Path, log: &Log) -> Result<Git> {
    let xz = |arguments: &[&str]| Cmd::new("xz").args(arguments).arg(file);
    let listed = xz(&["--robot", "-l"]).read()?;
    let totals = listed.lines().find(|line| line.starts_with("totals"));
    let expected = totals.and_then(|line| line.split('\t').nth(4)?.parse().ok());
    let mut unpacker = xz(&["-dc", "-T0"]).start_piped(log.file())?;
    let pipe = unpacker.child.stdout.take();
    let pipe = pipe.ok_or_else(|| Error::failed("no pipe"))?;

    let imported = repository(dir, message, expected.unwrap_or(0), log, |stream| {
        tar(stream, std::io::BufReader::with_capacity(1 << 18, pipe))
    });
    // A tar that ends early does so because of what has unpacked it.
    if let Some(status) = unpacker.finished()?.filter(|status| !status.success()) {
        return Err(Error::failed(ended(status)));
    }
    let git = imported?;
    let status = unpacker.wait(None)?;
    match status.success() {
        true => Ok(git),
        false => Err(Error::failed(ended(status))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::console::{Console, Long};

    /// A tarball of files below a folder, as the archive has one.
    pub(crate) fn toy_tarball(path: &Path, files: &[(&str, &str)]) {
        let mut tar = tar::Builder::new(Vec::new());
        let mut add = |kind, name: &str, mode, content: &str| {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_size(content.len() as u64);
            header.set_cksum();
            tar.append_data(&mut header, name, content.as_bytes())
                .expect("a member");
        };
        add(tar::EntryType::Directory, "linux-6.18.15/", 0o755, "");
        for (name, content) in files {
            let mode = if name.ends_with(".sh") { 0o755 } else { 0o644 };
            add(
                tar::EntryType::Regular,
                &format!("linux-6.18.15/{name}"),
                mode,
                content,
            );
        }
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "linux-6.18.15/link", "mm/mmap.c")
            .expect("a link");
        let content = tar.into_inner().expect("a tar");
        let packed = Cmd::new("xz").arg("-c").input(content).checked();
        std::fs::write(path, packed.expect("xz").stdout).expect("a file");
    }

    pub(crate) fn logged<T>(dir: &Path, job: impl FnOnce(&Log) -> Result<T>) -> Result<T> {
        Console::quiet().long(
            &Long {
                title: "import",
                log: dir.join("log"),
                shown: "log".into(),
                mirror: "",
            },
            job,
        )
    }

    #[test]
    fn a_tarball_becomes_a_commit() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("x.tar.xz");
        let long = format!("{}file.c", "folder/".repeat(30));
        toy_tarball(
            &file,
            &[("mm/mmap.c", "int x;\n"), ("a.sh", ""), (&long, "y")],
        );
        let import = |name: &str| {
            logged(dir.path(), |log| {
                tarball(&dir.path().join(name), "linux 6.18.15", &file, log)
            })
            .expect("a repository")
        };
        let git = import("one.git");

        let listed = git.lines([
            "ls-tree",
            "-r",
            "--format=%(objectmode) %(path)",
            "base-tree",
        ]);
        assert_eq!(
            listed.expect("a tree"),
            [
                "100755 a.sh",
                &format!("100644 {}file.c", "folder/".repeat(30)),
                "120000 link",
                "100644 mm/mmap.c"
            ]
        );
        assert_eq!(
            git.read(["show", "base:mm/mmap.c"]).ok(),
            Some("int x;".into())
        );
        assert_eq!(
            git.read(["show", "base:link"]).ok(),
            Some("mm/mmap.c".into())
        );
        // The same commit, wherever it is made.
        let other = import("two.git");
        assert_eq!(git.id("base-tree").ok(), other.id("base-tree").ok());
    }

    #[test]
    fn a_damaged_tarball_is_no_commit() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("x.tar.xz");
        toy_tarball(&file, &[("mm/mmap.c", &"int x;\n".repeat(9999))]);
        let whole = std::fs::read(&file).expect("a file");
        for (name, content) in [("cut", &whole[..whole.len() - 40]), ("odd", b"odd")] {
            std::fs::write(&file, content).expect("a file");
            let git = dir.path().join(name);
            let result = logged(dir.path(), |log| tarball(&git, "x", &file, log));
            assert!(result.is_err(), "{name}");
        }
    }
}
