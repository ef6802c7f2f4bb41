// SPDX-License-Identifier: GPL-2.0

//! `scripts/checkpatch.pl`, as `make lint` and `make bisect` run it.

use super::explained::Excuses;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::process::ended;
use crate::toolchain::Toolbox;
use std::path::Path;

/// What it must not ask for: the sign-off is the submitter's, a tarball has no commits to be known,
/// and whether new files are in MAINTAINERS is looked up, by `make lint`, instead of guessed. The
/// line that stable wants a backport to begin with, "commit ID upstream.", it takes for a reference
/// that lacks a title.
const IGNORED: &str = "MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,UNKNOWN_COMMIT_ID,FILE_PATH_CHANGES,\
                       GIT_COMMIT_ID";

/// Whether a commit is good. `tree` has the script; types that it may find are excused.
pub(crate) fn run(
    toolbox: &Toolbox,
    git: &Git,
    tree: &Path,
    commit: &str,
    excuses: &Excuses,
    log: &Log,
) -> Result<bool> {
    let patch = git
        .cmd(["format-patch", "-1", "--stdout", "--no-signature", commit])
        .checked()?
        .stdout;
    let output = toolbox
        .cmd("scripts/checkpatch.pl")
        .dir(tree)
        .args(["--strict", "--no-summary", "--show-types", "--ignore"])
        .args([IGNORED, "-"])
        .input(patch)
        .output()?;
    let said = output.text() + &output.error_text();
    let found = types(&said);

    log.say(&said);
    if found.is_empty() && !output.status.success() {
        let end = ended(output.status);
        return Err(Error::failed(format!("scripts/checkpatch.pl: {end}")));
    }
    Ok(excuses.are_all(found, |one, found| one == found, log))
}

/// The types of what it has found.
fn types(said: &str) -> Vec<String> {
    let found = said.lines().filter_map(|line| {
        let (level, rest) = line.split_once(':')?;
        let (kind, _) = rest.split_once(':')?;
        let is_level = ["ERROR", "WARNING", "CHECK"].contains(&level);
        let is_kind = !kind.is_empty() && kind.bytes().all(is_of_type);
        (is_level && is_kind).then(|| kind.to_string())
    });
    let mut found: Vec<String> = found.collect();

    found.sort();
    found.dedup();
    found
}

fn is_of_type(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_one_word() {
        assert!(!IGNORED.contains(' '));
    }

    const SAID: &str = "\
WARNING:LONG_LINE: line length of 110 exceeds 100 columns
#45: FILE: mm/vma.c:10:
+\tWARNING: x

CHECK:C99_COMMENT_TOLERANCE: no
WARNING:LONG_LINE: line length of 120 exceeds 100 columns
CHECK: no type
";

    #[test]
    fn types_are_read() {
        assert_eq!(types(SAID), ["C99_COMMENT_TOLERANCE", "LONG_LINE"]);
        assert!(types("").is_empty());
    }
}
