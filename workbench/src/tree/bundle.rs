// SPDX-License-Identifier: GPL-2.0

//! The series for those who do not have this workbench: the new files are kept whole here, so that
//! `patches/` alone cannot be applied by git.

use super::branches::Repository;
use super::series::SECTIONS;
use crate::builder::Builder;
use crate::error::{Context, Result};
use std::path::PathBuf;

/// Writes two files, and returns them.
///
/// `build/BASE/series.mbox` has all commits but the empty section marks as mails, with the new
/// files in them: `git am` applies it to the unpacked tarball, or to the stable tree.
///
/// `build/BASE/series.bundle` has the commits themselves, branches `fixed` and `unfixed`, for `git
/// fetch`. What it builds on is not in it: whoever fetches needs the commit `base-tree` of the
/// cache, which is the same wherever the tarball is imported.
pub(crate) fn write(b: &Builder, repository: &Repository) -> Result<(PathBuf, PathBuf)> {
    let git = repository.git();
    let scratch = b.temporary_dir()?;
    let (mbox, bundle) = (scratch.path().join("mbox"), scratch.path().join("bundle"));
    let dir = b.settings.base_build();
    let (to_mbox, to_bundle) = (dir.join("series.mbox"), dir.join("series.bundle"));
    let mut mails = Vec::new();

    // One by one, as a section mark is no mail that git am takes.
    for section in SECTIONS {
        for commit in repository.section(section.name, "fixed")? {
            let mail = git
                .cmd(["format-patch", "-1", "--stdout", "--no-numbered"])
                .args(["--zero-commit", "--no-signature", "--full-index"])
                .arg(commit);
            mails.extend(mail.checked()?.stdout);
        }
    }
    std::fs::write(&mbox, mails)
        .or_say(|| format!("cannot write {}", b.settings.shown(&to_mbox)))?;
    git.cmd(["bundle", "create", "-q"])
        .arg(&bundle)
        .args(["fixed", "unfixed", "^base"])
        .read()?;
    for (from, to) in [(&mbox, &to_mbox), (&bundle, &to_bundle)] {
        std::fs::rename(from, to).or_say(|| format!("cannot write {}", b.settings.shown(to)))?;
    }
    Ok((to_mbox, to_bundle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Git;
    use crate::tree::branches::Branches;
    use crate::tree::toy::Project;

    #[test]
    fn others_can_apply_the_series() {
        let project = Project::new();
        let b = project.builder(|_| ());
        let repository = b.ensure(Branches).expect("branches");
        let (mbox, bundle) = write(&b, &repository).expect("files");
        let other = project.top.join("build/other");
        let base = repository.source.repository().expect("a repository");
        let run = |git: &Git, arguments: &[&str]| git.read(arguments).expect("git");
        run(
            &Git::tree(&project.top),
            &[
                "clone",
                "-q",
                &base.dir().display().to_string(),
                "build/other",
            ],
        );
        let git = Git::tree(&other).by_nobody();
        let want = repository.git().id("fixed^{tree}").expect("a tree");

        run(&git, &["am", "-q", &mbox.display().to_string()]);
        assert_eq!(git.id("HEAD^{tree}").expect("a tree"), want);
        run(
            &git,
            &["fetch", "-q", &bundle.display().to_string(), "fixed"],
        );
        assert_eq!(git.id("FETCH_HEAD").ok(), repository.git().id("fixed").ok());
    }
}
