// SPDX-License-Identifier: GPL-2.0

//! Tests of backports: with a clone of mainline at hand the mails are its authors', without one
//! they only name its commits.

use super::outbox::mails_in;
use super::sent::header;
use super::tests::{delivered, message};
use super::toy::{texts, Toy};
use crate::cli::Args;
use crate::git::{Git, Person};
use std::fs;
use std::path::Path;

const THEIRS: &str = "The words of upstream.\n\nLink: https://example.org/1\nReviewed-by: R R \
                      <r@review.example>\nSigned-off-by: Ünal Author <author@example.org>";

/// A toy series whose first patch is a backport, and the commit in a toy mainline.
fn backport(note: &str) -> (Toy, String) {
    let mut toy = Toy::new();
    let mainline = Git::tree(toy.dir.path().join("mainline")).author(
        Person {
            name: "Ünal Author".into(),
            email: "author@example.org".into(),
        },
        "1700000000 +0200",
    );

    fs::create_dir(mainline.dir()).expect("a folder");
    mainline.run(["init", "-q"]).expect("a repository");
    let text = format!("mm: say hello\n\n{THEIRS}");
    mainline
        .run(["commit", "-q", "--allow-empty", "-m", &text])
        .expect("a commit");
    let commit = mainline.id("HEAD").expect("a commit");
    toy.assemble(&format!(
        "Equivalent of upstream commit {commit}.\n\n{note}"
    ));
    (toy, commit)
}

fn with_mainline(toy: &Toy) -> impl Fn(&mut Args) + '_ {
    |args| {
        let dir = toy.dir.path().join("mainline");
        args.upstream = Some(dir.to_string_lossy().into_owned());
        args.signoff = Some("1".into());
    }
}

/// What is between the header of a mail and its patch.
fn body(mail: &str) -> &str {
    let (_, rest) = mail.split_once("\n\n").expect("a header");

    rest.split_once("\n---\n").expect("a patch").0
}

/// All files below a folder, as one text.
fn all_text(dir: &Path) -> String {
    let entries = fs::read_dir(dir).expect("a folder").flatten();

    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => all_text(&path),
            path => fs::read_to_string(path).expect("a file"),
        })
        .collect()
}

#[test]
fn without_a_clone_the_commit_is_only_named() {
    let (toy, commit) = backport("Another file.");
    let said = toy
        .series(|args| args.signoff = Some("1".into()))
        .expect("mails");
    let mails = toy.mails("fix");

    assert!(said[1].starts_with("  1 of them name a commit of mainline"));
    assert_eq!(
        body(&mails[1]),
        format!(
            "Equivalent of upstream commit {commit}.\n\nAnother file.\n\nSigned-off-by: Jörg \
             Tester <tester@example.org>"
        )
    );
    assert!(mails.iter().all(|mail| !mail.contains(" upstream.\n")));
    assert!(mails[1].contains("\nFrom: =?UTF-8?q?J=C3=B6rg=20Tester?= <tester@example.org>\n"));
}

#[test]
fn with_a_clone_a_backport_is_its_authors() {
    let (toy, commit) = backport("Another file.");
    let said = toy.series(with_mainline(&toy)).expect("mails");
    let mails = toy.mails("fix");

    assert!(said.iter().all(|line| !line.contains("name a commit")));
    assert_eq!(
        body(&mails[1]),
        format!(
            "commit {commit} upstream.\n\n{THEIRS}\n[ Jörg Tester: Another file. \
             ]\nSigned-off-by: Jörg Tester <tester@example.org>"
        )
    );
    assert_eq!(
        header(&mails[1], "from").as_deref(),
        Some("=?UTF-8?q?=C3=9Cnal=20Author?= <author@example.org>")
    );
    let date = header(&mails[1], "date");
    assert_eq!(date.as_deref(), Some("Wed, 15 Nov 2023 00:13:20 +0200"));
    // The second patch is our own, and stays it.
    assert!(mails[2].contains("\nFrom: =?UTF-8?q?J=C3=B6rg=20Tester?= <tester@example.org>\n"));
    assert!(body(&mails[2]).starts_with("Why."));
    assert!(mails[1].contains("\n+mm: say hello\n"));
}

#[test]
fn what_arrives_is_by_the_author_too() {
    let (toy, commit) = backport("Another file.");
    toy.series(with_mainline(&toy)).expect("mails");
    let Some(arrived) = delivered(&toy) else {
        return;
    };
    let receiver = Git::tree(toy.dir.path().join("linux")).by_nobody();

    receiver
        .run(["checkout", "-q", "--detach", "base"])
        .expect("the base");
    receiver
        .cmd(["am", "-q"])
        .input(arrived[1].as_str())
        .read()
        .expect("it applies");
    let text = receiver
        .read(["log", "-1", "--format=%an <%ae>%n%B"])
        .expect("a commit");
    let begin = format!(
        "Ünal Author <author@example.org>\nmm: say hello\n\ncommit {commit} upstream.\n\nThe words"
    );
    assert!(text.starts_with(&begin), "{text}");
}

#[test]
fn mistakes_are_named_in_one_line() {
    let (mut toy, commit) = backport("Why.");
    let upstream = |toy: &Toy, name: &str| {
        let dir = toy.dir.path().join(name).to_string_lossy().into_owned();
        message(toy.series(|args| args.upstream = Some(dir)))
    };
    let path = toy.dir.path().display().to_string();

    for name in ["patches", "nonsense"] {
        assert_eq!(
            upstream(&toy, name),
            format!(
                "UPSTREAM={path}/{name} is no git repository: name a clone of mainline, or leave \
                 it out"
            )
        );
    }
    assert_eq!(
        upstream(&toy, "linux"),
        format!(
            "section fix, patch 1: UPSTREAM={path}/linux has no commit {commit}: git fetch there"
        )
    );
    let mainline = Git::tree(toy.dir.path().join("mainline")).by_nobody();
    mainline
        .run(["commit", "-q", "--allow-empty", "-m", "mm: say more"])
        .expect("a commit");
    let other = mainline.id("HEAD").expect("a commit");
    toy.assemble(&format!("Equivalent of upstream commit {other}.\n\nWhy."));
    assert_eq!(
        upstream(&toy, "mainline"),
        format!(
            "section fix, patch 1: the subject of commit {other} is \"mm: say more\", not \"mm: \
             say hello\""
        )
    );
    // Whether or not there is a clone.
    toy.assemble(&format!("commit {commit} upstream.\n\nWhy."));
    let said = message(toy.series(|_| ()));
    assert!(
        said.starts_with("section fix, patch 1: \"commit ") && said.contains("would claim"),
        "{said}"
    );
}

#[test]
fn nothing_of_upstreams_text_is_kept() {
    let (mut toy, commit) = backport("Another file.");
    toy.series(with_mainline(&toy)).expect("mails");
    let sent = toy.note("fix", 1);
    let kept = texts(&mails_in(&sent).expect("mails"));

    assert_eq!(
        body(&kept[1]),
        format!("commit {commit} upstream.\n\nAnother file.")
    );
    assert_eq!(kept[0], toy.mails("fix")[0]);
    assert_eq!(kept[2], toy.mails("fix")[2]);

    // The next version tells of our changes only, and keeps nothing either.
    toy.assemble(&format!(
        "Equivalent of upstream commit {commit}.\n\nAnother place."
    ));
    let said = toy
        .series(|args| {
            with_mainline(&toy)(args);
            args.version = Some("2".into());
        })
        .expect("mails");
    assert!(
        said.iter().all(|line| !line.contains("no range-diff")),
        "{said:?}"
    );
    let cover = &toy.mails("fix")[0];
    assert!(
        cover.contains("-    [ Jörg Tester: Another file. ]\n"),
        "{cover}"
    );
    assert!(
        cover.contains("+    [ Jörg Tester: Another place. ]\n"),
        "{cover}"
    );
    assert!(
        !cover.contains("+    The words") && !cover.contains("+Author: "),
        "{cover}"
    );
    assert!(cover.contains("Range-diff against v1:"));
    // Sign-offs are added later, so that they are no difference.
    assert!(!cover.contains("Signed-off-by: Jörg"), "{cover}");
    toy.note("fix", 2);
    let all = all_text(&toy.dir.path().join("patches"));
    assert!(!all.contains("words of upstream") && !all.contains("r@review.example"));
    assert!(!all.contains("Range-diff"));
}
