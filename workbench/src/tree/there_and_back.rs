// SPDX-License-Identifier: GPL-2.0

//! Tests of `make tree`, `make refresh` and `make rebase`: there and back again without a change,
//! edits arrive, nobody's work is lost.

use super::branches::Branches;
use super::toy::{edit, kernel, lines, put, Project};
use super::{make_tree, rebase, refresh};
use std::path::Path;

fn text(project: &Project, path: &str) -> String {
    std::fs::read_to_string(project.top.join(path)).unwrap_or_else(|_| "missing".into())
}

fn forced(args: &mut crate::cli::Args) {
    args.force = Some("1".into());
}

const PATCH: &str = "patches/6.18/0002-mm-fix-two.patch";
const LIST: &str = "patches/6.18/0151-kunit-add-files.new";

#[test]
fn files_are_as_they_should_be() {
    let project = Project::new();

    let patch = text(&project, PATCH);
    let start = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n\
                 From: Series submitter <submitter@localhost>\n\
                 Date: Thu, 1 Jan 2026 00:00:00 +0000\n\
                 Subject: [PATCH] mm: fix two\n\nIt says why.\n---\n mm/vma.c | 2 +-\n";
    assert!(patch.starts_with(start), "{patch}");
    let list = text(&project, LIST);
    let start = "Subject: kunit: add files\n---\nlib/kunit/fault.c\nlib/kunit/fault.sh\n\n\
                 diff --git a/lib/Makefile b/lib/Makefile\nindex ";
    assert!(list.starts_with(start), "{list}");
    assert!(list.contains("+int lib_20; /* kunit */\n"));
    assert!(super::series::is_executable(
        &project.top.join("lib/kunit/fault.sh")
    ));
}

#[test]
fn not_a_byte_changes() {
    let project = Project::new();
    let before = project.files();

    for _ in 0..2 {
        let said = project.run(refresh::run).expect("no change");
        assert!(said.contains("no change"), "{said}");
    }
    let want = project.git(&["rev-parse", "HEAD^{tree}"]);
    std::fs::remove_dir_all(project.tree().dir).expect("a tree");
    // The same tree comes out of it, with somebody else's name.
    let other = |args: &mut crate::cli::Args| {
        args.git_author_name = Some("Other".into());
        args.git_author_email = Some("other@localhost".into());
    };
    let said = project.run_with(other, make_tree::run).expect("a tree");
    assert!(said.ends_with("build/6.18/linux: linux 6.18.15 and 8 commits on branch series\n"));
    assert_eq!(project.git(&["rev-parse", "HEAD^{tree}"]), want);
    assert_eq!(project.git(&["log", "-1", "--format=%an"]), "Other");
    let said = project.run(make_tree::run).expect("a tree");
    assert_eq!(said, "build/6.18/linux is up to date\n");
    assert!(project
        .run(refresh::run)
        .expect("no change")
        .contains("no change"));
    assert_eq!(project.files(), before);
}

#[test]
fn edits_are_not_lost() {
    let project = Project::new();
    let before = project.files();

    project.edit("mm/mmap.c", "mmap_30;", "mmap_30; /* edited */");
    let error = project.run(make_tree::run).expect_err("edits");
    assert_eq!(
        error,
        "build/6.18/linux has uncommitted edits: commit and make refresh, or discard them with \
         make tree FORCE=1"
    );
    let error = project.run(refresh::run).expect_err("edits");
    assert!(error.contains("has uncommitted edits: commit or undo them first; nothing was written"));
    project.commit("mm: a patch\n\nSays why.\n\nSigned-off-by: A B <a@b>");
    let error = project.run(make_tree::run).expect_err("commits");
    assert!(error.contains("has commits that are not in patches/6.18 yet"));
    assert_eq!(project.files(), before);

    project.run(refresh::run).expect("a patch");
    let patch = text(&project, "patches/6.18/0153-mm-a-patch.patch");
    assert!(patch.contains("Says why."));
    assert!(!patch.contains("Signed-off-by") && !patch.contains("test@localhost"));
    // What is not wanted is discarded when asked to.
    project.edit("mm/mmap.c", "edited", "spoilt");
    project.run_with(forced, make_tree::run).expect("a tree");
    assert!(!project.git(&["grep", "-h", "mmap_30"]).contains("spoilt"));
    // A rebase that was not finished.
    std::fs::create_dir(project.tree().git_dir().join("rebase-merge")).expect("a folder");
    let error = project.run(refresh::run).expect_err("a rebase");
    assert!(error.contains("has a rebase, merge or cherry-pick that is not finished"));
    project.run_with(forced, make_tree::run).expect("a tree");
}

#[test]
fn new_files_become_a_list_and_go_with_it() {
    let project = Project::new();

    project.write("lib/group/sub/one.c", "one\n");
    project.edit("lib/Makefile", "lib_1;", "lib_1; // group");
    project.commit("lib: a group");
    project.run(refresh::run).expect("a list");
    let list = "patches/6.18/0153-lib-a-group.new";
    assert!(text(&project, list).contains("\nlib/group/sub/one.c\n"));
    assert_eq!(text(&project, "lib/group/sub/one.c"), "one\n");
    project.git(&["reset", "-q", "--hard", "HEAD^"]);
    let said = project.run(refresh::run).expect("no list");
    assert!(said.contains("  removed lib/group/sub/one.c\n"), "{said}");
    assert!(!project.top.join(list).exists() && !project.top.join("lib/group").exists());
    assert!(project.top.join("lib/kunit/fault.c").exists());
}

#[test]
fn a_patch_in_another_place_is_kept() {
    let project = Project::new();
    let path = project.top.join(PATCH);
    let before = text(&project, PATCH);

    edit(&path, "@@ -1", "@@ -91");
    let error = project.run(refresh::run).expect_err("changed");
    assert_eq!(
        error,
        "patches/6.18 or its new files changed since make tree: overwrite them with make refresh \
         FORCE=1, or start over with make tree FORCE=1"
    );
    let other = text(&project, PATCH);
    assert_ne!(other, before);
    let said = project.run_with(forced, refresh::run).expect("no change");
    assert!(said.contains("no change"));
    assert_eq!(text(&project, PATCH), other);
}

#[test]
fn a_shared_file_is_another_bases() {
    let project = Project::new();
    let base = |args: &mut crate::cli::Args| args.base = Some("6.12".into());
    // 6.12 has the same series and kernel.
    let bases = project.top.join("workbench/bases");
    put(
        &bases.join("6.12"),
        "package=linux\nrelease=6.12.9\nversions=6.12.*\nsuites=trixie\n",
    );
    kernel(
        &project.top.join("cache/base-6.12"),
        "6.12.9",
        &lines("mmap"),
    );
    let (from, to) = (
        project.top.join("patches/6.18"),
        project.top.join("patches/6.12"),
    );
    std::fs::create_dir_all(&to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
    let other = super::edit::EditTree::new(&project.top.join("build/6.12"));
    let git = |arguments: &[&str]| {
        let git = other.git().by_nobody();
        git.read(arguments).expect("git")
    };

    project.run_with(base, make_tree::run).expect("a tree");
    edit(&other.dir.join("lib/kunit/fault.c"), "toy", "older");
    put(&other.dir.join("lib/kunit/own.c"), "own\n");
    git(&["add", "-A"]);
    git(&["commit", "-q", "--fixup=HEAD~2"]);
    let error = project.run_with(base, refresh::run).expect_err("a fixup");
    assert!(error.contains("is to be squashed first: git rebase -i --autosquash base"));
    git(&[
        "-c",
        "sequence.editor=true",
        "rebase",
        "-q",
        "-i",
        "--autosquash",
        "--keep-empty",
        "base",
    ]);
    project.run_with(base, refresh::run).expect("a list");
    assert!(
        text(&project, "lib/kunit/fault.c").contains("toy"),
        "overwritten"
    );
    let list = text(&project, "patches/6.12/0151-kunit-add-files.new");
    assert!(list.contains("\n+.name = \"older\",\n"), "{list}");
    assert!(!list.contains("+own") && text(&project, "lib/kunit/own.c") == "own\n");
    // There and back.
    let want = git(&["rev-parse", "HEAD^{tree}"]);
    std::fs::remove_dir_all(&other.dir).expect("a tree");
    project.run_with(base, make_tree::run).expect("a tree");
    assert_eq!(git(&["rev-parse", "HEAD^{tree}"]), want);
    assert!(project
        .run_with(base, refresh::run)
        .expect("no change")
        .contains("no change"));
    // A file that 6.18 lists stays when 6.12 does without.
    git(&["reset", "-q", "--hard", ":/^section: tests"]);
    project.run_with(base, refresh::run).expect("no list");
    assert!(!project.top.join("lib/kunit/own.c").exists());
    assert!(project.top.join("lib/kunit/fault.c").exists());
}

#[test]
fn a_tree_that_is_no_series_is_refused() {
    let project = Project::new();
    let before = project.files();
    let head = project.git(&["rev-parse", "HEAD"]);
    let refused = |what: &str| {
        let error = project.run(refresh::run).expect_err("refused");
        assert!(error.contains(what), "{error}");
        assert_eq!(project.files(), before);
        project.git(&["reset", "-q", "--hard", &head]);
    };

    let mark = project.git(&["rev-parse", ":/^section: tests"]);
    project.git(&[
        "rebase",
        "-q",
        "--onto",
        &format!("{mark}^"),
        &mark,
        "series",
    ]);
    refused(
        "has lost its commit \"section: tests\": put it back with git commit --allow-empty; \
         nothing was written",
    );
    project.git(&["commit", "-q", "--allow-empty", "-m", "section: docs"]);
    refused("no such section; known are fix improve facility tests found");
    project.git(&["commit", "-q", "--allow-empty", "-m", "section: improve"]);
    refused("comes after section tests: the order is fix improve facility tests found");
    project.git(&["commit", "-q", "--allow-empty", "-m", "mm: nothing"]);
    refused("changes nothing: drop it, only section marks may be empty");
    project.write("workbench/x", "");
    project.commit("x");
    refused("adds workbench/x, which is not a path below a kernel folder");
    std::os::unix::fs::symlink("x", project.tree().dir.join("mm/link")).expect("a link");
    project.commit("x");
    refused("adds mm/link, which is not a plain file");
    project.git(&["checkout", "-q", "-b", "side", "HEAD^"]);
    project.write("mm/side.c", "");
    project.commit("side");
    project.git(&["checkout", "-q", "series"]);
    project.git(&["merge", "-q", "side", "-m", "merge"]);
    refused("has a merge on top of the base: make it a line of commits; nothing was written");
    project.git(&["checkout", "-q", "--orphan", "other"]);
    project.git(&["commit", "-q", "-m", "other"]);
    refused("HEAD does not descend from the base, tag base; nothing was written");
}

#[test]
fn a_section_grows_from_nothing() {
    let project = Project::new();
    let at = project.git(&["rev-parse", ":/^section: tests"]);
    let tip = "series";

    project.git(&["checkout", "-q", &format!("{at}^")]);
    project.edit("mm/vma.c", "vma_20;", "vma_20; /* better */");
    project.commit("mm: improve it");
    project.git(&[
        "rebase",
        "-q",
        "--keep-empty",
        "--onto",
        "HEAD",
        &format!("{at}^"),
        tip,
    ]);
    project.run(refresh::run).expect("a patch");
    let patch = text(&project, "patches/6.18/0051-mm-improve-it.patch");
    assert!(patch.contains("+int vma_20; /* better */\n"), "{patch}");
    let b = project.builder(|_| ());
    let repository = b.ensure(Branches).expect("branches");
    let section = |name: &str, of: &str| repository.section(name, of).expect("commits").len();
    assert_eq!(section("fix", "fixed"), 2);
    assert_eq!(section("improve", "fixed"), 1);
    assert_eq!(section("tests", "fixed"), 2);
    // The control is without it, too.
    assert_eq!(section("improve", "unfixed"), 0);
    assert_eq!(
        repository
            .git()
            .read(["grep", "better", "unfixed"])
            .unwrap_or_default(),
        ""
    );
    // Its mark is needed now.
    project.git(&[
        "rebase",
        "-q",
        "--onto",
        "series^{/^section: improve}^",
        "series^{/^section: improve}",
        tip,
    ]);
    let error = project.run(refresh::run).expect_err("no mark");
    assert!(
        error.contains("has lost its commit \"section: improve\""),
        "{error}"
    );
}

#[test]
fn a_section_has_fifty_numbers() {
    let project = Project::new();

    project.git(&["reset", "-q", "--hard", "base"]);
    for n in 0..51 {
        project.write("mm/new.c", &format!("{n}\n"));
        project.commit(&format!("mm: {n}"));
    }
    let error = project.run(refresh::run).expect_err("too many");
    assert!(
        error.ends_with("\"mm: 50\" is one too many: fix is from 0001 to 0050"),
        "{error}"
    );
}

#[test]
fn there_is_nothing_to_refresh_or_rebase() {
    let project = Project::empty();

    assert_eq!(
        project.run(refresh::run).expect_err("no tree"),
        "there is no tree to refresh from: make tree BASE=6.18 first"
    );
    assert!(project
        .run(rebase::run)
        .expect_err("no tree")
        .starts_with("there is no tree to rebase"));
    put(&Path::new(&project.top).join("build/6.18/linux"), "");
    assert!(project
        .run(make_tree::run)
        .expect_err("a file")
        .contains("is in the way"));
}

#[test]
fn the_series_moves_to_another_release() {
    let project = Project::new();
    let base = project.top.join("workbench/bases/6.18");
    assert!(project
        .run(rebase::run)
        .expect("none")
        .contains("is on linux 6.18.15 already"));

    // One that git can do.
    kernel(
        &project.cache(),
        "6.18.16",
        &format!("/* new */\n{}", lines("mmap")),
    );
    edit(&base, "6.18.15", "6.18.16");
    let said = project.run(rebase::run).expect("a rebase");
    assert!(
        said.ends_with("6 commits on linux 6.18.16; next: make refresh FORCE=1\n"),
        "{said}"
    );
    project.run_with(forced, refresh::run).expect("patches");
    assert!(project
        .run(make_tree::run)
        .expect("a tree")
        .contains("up to date"));
    // One that takes a hand.
    let other = lines("mmap").replace("mmap_10;", "mmap_10_renamed;");
    kernel(&project.cache(), "6.18.17", &other);
    edit(&base, "6.18.16", "6.18.17");
    let error = project.run(make_tree::run).expect_err("it does not apply");
    assert!(
        error.contains("does not apply to linux 6.18.17: mm/mmap.c, hunk at line"),
        "{error}"
    );
    let error = project.run(rebase::run).expect_err("a conflict");
    assert!(
        error.starts_with("the series needs a hand to go on linux 6.18.17"),
        "{error}"
    );
    project.write(
        "mm/mmap.c",
        &other.replace("renamed;", "renamed; /* fixed */"),
    );
    project.git(&["add", "-A"]);
    project.git(&["-c", "core.editor=true", "rebase", "--continue"]);
    project.run(rebase::run).expect("a rebase");
    project.run_with(forced, refresh::run).expect("patches");
    assert!(text(&project, "patches/6.18/0001-mm-fix-one.patch").contains("mmap_10_renamed"));
}
