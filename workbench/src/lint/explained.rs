// SPDX-License-Identifier: GPL-2.0

//! `patches/BASE/lint`: what `make lint` finds and that is as it should be. Each line names a
//! patch, or a section for what is about all of it, a check, what is found, and why:
//!
//! ```text
//! mm-test-forks-that-fail codespell useable: a member of struct user_desc is called so
//! ```
//!
//! What is found is of checkpatch the types, of codespell the words, of sparse the functions, and
//! of coccicheck a file and how its report begins; several are separated by commas. One that is not
//! found any more fails the check, so that nothing is let through by a line that nobody needs.

use crate::console::{read_lossy, Log};
use crate::settings::Settings;

/// How lines of a log begin that compare what was found with what is explained.
pub(super) const NOT_FOUND: &str = "explained, but not found: ";
pub(super) const NOT_EXPLAINED: &str = "not explained: ";

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

    /// What a check may find in a patch or section.
    pub(crate) fn of(&self, about: &str, check: &str) -> Excuses {
        let mut found = Vec::new();

        for explanation in &self.0 {
            if explanation.about == about && explanation.check == check {
                let each = explanation.found.split(',');
                found.extend(each.map(|one| one.trim().to_string()));
            }
        }
        Excuses(found)
    }

    /// Lines for what no patch, section or check goes by. Patches and sections come with the names
    /// of the checks that look here.
    pub(super) fn unknown(&self, known: &[(String, &[&str])]) -> Vec<String> {
        let is_known = |one: &&Explanation| {
            let mut of = known.iter().filter(|(about, _)| *about == one.about);
            of.any(|(_, checks)| checks.contains(&one.check.as_str()))
        };

        self.0
            .iter()
            .filter(|one| !is_known(one))
            .map(|one| {
                format!(
                    "\"{} {} {}\" is about no patch or section, or no check that looks there",
                    one.about, one.check, one.found
                )
            })
            .collect()
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

/// What a check may find in one patch or section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Excuses(Vec<String>);

impl Excuses {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out of what was found all that one of these stands for, as `stands_for(one, found)`
    /// tells. Whether each was needed; those that were not go to the log.
    pub(super) fn excuse(
        &self,
        found: &mut Vec<String>,
        stands_for: impl Fn(&str, &str) -> bool,
        log: &Log,
    ) -> bool {
        let idle = self.take(found, stands_for);

        for one in &idle {
            log.say(format!("{NOT_FOUND}{one}"));
        }
        idle.is_empty()
    }

    /// Whether each of these stands for something that was found, and nothing else was. What is
    /// otherwise goes to the log.
    pub(super) fn are_all(
        &self,
        mut found: Vec<String>,
        stands_for: impl Fn(&str, &str) -> bool,
        log: &Log,
    ) -> bool {
        let needed = self.excuse(&mut found, stands_for, log);

        for one in &found {
            log.say(format!("{NOT_EXPLAINED}{one}"));
        }
        needed && found.is_empty()
    }

    /// As [`Excuses::excuse`]; returns those that were not needed.
    fn take(
        &self,
        found: &mut Vec<String>,
        stands_for: impl Fn(&str, &str) -> bool,
    ) -> Vec<&String> {
        let is_idle = |one: &&String| !found.iter().any(|found| stands_for(one, found));
        let idle = self.0.iter().filter(is_idle).collect();

        found.retain(|found| !self.0.iter().any(|one| stands_for(one, found)));
        idle
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
            of("tools-testing-vma", "checkpatch").0,
            ["AVOID_BUG", "NEW_TYPEDEFS"]
        );
        assert_eq!(
            of("mm-test-forks-that-fail", "checkpatch").0,
            ["TYPO_SPELLING", "LONG_LINE"]
        );
        assert!(of("mm-test-forks-that-fail", "sparse").is_empty());
        assert!(of("mm-test-forks", "codespell").is_empty());
        assert!(of("#", "What").is_empty());
        assert_eq!(
            explained.why("mm-test-forks-that-fail", "checkpatch"),
            Some("\"useable\", as above")
        );
        assert_eq!(explained.why("mm-test-forks-that-fail", "length"), None);
        assert!(Explained::default().of("fix", "sparse").is_empty());
    }

    #[test]
    fn each_explanation_has_to_be_needed() {
        let excuses = Explained::parse(TEXT).of("tools-testing-vma", "checkpatch");
        let take = |found: &[&str]| {
            let mut found = found.iter().map(|one| one.to_string()).collect();
            let idle = excuses.take(&mut found, |one, found| one == found).len();
            (idle, found)
        };

        let all = ["AVOID_BUG", "NEW_TYPEDEFS", "AVOID_BUG"];
        assert_eq!(take(&all), (0, Vec::new()));
        assert_eq!(
            take(&["NEW_TYPEDEFS", "SPACING"]),
            (1, vec!["SPACING".to_string()])
        );
    }

    #[test]
    fn what_nothing_goes_by_is_named() {
        let explained = Explained::parse(TEXT);
        let all: [(String, &[&str]); 2] = [
            ("tools-testing-vma".into(), &["checkpatch", "codespell"]),
            (
                "mm-test-forks-that-fail".into(),
                &["checkpatch", "codespell"],
            ),
        ];

        assert!(explained.unknown(&all).is_empty());
        assert_eq!(
            explained.unknown(&all[1..]),
            [
                "\"tools-testing-vma checkpatch AVOID_BUG,NEW_TYPEDEFS\" is about no patch or \
                 section, or no check that looks there"
            ]
        );
        let no_codespell = all.map(|(about, _)| (about, &["checkpatch"][..]));
        assert_eq!(explained.unknown(&no_codespell).len(), 1);
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
