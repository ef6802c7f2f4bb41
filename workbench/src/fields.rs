// SPDX-License-Identifier: GPL-2.0

//! Fields of a table that takes long: what came of each is kept as soon as it is known, in
//! `build/BASE/results/fields`. What passed is not run again for the same inputs.

use crate::builder::Builder;
use crate::console::{Console, Log};
use crate::error::{Kind, Result};
use crate::outcome;
use crate::stamp::{write_whole, Inputs};
use crate::table::Cell;
use std::path::PathBuf;
use std::time::Instant;

/// The fields of one table.
pub(crate) struct Fields<'a> {
    b: &'a Builder,
    /// The command, such as `lint`.
    table: &'static str,
    /// Logs of what failed.
    failed: Vec<PathBuf>,
}

/// One of them.
pub(crate) struct Field<'a> {
    /// The row and the column, such as `0001-checkpatch`.
    pub(crate) name: &'a str,
    /// For the user.
    pub(crate) title: &'a str,
    /// What it depends on.
    pub(crate) inputs: Inputs,
    /// Whether it takes long enough to be announced where there is no terminal.
    pub(crate) announced: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(b: &'a Builder, table: &'static str) -> Fields<'a> {
        Fields {
            b,
            table,
            failed: Vec::new(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        let dir = self.b.settings.base_build().join("results/fields");
        dir.join(format!("{}-{name}", self.table))
    }

    /// The log of a field.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        let dir = self.b.settings.logs();
        dir.join(format!("{}-{name}.log", self.table))
    }

    /// Logs of what has failed so far.
    pub(crate) fn failed(&self) -> &[PathBuf] {
        &self.failed
    }

    /// What was kept of a field for the same inputs.
    pub(crate) fn kept(&self, name: &str, inputs: &Inputs) -> Result<Option<String>> {
        if self.b.settings.force {
            return Ok(None);
        }
        let text = std::fs::read_to_string(self.file(name)).unwrap_or_default();
        let (hash, rest) = text.split_once('\n').unwrap_or_default();

        Ok((hash == self.hash(inputs)?).then(|| rest.trim_end().to_string()))
    }

    pub(crate) fn keep(&self, name: &str, inputs: &Inputs, what: &str) -> Result<()> {
        let text = format!("{}\n{what}\n", self.hash(inputs)?);
        write_whole(&self.file(name), text.as_bytes())
    }

    fn hash(&self, inputs: &Inputs) -> Result<String> {
        Ok(inputs
            .clone()
            .add("toolchain", self.b.tools().as_bytes())
            .add("program", outcome::program()?.as_bytes())
            .hash())
    }

    /// Runs the job of a field with its log, unless it has passed before. Whatever goes wrong fails
    /// the field, and no more than that; only a signal ends the table.
    pub(crate) fn run(
        &mut self,
        field: &Field<'_>,
        job: impl FnOnce(&Log) -> Result<Cell>,
    ) -> Result<Cell> {
        if let Some(text) = self.kept(field.name, &field.inputs)? {
            if let Some(cell) = Cell::parse(&text) {
                return Ok(cell);
            }
        }
        let log = self.log(field.name);
        let cell = self
            .console(field)
            .quiet_long(field.title, &log, |log| match job(log) {
                Err(error) if matches!(error.kind(), Kind::Interrupted(_)) => Err(error),
                Err(error) => {
                    log.say(format!("error: {}", error.message()));
                    for line in error.details() {
                        log.say(line);
                    }
                    Ok(Cell::Failed)
                }
                Ok(cell) => Ok(cell),
            })?;

        match cell {
            Cell::Failed => self.failed.push(log),
            _ => self.keep(field.name, &field.inputs, &cell.to_string())?,
        }
        Ok(cell)
    }

    /// The same for one whose time is told.
    pub(crate) fn run_timed(
        &mut self,
        field: &Field<'_>,
        job: impl FnOnce(&Log) -> Result<bool>,
    ) -> Result<Cell> {
        let begun = Instant::now();

        self.run(field, |log| {
            Ok(match job(log)? {
                true => Cell::Took(begun.elapsed().as_secs()),
                false => Cell::Failed,
            })
        })
    }

    fn console(&self, field: &Field<'_>) -> Console {
        match field.announced {
            true => self.b.console.clone(),
            false => self.b.console.only_progress(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;
    use crate::error::Error;

    fn field(input: &str) -> Field<'static> {
        Field {
            name: "0001-check",
            title: "patch 1, check",
            inputs: Inputs::default().add("commit", input.as_bytes()),
            announced: true,
        }
    }

    #[test]
    fn what_passed_is_not_run_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let mut fields = Fields::new(&b, "lint");

        let cell = fields.run(&field("one"), |_| Ok(Cell::Explained));
        assert_eq!(cell.ok(), Some(Cell::Explained));
        let again = Fields::new(&b, "lint").run(&field("one"), |_| Ok(Cell::Failed));
        assert_eq!(again.ok(), Some(Cell::Explained));
        let other = fields.run(&field("two"), |_| Ok(Cell::Nothing));
        assert_eq!(other.ok(), Some(Cell::Nothing));
        let forced = toy(dir.path(), |args| args.force = Some("1".into()));
        let cell = Fields::new(&forced, "lint").run(&field("two"), |_| Ok(Cell::Ok));
        assert_eq!(cell.ok(), Some(Cell::Ok));
    }

    #[test]
    fn trouble_fails_the_field_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let mut fields = Fields::new(&b, "lint");
        let mut run = |error: Error| fields.run_timed(&field("one"), |_| Err(error));

        assert_eq!(
            run(Error::usage("no perl")).ok(),
            Some(Cell::Failed),
            "and it is not kept"
        );
        assert!(run(Error::interrupted(2)).is_err());
        assert_eq!(fields.failed().len(), 1);
        let log = std::fs::read_to_string(fields.log("0001-check")).expect("a log");
        assert!(log.is_empty(), "that of the interrupted one");
        let cell = fields.run_timed(&field("one"), |_| Ok(true));
        assert_eq!(cell.ok(), Some(Cell::Took(0)));
    }
}
