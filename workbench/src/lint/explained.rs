// SPDX-License-Identifier: GPL-2.0

//! `patches/BASE/lint`: what `make lint` finds and that is as it should be. Each line names a
//! patch, or a section for what is about all of it, a check, what is found, and why:
//!
//! ```text
//! mm-test-forks-that-fail codespell useable: a member of struct user_desc is called so
//! ```
//!
//! What is found is of checkpatch the types, of codespell the words, of sparse the functions, and
//! of coccicheck a file and how its report begins; several are separated by commas.

use crate::console::read_lossy;
use crate::settings::Settings;

#[derive(Clone, Debug, Default)]
pub(crate) struct Explained(Vec<Explanation>);

#[derive(Clone, Debug)]
struct Explanation {
    /// The subject as it is in a file's name, or a section.
    about: String,
    check: String,
    found: String,
    why: String,
}

impl Explained {
    /// Those of a base; there need not be any.
    pub(crate) fn read(settings: &Settings) -> Explained {
        Explained::parse(&read_lossy(&settings.patches().join("lint")))
    }

    pub(super) fn parse(text: &str) -> Explained {
        let lines = text.lines().filter(|line| !line.starts_with('#'));

        Explained(
            lines
                .filter_map(|line| {
                    let (about, rest) = line.split_once(' ')?;
                    let (check, rest) = rest.split_once(' ')?;
                    let (found, why) = rest.split_once(':')?;
                    Some(Explanation {
                        about: about.to_string(),
                        check: check.to_string(),
                        found: found.trim().to_string(),
                        why: why.trim().to_string(),
                    })
                })
                .collect(),
        )
    }

    /// What a check may find in a patch or section, separated by commas.
    pub(crate) fn of(&self, about: &str, check: &str) -> Option<String> {
        let mut found = Vec::new();

        for explanation in &self.0 {
            if explanation.about == about && explanation.check == check {
                found.push(explanation.found.as_str());
            }
        }
        (!found.is_empty()).then(|| found.join(","))
    }

    /// The reason for what a check finds in a patch or section.
    pub(crate) fn why(&self, about: &str, check: &str) -> Option<&str> {
        let explains = |one: &&Explanation| one.about == about && one.check == check;

        self.0.iter().find(explains).map(|one| one.why.as_str())
    }

    /// A line for each, to be read below the table.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.0.iter().map(|explanation| {
            format!(
                "* {}, {}: {}: {}",
                explanation.about, explanation.check, explanation.found, explanation.why
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# What \"make lint\" finds: why

tools-testing-vma checkpatch AVOID_BUG,NEW_TYPEDEFS: a programme, such as pte_t: and BUG_ON()
mm-test-forks-that-fail codespell useable: a member of struct user_desc is called so
mm-test-forks-that-fail checkpatch TYPO_SPELLING: \"useable\", as above
mm-test-forks-that-fail checkpatch LONG_LINE: a table
not an explanation
";

    #[test]
    fn explanations_are_looked_up() {
        let explained = Explained::parse(TEXT);
        let of = |about, check| explained.of(about, check);

        assert_eq!(
            of("tools-testing-vma", "checkpatch").as_deref(),
            Some("AVOID_BUG,NEW_TYPEDEFS")
        );
        assert_eq!(
            of("mm-test-forks-that-fail", "checkpatch").as_deref(),
            Some("TYPO_SPELLING,LONG_LINE")
        );
        assert_eq!(of("mm-test-forks-that-fail", "sparse"), None);
        assert_eq!(of("mm-test-forks", "codespell"), None);
        assert_eq!(of("#", "What"), None);
        assert_eq!(
            explained.why("mm-test-forks-that-fail", "checkpatch"),
            Some("\"useable\", as above")
        );
        assert_eq!(explained.why("mm-test-forks-that-fail", "length"), None);
        assert_eq!(Explained::default().of("fix", "sparse"), None);
    }

    #[test]
    fn reasons_are_told() {
        let lines: Vec<String> = Explained::parse(TEXT).lines().collect();

        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[1],
            "* mm-test-forks-that-fail, codespell: useable: a member of struct user_desc is called so"
        );
    }
}
