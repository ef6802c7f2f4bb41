// SPDX-License-Identifier: GPL-2.0

//! The mails of a toy series, from their writing to their arrival.

use super::cover::{self, Values};
use super::outbox::mails_in;
use super::recipients::STABLE;
use super::send::SendEmail;
use super::sent::header;
use super::toy::{texts, Toy};
use crate::cli::Args;
use crate::error::Result;
use crate::git::Git;
use crate::outcome::Outcome;
use crate::process::Cmd;
use std::fs;

pub(super) fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("an error").message().to_string()
}

fn subjects(mails: &[String]) -> Vec<String> {
    let subject = |mail: &String| header(mail, "subject").unwrap_or_default();

    mails.iter().map(subject).collect()
}

#[test]
fn mails_are_a_thread_for_each_section_by_the_sender() {
    let toy = Toy::new();
    let said = toy.series(|_| ()).expect("mails");
    let (fix, tests) = (toy.mails("fix"), toy.mails("tests"));

    assert_eq!(
        said,
        [
            "  build/6.18/outgoing/fix: 3 mails",
            "  build/6.18/outgoing/improve: 2 mails",
            "  build/6.18/outgoing/tests: 2 mails"
        ]
    );
    assert_eq!(
        subjects(&fix),
        [
            "[PATCH 6.18.y 0/2] mm: fix it",
            "[PATCH 6.18.y 1/2] mm: say hello",
            "[PATCH 6.18.y 2/2] =?UTF-8?q?mm:=20gr=C3=B6=C3=9Fer?="
        ]
    );
    let improve = toy.mails("improve");
    assert_eq!(
        subjects(&improve),
        [
            "[PATCH 6.18 0/1] mm: improve it",
            "[PATCH 6.18 1/1] mm: improve it"
        ]
    );
    assert!(improve.iter().all(|mail| !mail.contains(STABLE)));
    assert_eq!(subjects(&tests)[0], "[PATCH 6.18 0/1] mm: tests it");
    let id = header(&fix[0], "message-id");
    for mail in fix.iter().chain(&tests) {
        assert!(!mail.contains("submitter@localhost"), "{mail}");
        assert!(
            !mail.contains("Signed-off-by") && !mail.contains("***"),
            "{mail}"
        );
        assert!(mail.contains("\nCc: \"Björn Roy Baron\" <bjorn@example.org>,\n    linux-mm@"));
    }
    assert!(fix[1..]
        .iter()
        .all(|mail| header(mail, "in-reply-to") == id));
    assert_eq!(header(&fix[0], "to").as_deref(), Some(STABLE));
    assert!(fix[0].contains("Not run on this state of the series:"));
    let tree = toy.series.git.id("base^{tree}").expect("a tree");
    let base = format!("\nbase-tree: {tree} (git tree of linux-6.18.15.tar.xz)\n");
    assert!(fix[0].contains(&base) && tests[0].contains(&base));
    // The tests are on top of all others; the marks between them are no patches.
    let needed = |mail: &str| mail.matches("prerequisite-patch-id: ").count();
    assert_eq!((needed(&improve[0]), needed(&tests[0])), (2, 3));
}

#[test]
fn variables_of_make_are_in_the_mails() {
    let toy = Toy::new();
    toy.series(|args| {
        args.version = Some("3".into());
        args.rfc = Some("1".into());
        args.signoff = Some("1".into());
        args.in_reply_to = Some("<before@example.org>".into());
    })
    .expect("mails");
    let fix = toy.mails("fix");

    assert_eq!(subjects(&fix)[0], "[RFC PATCH 6.18.y v3 0/2] mm: fix it");
    assert_eq!(
        header(&fix[0], "in-reply-to").as_deref(),
        Some("<before@example.org>")
    );
    let signoff = "\nSigned-off-by: Jörg Tester <tester@example.org>\n";
    assert!(fix[1..].iter().all(|mail| mail.contains(signoff)));
}

#[test]
fn a_base_without_the_fix_is_named_in_other_sections_too() {
    let toy = Toy::new();
    let bases = toy.dir.path().join("workbench/bases");
    fs::create_dir_all(&bases).expect("a folder");
    fs::write(bases.join("6.12"), "").expect("a base");
    fs::rename(
        toy.dir.path().join("patches/6.18"),
        toy.dir.path().join("patches/6.12"),
    )
    .expect("patches");

    let said = toy
        .series(|args| args.base = Some("6.12".into()))
        .expect("mails");
    assert_eq!(said[0], "  build/6.12/outgoing/fix: 3 mails");
    let b = toy.builder(|args| args.base = Some("6.12".into()));
    for (section, subject) in [
        ("improve", "[PATCH 6.12 1/1] mm: improve it"),
        ("tests", "[PATCH 6.12 1/1] mm: test it"),
    ] {
        let mails = mails_in(&toy.outbox(&b).section(section)).expect("mails");
        assert_eq!(subjects(&texts(&mails))[1], subject);
    }
}

#[test]
fn a_base_that_has_the_fix_is_mainline() {
    let mut toy = Toy::new();
    toy.series.sections.retain(|section| section.name != "fix");

    toy.series(|_| ()).expect("mails");
    assert_eq!(subjects(&toy.mails("tests"))[1], "[PATCH 1/1] mm: test it");
}

#[test]
fn an_empty_section_needs_no_letter() {
    let mut toy = Toy::new();
    toy.series.sections.remove(1);
    fs::remove_file(toy.dir.path().join("patches/6.18/cover-improve")).expect("a letter");

    assert_eq!(toy.series(|_| ()).expect("mails").len(), 2);
    assert_eq!(
        message(toy.check(|args| args.section = Some("improve".into()))),
        "no section improve of linux 6.18: known are fix tests"
    );
}

#[test]
fn mistakes_are_named_and_the_old_mails_stay() {
    let toy = Toy::new();
    let letter = toy.dir.path().join("patches/6.18/cover-tests");
    toy.series(|_| ()).expect("mails");

    fs::write(&letter, "Subject: a\n\n@NONSENSE@\n").expect("a letter");
    assert!(message(toy.series(|_| ()))
        .starts_with("patches/6.18/cover-tests: line 3: no value for @NONSENSE@"));
    fs::remove_file(&letter).expect("no letter");
    assert!(message(toy.series(|_| ())).starts_with("patches/6.18/cover-tests is missing"));
    assert_eq!(toy.mails("fix").len(), 3);
    let left = fs::read_dir(toy.dir.path().join("build/6.18")).expect("a folder");
    assert_eq!(left.count(), 1);
}

#[test]
fn what_must_not_go_out_is_refused() {
    let mut toy = Toy::new();
    let really = |args: &mut Args| args.send = Some("yes".into());
    let signed = |args: &mut Args| args.signoff = Some("1".into());

    assert!(message(toy.check(|_| ()))
        .starts_with("there are no mails in build/6.18/outgoing/fix: make series"));
    toy.series(|_| ()).expect("mails");
    assert_eq!(
        toy.check(|_| ()).expect("fine"),
        [("fix", 1), ("improve", 1), ("tests", 1)]
    );
    assert!(message(toy.check(really)).contains(
        "-mm-say-hello.patch has no Signed-off-by: Jörg Tester <tester@example.org>: make series"
    ));
    assert!(
        message(toy.check(|args| args.section = Some("nonsense".into())))
            .ends_with("known are fix improve tests")
    );

    toy.series(signed).expect("mails");
    assert!(toy.check(really).is_ok());
    toy.note("fix", 1);
    assert!(message(toy.check(really)).starts_with(
        "version 1 was sent already, see patches/6.18/sent/fix-v1: make series VERSION=2"
    ));

    toy.series(|args| {
        signed(args);
        args.version = Some("2".into());
    })
    .expect("mails");
    let list = toy.dir.path().join("patches/6.18/reproducers");
    fs::write(&list, "fix: the cover letter\nimprove: none\ntests: none\n").expect("a list");
    assert_eq!(
        message(toy.check(really)),
        "section fix would make a reproducer public (the cover letter): have you followed \
         Documentation/process/security-bugs.rst, as HACKING.md says? Then PUBLIC=yes"
    );
    assert!(toy.check(|_| ()).is_ok());
    let public = |args: &mut Args| {
        really(args);
        args.public = Some("yes".into());
    };
    assert!(toy.check(public).is_ok());
    fs::write(&list, "fix: none\ntests: none\n").expect("a list");
    assert!(message(toy.check(public))
        .starts_with("patches/6.18/reproducers does not say whether section improve has"));
    fs::write(&list, "fix: none\nfix none\n").expect("a list");
    assert_eq!(
        message(toy.check(public)),
        "patches/6.18/reproducers: line 2 is not \"SECTION: WHAT\"; sections are fix improve \
         facility tests found"
    );
    fs::write(&list, "fix: none\nimprove: none\ntests: none\n").expect("a list");

    let stale = "the patches or the cover letter changed since make series: make series BASE=6.18";
    toy.assemble("Another word on it.");
    assert!(message(toy.check(|_| ())).starts_with(stale));
    toy.series(signed).expect("mails");
    assert!(toy.check(|_| ()).is_ok());
    let letter = toy.dir.path().join("patches/6.18/cover-tests");
    fs::write(letter, "Subject: a\n\nb\n").expect("a letter");
    assert!(message(toy.check(|_| ())).starts_with(stale));

    let mail = mails_in(&toy.outbox(&toy.builder(|_| ())).section("fix")).expect("mails");
    let text = texts(&mail)[0].replace("\nTo: ", "\nX-To: ");
    fs::write(&mail[0], text).expect("a mail");
    toy.series.sections.truncate(1);
    assert!(message(toy.check(really)).contains("0000-cover-letter.patch is for nobody"));
}

#[test]
fn numbers_are_those_of_this_state() {
    let mut toy = Toy::new();
    let b = toy.builder(|_| ());
    let numbers = |toy: &Toy| Values::of_last_runs(&b, &toy.series);

    assert!(message(numbers(&toy)).starts_with("the suites have not run"));
    let run = Outcome {
        tree: toy.series.tree.clone(),
        letter: "KUnit, um: 2 tests passed".into(),
        points: 4711,
        ..Outcome::one(true, "")
    };
    let file = toy.dir.path().join("build/6.18/results/kunit-um.json");
    fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
    fs::write(file, serde_json::to_string(&run).expect("JSON")).expect("a result");
    assert!(numbers(&toy).is_ok());
    let letter = cover::fill(
        "Subject: a\n\n@POINTS@\n",
        "",
        &numbers(&toy).expect("numbers"),
    );
    assert_eq!(letter.expect("a letter").text, "4711");

    toy.assemble("Why.\n\nAnother file, too.");
    // Only a message is another one: what was tested is the same.
    assert!(numbers(&toy).is_ok());
    toy.series.tree = "0000".into();
    assert!(message(numbers(&toy)).starts_with("the series changed since the suites ran"));
}

#[test]
fn the_next_version_tells_what_changed() {
    let mut toy = Toy::new();
    let second = |args: &mut Args| args.version = Some("2".into());
    toy.series(|_| ()).expect("mails");
    let id = header(&toy.mails("fix")[0], "message-id").expect("an id");
    let sent = toy.note("fix", 1);
    toy.assemble("Another word on it.");

    toy.series(second).expect("mails");
    let cover = &toy.mails("fix")[0];
    let link = format!(
        "\nv1: https://lore.kernel.org/r/{}\n\nRange-diff against v1:\n",
        id.trim_matches(['<', '>'])
    );
    assert!(cover.contains(&link), "{cover}");
    assert!(cover.contains("    +    Another word on it."), "{cover}");
    assert!(!toy.mails("tests")[0].contains("Range-diff"));

    for mail in mails_in(&sent).expect("mails") {
        let text = fs::read_to_string(&mail)
            .expect("a mail")
            .replace("\n-two", "\n-owt");
        fs::write(&mail, text).expect("a mail");
    }
    let said = toy.series(second).expect("mails");
    assert!(said[0].starts_with("  no range-diff against version 1: linux 6.18.15, patches/"));
    assert!(
        said[0].contains("-mm-say-hello.patch does not apply: "),
        "{said:?}"
    );
}

/// Sends the fix by git send-email to a folder. What arrives, in order; nothing without the program.
pub(super) fn delivered(toy: &Toy) -> Option<Vec<String>> {
    let box_dir = toy.dir.path().join("box");
    let settings = toy.dir.path().join("gitconfig");
    let sink = toy.dir.path().join("sink");
    let b = toy.builder(|_| ());
    let there = Cmd::new("git")
        .args(["send-email", "-h"])
        .output()
        .expect("git");
    if there.error_text().contains("not a git command") {
        eprintln!("skipped: no git send-email on this machine");
        return None;
    }
    fs::create_dir(&box_dir).expect("a folder");
    fs::write(
        &sink,
        format!("cat >\"$(mktemp {}/XXXXXX)\"\n", box_dir.display()),
    )
    .expect("a sink");
    fs::write(
        &settings,
        format!(
            "[sendemail]\n\tconfirm = never\n\tsendmailCmd = sh {}\n",
            sink.display()
        ),
    )
    .expect("settings");
    // What the project's own settings say would send nothing.
    let project = Git::tree(toy.dir.path());
    project.run(["init", "-q"]).expect("a repository");
    project
        .run(["config", "sendemail.sendmailCmd", "false"])
        .expect("a setting");
    let program = SendEmail::with_settings(None, toy.series.git.dir(), &settings);
    program
        .cmd(&toy.outbox(&b), &toy.sender, "fix", &["--quiet"])
        .expect("mails")
        .read()
        .expect("they are sent");
    let mut arrived: Vec<String> = fs::read_dir(&box_dir)
        .expect("a folder")
        .map(|entry| fs::read_to_string(entry.expect("a mail").path()).expect("a mail"))
        .collect();
    arrived.sort_by_key(|mail| header(mail, "subject"));
    Some(arrived)
}

#[test]
fn what_is_sent_is_what_was_assembled() {
    let toy = Toy::new();
    toy.series(|args| args.signoff = Some("1".into()))
        .expect("mails");
    let Some(arrived) = delivered(&toy) else {
        return;
    };

    assert_eq!(arrived.len(), 3);
    assert!(arrived[0].contains("=?UTF-8?q?Bj=C3=B6rn=20Roy=20Baron?= <bjorn@example.org>"));
    assert_eq!(header(&arrived[0], "to").as_deref(), Some(STABLE));
    assert_eq!(
        header(&arrived[2], "in-reply-to"),
        header(&arrived[0], "message-id")
    );
    let receiver = Git::tree(toy.dir.path().join("linux")).by_nobody();
    receiver
        .run(["checkout", "-q", "--detach", "base"])
        .expect("the base");
    for mail in &arrived[1..] {
        receiver
            .cmd(["am", "-q"])
            .input(mail.as_str())
            .read()
            .expect("it applies");
    }
    let tip = format!("{}^{{tree}}", toy.series.sections[0].commits[1]);
    assert_eq!(
        receiver.id("HEAD^{tree}").expect("a tree"),
        toy.series.git.id(&tip).expect("a tree")
    );
}
