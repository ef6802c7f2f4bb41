// SPDX-License-Identifier: GPL-2.0

//! `scripts/checkpatch.pl`, as `make lint` and `make bisect` run it.

use crate::console::Log;
use crate::error::Result;
use crate::git::Git;
use crate::toolchain::Toolbox;
use std::path::Path;

/// What it must not ask for: the sign-off is the submitter's, a tarball has no commits to be known,
/// and whether new files are in MAINTAINERS is looked up, by `make lint`, instead of guessed. The
/// line that stable wants a backport to begin with, "commit ID upstream.", it takes for a reference
/// that lacks a title.
const IGNORED: &str = "MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES,\
                       GIT_COMMIT_ID";

/// Whether a commit is good. `tree` has the script; `explained` is what it may find besides.
pub(crate) fn run(
    toolbox: &Toolbox,
    git: &Git,
    tree: &Path,
    commit: &str,
    explained: Option<&str>,
    log: &Log,
) -> Result<bool> {
    let patch = git
        .cmd(["format-patch", "-1", "--stdout", "--no-signature", commit])
        .checked()?
        .stdout;
    let cmd = toolbox
        .cmd("scripts/checkpatch.pl")
        .dir(tree)
        .args(["--strict", "--no-summary", "--show-types", "--ignore"])
        .arg(ignored(explained))
        .arg("-")
        .input(patch);

    Ok(log.run(&cmd)?.success())
}

fn ignored(explained: Option<&str>) -> String {
    match explained {
        None => IGNORED.to_string(),
        Some(more) => format!("{IGNORED},{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_one_word() {
        assert!(!ignored(None).contains(' '));
        assert!(ignored(Some("AVOID_BUG,NEW_TYPEDEFS"))
            .ends_with(",GIT_COMMIT_ID,AVOID_BUG,NEW_TYPEDEFS"));
    }
}
