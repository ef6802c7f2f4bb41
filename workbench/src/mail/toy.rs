// SPDX-License-Identifier: GPL-2.0

//! For tests: a toy series on a kernel of ten files, a fix of two patches, one that improves it and one test.

use super::cover::Values;
use super::outbox::{mails_in, Outbox};
use super::recipients::{Recipients, STABLE};
use super::send;
use super::sender::Sender;
use super::series::Writer;
use super::upstream::Upstream;
use super::{Section, Series};
use crate::builder::tests::toy;
use crate::builder::Builder;
use crate::cli::Args;
use crate::error::Result;
use crate::git::Git;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) struct Toy {
    pub(super) dir: tempfile::TempDir,
    pub(super) series: Series,
    pub(super) sender: Sender,
}

impl Toy {
    pub(super) fn new() -> Toy {
        let dir = tempfile::tempdir().expect("a folder");
        for section in ["fix", "improve", "tests"] {
            let letter = dir.path().join(format!("patches/6.18/cover-{section}"));
            fs::create_dir_all(letter.parent().expect("a parent")).expect("a folder");
            fs::write(
                letter,
                format!("Subject: mm: {section} it\n\nText.\n\n@TESTED@\n"),
            )
            .expect("a letter");
        }
        fs::write(
            dir.path().join("patches/6.18/reproducers"),
            "# What it is.\n\nfix: none\nimprove: none\ntests: none\n",
        )
        .expect("a list");
        let source = Git::tree(dir.path().join("linux")).by_nobody();
        fs::create_dir(source.dir()).expect("a folder");
        source
            .run(["init", "-q", "-b", "fixed"])
            .expect("a repository");
        for i in 0..10 {
            write(&source, &format!("file{i}"), "one\ntwo\nthree\n");
        }
        commit(&source, "linux 6.18.15");
        source.run(["tag", "base"]).expect("a tag");
        let sender = Sender {
            name: "Jörg Tester".into(),
            email: "tester@example.org".into(),
            date: "1767225600 +0100".into(),
        };
        let git = Git::bare(dir.path().join("repo.git"));
        let series = Series {
            git,
            version: "6.18.15".into(),
            commit: String::new(),
            tree: String::new(),
            sections: Vec::new(),
        };
        let mut toy = Toy {
            dir,
            series,
            sender,
        };
        toy.assemble("Why.");
        toy
    }

    /// The series, with this as the text of the first patch.
    pub(super) fn assemble(&mut self, text: &str) {
        self.assemble_with(text, 1);
    }

    /// The series, with this many lines added by the second patch.
    pub(super) fn grow(&mut self, lines: usize) {
        self.assemble_with("Why.", lines);
    }

    fn assemble_with(&mut self, text: &str, lines: usize) {
        let source = Git::tree(self.dir.path().join("linux")).by_nobody();
        let mut commits = Vec::new();

        source
            .run(["reset", "-q", "--hard", "base"])
            .expect("the base");
        for (subject, file) in [
            (format!("mm: say hello\n\n{text}"), "file1"),
            ("mm: größer\n\nWhy.".to_string(), "file2"),
            ("section: improve".to_string(), ""),
            ("mm: improve it\n\nWhy.".to_string(), "file3"),
            ("section: tests".to_string(), ""),
            ("mm: test it\n\nWhy.".to_string(), "tests/new.c"),
        ] {
            if !file.is_empty() {
                let line = subject.lines().next().unwrap_or_default();
                let lines = if file == "file2" { lines } else { 1 };
                let line = vec![line; lines].join("\n");
                write(&source, file, &format!("one\n{line}\nthree\n"));
            }
            commit(&source, &subject);
            commits.push(source.id("HEAD").expect("a commit"));
        }
        let git = &self.series.git;
        let _ = fs::remove_dir_all(git.dir());
        let bare = git.dir().to_string_lossy().into_owned();
        source
            .run(["clone", "-q", "--bare", ".", &bare])
            .expect("a clone");
        self.series.commit = git.id("fixed").expect("a branch");
        self.series.tree = git.id("fixed^{tree}").expect("a branch");
        let tree = |commit: &str| git.id(&format!("{commit}^{{tree}}")).expect("a tree");
        self.series.sections = vec![
            Section {
                name: "fix",
                commits: commits[..2].to_vec(),
                tree: tree(&commits[1]),
            },
            Section {
                name: "improve",
                commits: vec![commits[3].clone()],
                tree: tree(&commits[3]),
            },
            Section {
                name: "tests",
                commits: vec![commits[5].clone()],
                tree: tree(&commits[5]),
            },
        ];
    }

    pub(super) fn builder(&self, change: impl FnOnce(&mut Args)) -> Builder {
        toy(self.dir.path(), change)
    }

    pub(super) fn outbox(&self, b: &Builder) -> Outbox {
        Outbox::new(&b.settings)
    }

    /// `make series`.
    pub(super) fn series(&self, change: impl FnOnce(&mut Args)) -> Result<Vec<String>> {
        let b = self.builder(change);
        let upstream = Upstream::find(&b.settings)?;
        let writer = Writer {
            settings: &b.settings,
            mail: &b.settings.mail,
            series: &self.series,
            sender: &self.sender,
            outbox: &self.outbox(&b),
            values: &Values::of_nothing(&self.series)?,
            recipients: &recipients,
            upstream: upstream.as_ref(),
        };

        writer.write(&b)
    }

    /// What `make send` looks at before it does anything.
    pub(super) fn check(&self, change: impl FnOnce(&mut Args)) -> Result<Vec<(&str, u32)>> {
        let b = self.builder(change);

        send::check(&b.settings, &self.series, &self.outbox(&b), &self.sender)
    }

    pub(super) fn mails(&self, section: &str) -> Vec<String> {
        let dir = self.outbox(&self.builder(|_| ())).section(section);

        texts(&mails_in(&dir).expect("mails"))
    }

    /// What `make send SEND=yes` does at its end.
    pub(super) fn note(&self, section: &str, version: u32) -> PathBuf {
        let outbox = self.outbox(&self.builder(|_| ()));

        outbox.note_sent(section, version).expect("a note")
    }
}

pub(super) fn texts(files: &[PathBuf]) -> Vec<String> {
    files
        .iter()
        .map(|file| fs::read_to_string(file).expect("a mail"))
        .collect()
}

fn write(git: &Git, file: &str, text: &str) {
    let path = git.dir().join(file);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn commit(git: &Git, message: &str) {
    git.run(["add", "-A"]).expect("files");
    git.run(["commit", "-q", "--allow-empty", "-m", message])
        .expect("a commit");
}

fn recipients(section: &str, mail: &Path) -> Result<Recipients> {
    assert!(mail.is_file());
    Ok(Recipients {
        to: vec![match section {
            "fix" => STABLE.into(),
            _ => "David Gow <davidgow@example.org>".into(),
        }],
        cc: vec![
            "\"Björn Roy Baron\" <bjorn@example.org>".into(),
            "linux-mm@example.org".into(),
        ],
    })
}
