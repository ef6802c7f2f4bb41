// SPDX-License-Identifier: GPL-2.0

//! The tables of `make lint`: a row for each patch or section, a column for each check.

use super::check::{Change, Check};
use super::complaints;
use super::explained::Explained;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::Result;
use crate::fields::{Field, Fields};
use crate::git::Git;
use crate::stamp::Inputs;
use crate::table::{Cell, Column, Table};

/// How wide the columns are: that of the names, and those of the checks.
const NAME: usize = 7;
const CHECK: usize = 13;

pub(super) struct Tables<'a> {
    b: &'a Builder,
    git: &'a Git,
    explained: &'a Explained,
    pub(super) table: Table<'a>,
    fields: Fields<'a>,
    pub(super) passed: u64,
    pub(super) failed: u64,
}

/// A row of one of the tables.
pub(super) struct Row<'a> {
    pub(super) name: String,
    /// What `patches/BASE/lint` calls it.
    pub(super) about: &'a str,
    pub(super) change: &'a Change,
    pub(super) text: &'a str,
    /// What its fields depend on beside the change.
    pub(super) inputs: &'a Inputs,
    pub(super) announced: bool,
}

impl<'a> Tables<'a> {
    pub(super) fn new(b: &'a Builder, git: &'a Git, explained: &'a Explained) -> Tables<'a> {
        Tables {
            b,
            git,
            explained,
            table: Table::new(&b.console, Vec::new()),
            fields: Fields::new(b, "lint"),
            passed: 0,
            failed: 0,
        }
    }

    pub(super) fn header<S>(&mut self, checks: &[Check<S>], text: &str) {
        let mut columns = vec![Column::Left(NAME)];
        let mut words = vec![""];

        for check in checks {
            columns.push(Column::Left(CHECK));
            words.push(check.name);
        }
        words.push(text);
        self.table.columns(columns);
        self.table.row(&words);
    }

    /// Runs all checks of a row.
    pub(super) fn row<S>(&mut self, row: &Row<'_>, checks: &[Check<S>], subject: &S) -> Result<()> {
        let mut words = vec![row.name.clone()];

        for check in checks {
            let nothing = row.change.files(self.git, check.about)?.is_empty()
                && self.explained.of(row.about, check.name).is_empty();
            let cell = match nothing {
                true => Cell::Nothing,
                false => self.field(row, check, subject)?,
            };
            match cell {
                Cell::Failed => self.failed += 1,
                Cell::Nothing => (),
                Cell::Ok | Cell::Explained | Cell::Took(_) => self.passed += 1,
            }
            words.push(cell.to_string());
        }
        words.push(row.text.to_string());
        self.table.row(&words);
        Ok(())
    }

    fn field<S>(&mut self, row: &Row<'_>, check: &Check<S>, subject: &S) -> Result<Cell> {
        let excuses = self.explained.of(row.about, check.name);
        let inputs = row
            .inputs
            .clone()
            .add("before", row.change.before.as_bytes())
            .add("after", row.change.after.as_bytes())
            .add("explained", format!("{excuses:?}").as_bytes());

        self.fields.run(
            &Field {
                name: &format!("{}-{}", row.name, check.name.replace('=', "")),
                title: &format!("{}, {}", row.name, check.name),
                inputs,
                announced: row.announced,
            },
            |log| {
                Ok(match ((check.run)(subject, log)?, excuses.is_empty()) {
                    (false, _) => Cell::Failed,
                    (true, true) => Cell::Ok,
                    (true, false) => Cell::Explained,
                })
            },
        )
    }

    /// What the logs of failed checks say, and the numbers.
    pub(super) fn verdict(&self) -> String {
        let settings = &self.b.settings;
        let mut text = String::new();

        for log in self.fields.failed() {
            text.push_str(&format!("{}:\n", settings.shown(log)));
            for line in complaints::worth_showing(&read_lossy(log)) {
                text.push_str(&format!("    | {line}\n"));
            }
        }
        text.push_str(&format!(
            "linux {}, lint: {} checks passed, {} failed\n",
            settings.base, self.passed, self.failed
        ));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{self, Files};
    use super::super::{analysers, patch};
    use super::*;
    use crate::builder::tests::toy;
    use crate::console::Log;

    #[test]
    fn a_header_names_all_checks() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let (git, explained) = (Git::bare(dir.path()), Explained::default());
        let mut tables = Tables::new(&b, &git, &explained);

        tables.header(&patch::checks(), "patch");
        tables.header(&analysers::checks(), "against the base");
        assert_eq!(
            b.console.kept(),
            "       checkpatch   codespell    junk         kernel-doc   rustfmt      maintainers  \
             patch\n       sparse       W=1          coccicheck   clippy       rustfmtcheck \
             rusttest     rustdoc      against the base\n"
        );
    }

    struct Subject;

    #[test]
    fn a_row_has_what_its_checks_come_to() {
        fn good(_: &Subject, log: &Log) -> Result<bool> {
            log.say("looked");
            Ok(true)
        }
        fn bad(_: &Subject, log: &Log) -> Result<bool> {
            log.say("WARNING:X: no");
            Ok(false)
        }
        let dir = tempfile::tempdir().expect("a folder");
        let (git, change) = check::tests::toy(&dir.path().join("repo"));
        let b = toy(dir.path(), |_| ());
        let explained = Explained::parse("x two rs: as it should be\n");
        let check = |name, patterns, run| Check {
            name,
            about: Files::like(patterns),
            run,
        };
        let checks: [Check<Subject>; 4] = [
            check("one", &["*.c"], good),
            check("two", &["*.rs"], good),
            check("three", &["*.S"], bad),
            check("W=4", &["*.rs"], bad),
        ];
        let mut tables = Tables::new(&b, &git, &explained);

        tables.header(&checks, "patch");
        let row = Row {
            name: "0001".into(),
            about: "x",
            change: &change,
            text: "mm: change it",
            inputs: &Inputs::default(),
            announced: false,
        };
        tables.row(&row, &checks, &Subject).expect("a row");
        assert_eq!(
            b.console.kept().lines().last(),
            Some("0001   ok           ok*          -            FAILED       mm: change it")
        );
        assert_eq!(
            tables.verdict(),
            "build/6.18/logs/lint-0001-W4.log:\n    | WARNING:X: no\n\
             linux 6.18, lint: 2 checks passed, 1 failed\n"
        );
    }
}
