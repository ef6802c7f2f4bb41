// SPDX-License-Identifier: GPL-2.0

//! `make tree`: a git work tree with the base as its first commit and each patch and each group of
//! new files as a commit on top, to be edited with git.

use super::assemble::{self, Author, Target};
use super::edit::EditTree;
use super::series::SECTIONS;
use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::git::{Git, Person, NOBODY};
use crate::process::Cmd;
use crate::sources::base::{Base, Source};

pub(crate) fn run(b: &Builder) -> Result<()> {
    let source = b.ensure(Base)?;
    let tree = EditTree::new(&b.settings.base_build());
    let shown = b.settings.shown(&tree.dir);

    if b.planning() {
        return b.quick(&format!("tree for editing, {shown}"), || Ok(()));
    }
    let key = assemble::key(b, &source)?;
    if !tree.is_there() {
        if tree.dir.exists() {
            return Err(Error::usage(format!(
                "{shown} is in the way and not a git tree: move it away"
            )));
        }
        b.long("tree for editing", "tree", |_| make(b, &source, &tree))?;
    } else {
        let mut reason = tree.in_the_way()?.map(str::to_string);
        if reason.is_none() && tree.has_unwritten_commits()? {
            let base = &b.settings.base;
            reason = Some(format!("has commits that are not in patches/{base} yet"));
        }
        match &reason {
            Some(reason) if !b.settings.force => {
                return Err(Error::usage(format!(
                    "{shown} {reason}: commit and make refresh, or discard them with make tree \
                     FORCE=1"
                )));
            }
            None if tree.key() == key => {
                b.console.say(format!("{shown} is up to date"));
                return Ok(());
            }
            _ => {}
        }
        b.long("tree for editing", "tree", |_| {
            remake(b, &source, &tree, reason.is_some())
        })?;
    }
    tree.record(&key)?;
    b.console.say(format!(
        "{shown}: linux {} and {} commits on branch series",
        source.version()?,
        tree.commits()?
    ));
    Ok(())
}

fn make(b: &Builder, source: &Source, tree: &EditTree) -> Result<()> {
    let scratch = b.temporary_dir()?;
    let dir = scratch.path().join("linux");

    Git::tree(scratch.path()).run(["init", "-q", "-b", "series", "linux"])?;
    let git = Git::tree(&dir);
    assemble::borrow_base(&git, &dir.join(".git"), source)?;
    series(b, source, &git, "refs/heads/series")?;
    git.run(["reset", "-q", "--hard", "series"])?;
    std::fs::rename(&dir, &tree.dir)
        .or_say(|| format!("cannot write {}", b.settings.shown(&tree.dir)))?;
    assemble::borrow_more(&tree.git_dir(), source)
}

/// The series as it is now on top of the base as it is now, in a tree that there is.
fn remake(b: &Builder, source: &Source, tree: &EditTree, discard: bool) -> Result<()> {
    let git = tree.git();

    assemble::borrow_more(&tree.git_dir(), source)?;
    // Before anything is thrown away: it may not apply.
    series(b, source, &git, "refs/workbench/next")?;
    if discard {
        tree.discard()?;
    }
    git.run([
        "checkout",
        "-q",
        "-f",
        "-B",
        "series",
        "refs/workbench/next",
    ])?;
    git.run(["update-ref", "refs/tags/base", &source.commit()?])?;
    git.run(["update-ref", "-d", "refs/workbench/next"])
}

fn series(b: &Builder, source: &Source, git: &Git, reference: &str) -> Result<()> {
    let target = Target {
        reference,
        sections: &SECTIONS,
    };

    assemble::assemble(b, source, git, &[target], &user(b)?)
}

/// Commits made here are the user's, as far as git knows who that is.
pub(crate) fn user(b: &Builder) -> Result<Author> {
    let own = Git::tree(&b.settings.dirs.top).with_users_settings();
    let known = |given: &Option<String>, name: &str, nobody: &str| -> Result<String> {
        if let Some(given) = given {
            return Ok(given.clone());
        }
        let configured = own.cmd(["config", name]).output()?;
        Ok(match configured.text() {
            text if text.is_empty() => nobody.to_string(),
            text => text,
        })
    };
    let (author, nobody) = (&b.settings.author, NOBODY);
    let person = Person {
        name: known(&author.name, "user.name", &nobody.name)?.into(),
        email: known(&author.email, "user.email", &nobody.email)?.into(),
    };
    let date = match &author.date {
        Some(date) => date.clone(),
        None => Cmd::new("date").arg("-R").read()?,
    };
    Ok(Author { person, date })
}
