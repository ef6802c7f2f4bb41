// SPDX-License-Identifier: GPL-2.0

//! `make rebase`: after `make update` has fetched another release of the base, moves the commits
//! of the tree for editing on top of it. Where they do not apply, git stops for the user to resolve
//! it; then this is called once more, and `make refresh`.

use super::assemble;
use super::edit::EditTree;
use super::make_tree;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::sources::base::Base;

pub(crate) fn run(b: &Builder) -> Result<()> {
    let source = b.ensure(Base)?;
    let tree = EditTree::new(&b.settings.base_build());
    let (shown, base) = (b.settings.shown(&tree.dir), &b.settings.base);
    let version = source.version()?;

    if b.planning() {
        return b.quick(&format!("rebase of {shown} to linux {version}"), || Ok(()));
    }
    if !tree.is_there() {
        return Err(Error::usage(format!(
            "there is no tree to rebase: make tree BASE={base}, before make update"
        )));
    }
    if let Some(reason) = tree.in_the_way()? {
        return Err(Error::usage(format!(
            "{shown} {reason}: git rebase --continue, commit or undo them first"
        )));
    }
    let user = make_tree::user(b)?;
    let git = tree
        .git()
        .with_users_settings()
        .author(user.person, user.date);
    let (new, old) = (source.commit()?, git.id("base")?);
    if new == old {
        b.console
            .say(format!("{shown} is on linux {version} already"));
        return Ok(());
    }
    // The old base stays in reach.
    assemble::borrow_more(&tree.git_dir(), &source)?;
    // Not so when the user has continued what stopped here.
    if !git.succeeds(["merge-base", "--is-ancestor", &new, "HEAD"])? {
        let quiet = ["-c", "advice.mergeConflict=false"];
        let rebase = [
            "rebase",
            "--quiet",
            "--keep-empty",
            "--onto",
            &new,
            &old,
            "series",
        ];
        let rebased = git.cmd(quiet.into_iter().chain(rebase)).output()?;
        if !rebased.status.success() {
            let said = rebased.text() + "\n" + &rebased.error_text();
            return Err(Error::failed(format!(
                "the series needs a hand to go on linux {version}: in {shown} resolve, git add, \
                 git rebase --continue; then make rebase again"
            ))
            .with_details(
                said.lines()
                    .map(str::trim_end)
                    .filter(|line| !line.is_empty()),
            ));
        }
    }
    git.run(["tag", "-f", "base", &new])?;
    b.console.say(format!(
        "{shown}: {} commits on linux {version}; next: make refresh FORCE=1",
        tree.commits()?
    ));
    Ok(())
}
