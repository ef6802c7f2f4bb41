// SPDX-License-Identifier: GPL-2.0

//! `make bisect`: does each patch stand on its own? Those of the fix are built for UML with
//! everything, for others what they can touch; the warnings of W=1 are compared with those of the
//! base, checkpatch and the userspace harness are run. Those of the facility, on the base itself, and
//! of the tests, on all that is before them, are built for UML, and the suites run that there are by
//! then. A table, also in `build/BASE/bisect.txt`; details in the logs.

mod legs;

use crate::build::kbuild::Work;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::Result;
use crate::fields::{Field, Fields};
use crate::git::Git;
use crate::lint::explained::Explained;
use crate::outcome::{self, Outcome, Tested};
use crate::stamp::Inputs;
use crate::table::{Cell, Column, Table};
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::series::{Section, Series, FIX};
use crate::tree::suites::{suites_in, Suites};
use legs::{LEGS, TOUCHED};
use std::cell::RefCell;
use std::path::PathBuf;

/// How wide the columns are: that of the numbers, and those of the legs.
const NUMBER: usize = 5;
const LEG: usize = 11;

/// What the patches are built in, and with what.
struct Bisect<'a> {
    b: &'a Builder,
    repository: Repository,
    git: Git,
    toolbox: Toolbox,
    work: Work,
    explained: Explained,
    sections: Vec<Section>,
    /// The suites' configuration, for UML.
    suites_config: String,
    /// What the base's compiler warns of, once that is known.
    base_warnings: RefCell<Option<Vec<String>>>,
}

/// The base, or a patch.
struct Patch {
    /// 0 for the base.
    number: u32,
    section: Section,
    commit: String,
    /// The subject, and as it is in a file's name.
    subject: String,
    slug: String,
    /// Suites that the series has added by now.
    suites: Vec<String>,
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let sections = Series::new(&b.settings).chosen_sections()?;
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;
    let outcome = outcome::test(
        b,
        "each patch by itself",
        &name(b),
        || {
            Ok(Tested {
                inputs: inputs(b)?.add("fixed", repository.git().id("fixed")?.as_bytes()),
                tree: repository.tree(Branch::Fixed)?,
            })
        },
        || Bisect::new(b, &repository, &toolbox, &sections)?.run(),
    )?;

    if outcome.reused {
        b.console.say(read_lossy(&table(b)));
    }
    Ok(outcome)
}

/// The name of the result: that of a section does not replace that of all.
fn name(b: &Builder) -> String {
    match &b.settings.section {
        None => "bisect".to_string(),
        Some(section) => format!("bisect-{section}"),
    }
}

fn table(b: &Builder) -> PathBuf {
    b.settings.base_build().join(format!("{}.txt", name(b)))
}

/// What each field depends on, beside its commit.
fn inputs(b: &Builder) -> Result<Inputs> {
    let settings = &b.settings;
    let workbench = &settings.dirs.workbench;

    Ok(Inputs::default()
        .add_file(&workbench.join("kunit/um.config"))
        .add_file(&workbench.join(format!("vma/{}.patch", settings.base)))
        .add_file(&settings.patches().join("lint")))
}

impl<'a> Bisect<'a> {
    fn new(
        b: &'a Builder,
        repository: &Repository,
        toolbox: &Toolbox,
        sections: &[Section],
    ) -> Result<Bisect<'a>> {
        let git = repository.git();
        let own = b.settings.dirs.workbench.join("kunit/um.config");

        Ok(Bisect {
            b,
            suites_config: git.read(["show", "fixed:mm/tests/.kunitconfig"])?
                + "\n"
                + &read_lossy(&own),
            git,
            work: Work::new(&b.settings, "bisect", repository, toolbox),
            repository: repository.clone(),
            toolbox: toolbox.clone(),
            explained: Explained::read(&b.settings),
            sections: sections.to_vec(),
            base_warnings: RefCell::new(None),
        })
    }

    fn run(&self) -> Result<Outcome> {
        let mut table = Table::new(&self.b.console, columns());
        let mut fields = Fields::new(self.b, "bisect");
        let mut outcome = Outcome::default();
        let mut words = vec![""];

        table.line(&format!(
            "linux {}; built are: um all of it; others {}",
            self.repository.source.version()?,
            TOUCHED.join(" ")
        ));
        words.extend(LEGS.iter().map(|leg| leg.name));
        words.push("patch");
        table.row(&words);
        for section in &self.sections {
            if *section == FIX {
                let base = self.git.id("base")?;
                self.patch(0, FIX, base, &mut table, &mut fields, &mut outcome)?;
            }
            let branch = Branch::of(*section).name();
            let commits = self.repository.section(section.name, branch)?;
            for (number, commit) in (section.first..).zip(commits) {
                self.patch(
                    number,
                    *section,
                    commit,
                    &mut table,
                    &mut fields,
                    &mut outcome,
                )?;
            }
        }
        let file = self::table(self.b);
        table.keep(&file)?;
        for log in fields.failed() {
            let shown = self.b.settings.shown(log);
            outcome.text.push_str(&format!("failed: {shown}\n"));
        }
        outcome.text.push_str(&format!(
            "linux {}, bisect: {} fields passed, {} failed\n",
            self.b.settings.base, outcome.passed, outcome.failed
        ));
        outcome.letter = letter();
        outcome.files.push(file);
        Ok(outcome)
    }

    /// A row of the table.
    fn patch(
        &self,
        number: u32,
        section: Section,
        commit: String,
        table: &mut Table<'_>,
        fields: &mut Fields<'_>,
        outcome: &mut Outcome,
    ) -> Result<()> {
        let patch = self.check_out(number, section, commit, fields)?;
        let inputs = inputs(self.b)?
            .add("commit", patch.commit.as_bytes())
            .add("config", self.suites_config.as_bytes());
        let mut words = vec![number.to_string()];

        for leg in &LEGS {
            let cell = match leg.is_for(&patch) {
                false => Cell::Nothing,
                true => fields.run_timed(
                    &Field {
                        name: &format!("{number}-{}", leg.name),
                        title: &format!("patch {number}, {}", leg.name),
                        inputs: inputs.clone(),
                        announced: leg.is_long(),
                    },
                    |log| (leg.run)(self, &patch, log),
                )?,
            };
            match cell {
                Cell::Failed => outcome.failed += 1,
                Cell::Nothing => (),
                Cell::Ok | Cell::Explained | Cell::Took(_) => outcome.passed += 1,
            }
            words.push(cell.to_string());
        }
        words.push(patch.subject.clone());
        table.row(&words);
        Ok(())
    }

    /// The tree at a commit, and what is known of it.
    fn check_out(
        &self,
        number: u32,
        section: Section,
        commit: String,
        fields: &Fields<'_>,
    ) -> Result<Patch> {
        let log = fields.log(&format!("{number}-tree"));
        let title = format!("patch {number}, source tree");
        let added = ["diff", "--name-only", "--diff-filter=A", "base", &commit];
        let files = self.git.lines(added)?;
        // Those of subsystems want a kernel of their own.
        let ours = files
            .iter()
            .map(String::as_str)
            .filter(|path| Suites::Fork.has(path));

        self.b
            .console
            .only_progress()
            .quiet_long(&title, &log, |log| self.work.check_out(&commit, log))?;
        Ok(Patch {
            number,
            section,
            subject: self.git.read(["log", "-1", "--format=%s", &commit])?,
            slug: self.git.read(["log", "-1", "--format=%f", &commit])?,
            suites: suites_in(&self.work.src, ours)?,
            commit,
        })
    }
}

fn columns() -> Vec<Column> {
    let mut columns = vec![Column::Left(NUMBER)];

    columns.extend(LEGS.iter().map(|_| Column::Left(LEG)));
    columns
}

/// What a cover letter says of it.
fn letter() -> String {
    let built = LEGS.iter().filter(|leg| leg.builds).map(|leg| leg.name);
    let built: Vec<&str> = built.collect();

    format!(
        "each patch by itself: builds for {}, no new warnings of W=1;\n\
         the suites at each patch that has them\n",
        built.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_names_the_machines() {
        assert_eq!(
            letter(),
            "each patch by itself: builds for um x86_64 arm-nommu i386, no new warnings of W=1;\n\
             the suites at each patch that has them\n"
        );
    }

    #[test]
    fn rows_are_as_wide_as_the_legs() {
        let console = crate::console::Console::quiet();
        let mut table = Table::new(&console, columns());
        let cell = Cell::Took(1234).to_string();

        table.row(&["101", &cell, "-", "-", "-", "-", "-", "ok", "-", "a patch"]);
        assert_eq!(
            console.kept(),
            "101  ok 1234s   -          -          -          -          -          ok         \
             -          a patch\n"
        );
    }
}
