// SPDX-License-Identifier: GPL-2.0

//! Stable takes patches of up to 100 lines, with context. The cover letter of the fix tells which
//! patches have more, and why: the reasons are in `patches/BASE/lint`, as
//!
//! ```text
//! mm-change-dup_mmap-recovery length over 100: why it cannot be split
//! ```

use super::{Section, Series};
use crate::error::{Error, Result};
use crate::git::Git;
use crate::judge::wrap;
use crate::lint::explained::Explained;

/// Documentation/process/stable-kernel-rules.rst
const LIMIT: usize = 100;

/// Lines of a mail are not wider.
const WIDTH: usize = 72;

/// What the cover letter says about the lengths of a section's patches.
pub(super) fn in_words(
    series: &Series,
    section: &Section,
    lint: &Explained,
    base: &str,
) -> Result<String> {
    let mut text = String::new();

    for (number, commit) in (1..).zip(&section.commits) {
        let lines = lines(&series.git, commit)?;
        let slug = series.git.read(["log", "-1", "--format=%f", commit])?;
        let why = match (lines > LIMIT, lint.why(&slug, "length")) {
            (true, Some(why)) => why,
            (false, None) => continue,
            (is_long, _) => {
                let file = format!("patches/{base}/lint");
                let advice = match is_long {
                    true => format!("say why in {file}, as \"{slug} length over {LIMIT}: REASON\""),
                    false => format!("remove what says why it has more from {file}"),
                };
                return Err(Error::usage(format!(
                    "section {}, patch {number} has {lines} lines with context, and stable takes \
                     {LIMIT}: {advice}",
                    section.name
                )));
            }
        };
        let item = wrap(&format!("- patch {number} has {lines}: {why}"), WIDTH, "  ");
        text.push_str(item.strip_prefix("  ").unwrap_or(&item));
    }
    Ok(match text.is_empty() {
        true => format!("No patch has more than {LIMIT} lines with context."),
        false => format!(
            "More than {LIMIT} lines with context:\n\n{}",
            text.trim_end()
        ),
    })
}

/// The lines of a patch from its first diff on.
fn lines(git: &Git, commit: &str) -> Result<usize> {
    let diff = ["diff-tree", "-r", "-p", "--no-commit-id", commit];

    Ok(git
        .cmd(diff)
        .checked()?
        .stdout
        .iter()
        .filter(|byte| **byte == b'\n')
        .count())
}

#[cfg(test)]
mod tests {
    use super::super::toy::Toy;

    const LETTER: &str = "Subject: mm: fix it\n\nText.\n\n@LONG@\n";

    #[test]
    fn long_patches_are_told_with_their_reasons() {
        let mut toy = Toy::new();
        let patches = toy.dir.path().join("patches/6.18");
        std::fs::write(patches.join("cover-fix"), LETTER).expect("a letter");
        toy.series(|_| ()).expect("mails");
        let said = "\n\nNo patch has more than 100 lines with context.\n\n";
        assert!(toy.mails("fix")[0].contains(said));

        // Five lines of the header of a file and a hunk, three that are replaced.
        toy.grow(92);
        toy.series(|_| ()).expect("mails");
        assert!(toy.mails("fix")[0].contains(said));
        toy.grow(93);
        let error = toy.series(|_| ()).expect_err("no reason");
        assert_eq!(
            error.message(),
            "section fix, patch 2 has 101 lines with context, and stable takes 100: say why in \
             patches/6.18/lint, as \"mm-gr-er length over 100: REASON\""
        );
        let reason = "it says \"größer\" once for each line of the file, which cannot be less";
        let line = format!("mm-gr-er length over 100: {reason}\n");
        std::fs::write(patches.join("lint"), line).expect("a list");
        toy.series(|_| ()).expect("mails");
        assert!(toy.mails("fix")[0].contains(
            "\n\nMore than 100 lines with context:\n\n- patch 2 has 101: it says \"größer\" once \
             for each line of the file,\n  which cannot be less\n\n"
        ));
        toy.grow(92);
        let error = toy.series(|_| ()).expect_err("no longer needed");
        assert_eq!(
            error.message(),
            "section fix, patch 2 has 100 lines with context, and stable takes 100: remove what \
             says why it has more from patches/6.18/lint"
        );
    }

    #[test]
    fn other_sections_are_of_any_length() {
        let toy = Toy::new();
        let letter = toy.dir.path().join("patches/6.18/cover-tests");
        std::fs::write(letter, LETTER).expect("a letter");

        let error = toy.series(|_| ()).expect_err("no value");
        assert!(error.message().contains("no value for @LONG@"));
    }
}
