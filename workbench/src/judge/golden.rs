// SPDX-License-Identifier: GPL-2.0

//! Golden tables: what each sweep of a base's suites has come to on an architecture, as it was
//! reviewed and committed. A run has to come to the same.
//!
//! A table is `workbench/golden/BASE-ARCH`, a line per sweep, in the order of the log:
//!
//! ```text
//! fork_fail.kinds/anonymous, pinned mode=once points=21 tolerated=2
//! fork_fail.kinds/huge, private mode=any none: no CONFIG_HUGETLB_PAGE
//! ```

pub(crate) use super::differences::Scope;
use super::kunit::Outcome;
use super::sweeps::Sweeps;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// The line that says which kernel a table is of.
const OF: &str = "# of linux ";

/// The line of a table that a run has to come close to.
const ROUGHLY: &str =
    "# Some points depend on what ran before: one in 20 may be more or less, no more than 4.";

/// What a sweep has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    Points { points: u64, tolerated: u64 },
    None { why: String },
}

impl Swept {
    /// Whether another run has come close to it.
    fn is_near(&self, other: &Swept) -> bool {
        let (
            Swept::Points { points, tolerated },
            Swept::Points {
                points: others,
                tolerated: other_tolerated,
            },
        ) = (self, other)
        else {
            return self == other;
        };
        let room = (points / 20).min(4);

        points.abs_diff(*others) <= room && tolerated.abs_diff(*other_tolerated) <= room
    }
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Swept::Points { points, tolerated } => {
                write!(f, "{points} points")?;
                if *tolerated > 0 {
                    write!(f, " ({tolerated} tolerated)")?;
                }
                Ok(())
            }
            Swept::None { why } => write!(f, "not swept ({why})"),
        }
    }
}

/// Which sweep it is. A test can make the same one several times, which are numbered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// `suite.test`.
    pub(super) test: String,
    scenario: String,
    mode: String,
    nth: usize,
}

impl Key {
    /// The name without the number.
    fn name(&self) -> String {
        let slash = if self.scenario.is_empty() { "" } else { "/" };

        format!("{}{slash}{} mode={}", self.test, self.scenario, self.mode)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if self.nth > 1 {
            write!(f, ", number {}", self.nth)?;
        }
        Ok(())
    }
}

/// A table, committed or of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// The release, such as `6.18.15`.
    release: String,
    /// Whether a run has to come close to it, no more.
    roughly: bool,
    pub(super) rows: Vec<(Key, Swept)>,
}

impl Table {
    /// The table of a run. A sweep belongs to it if its test is in the result: those of tests that
    /// a test makes up are its own affair.
    pub(crate) fn of_run(release: &str, sweeps: &Sweeps<'_>, outcome: &Outcome) -> Table {
        let mut table = Table {
            release: release.to_string(),
            ..Table::default()
        };
        let mut known: HashMap<String, bool> = HashMap::new();
        let mut times = HashMap::new();

        for (suite, sweep) in &sweeps.all {
            let test = format!("{suite}.{}", sweep.test);
            let is_listed = *known
                .entry(test.clone())
                .or_insert_with(|| outcome.has(&test));
            let swept = match sweep.swept {
                Ok(swept) => Swept::Points {
                    points: swept.points,
                    tolerated: swept.tolerated,
                },
                Err(why) => Swept::None { why: why.into() },
            };

            if is_listed {
                table.add(&mut times, test, sweep.scenario, sweep.mode, swept);
            }
        }
        table
    }

    /// Lets runs differ a little.
    pub(crate) fn roughly(self) -> Table {
        Table {
            roughly: true,
            ..self
        }
    }

    /// Whether a sweep has come to what it should.
    pub(super) fn takes(&self, should: &Swept, is: &Swept) -> bool {
        should == is || (self.roughly && should.is_near(is))
    }

    fn add(
        &mut self,
        times: &mut HashMap<String, usize>,
        test: String,
        scenario: &str,
        mode: &str,
        swept: Swept,
    ) {
        let mut key = Key {
            test,
            scenario: scenario.to_string(),
            mode: mode.to_string(),
            nth: 0,
        };
        let nth = times.entry(key.name()).or_default();

        *nth += 1;
        key.nth = *nth;
        self.rows.push((key, swept));
    }

    /// Reads a committed table. A base and an architecture without one is an error, too.
    pub(crate) fn read(path: &Path, base: &str, arch: &str) -> Result<Table> {
        let advice = format!("make golden BASE={base} ARCH={arch}");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let shown = format!("workbench/golden/{name}");

        match std::fs::read_to_string(path) {
            Ok(text) => Table::parse(&text)
                .map_err(|error| Error::failed(format!("{shown}: {error}: {advice}"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Error::failed(format!(
                "no table of these sweeps, {shown}: {advice}"
            ))),
            Err(error) => Err(Error::usage(format!("cannot read {shown}: {error}"))),
        }
    }

    /// Reads the text of a table; an error names the line.
    pub(crate) fn parse(text: &str) -> std::result::Result<Table, String> {
        let mut table = Table::default();
        let mut times = HashMap::new();

        for (number, line) in text.lines().enumerate() {
            if let Some(release) = line.strip_prefix(OF) {
                table.release = release.to_string();
            }
            table.roughly |= line == ROUGHLY;
            if line.starts_with('#') || line.is_empty() {
                continue;
            }
            let (test, scenario, mode, swept) =
                row(line).ok_or_else(|| format!("line {} is no sweep", number + 1))?;

            table.add(&mut times, test.to_string(), scenario, mode, swept);
        }
        Ok(table)
    }

    /// The text of the table, to be committed.
    pub(crate) fn write(&self, base: &str, arch: &str) -> String {
        let mut text = format!(
            "# SPDX-License-Identifier: GPL-2.0\n\
             # What each sweep comes to; written by \"make golden BASE={base} ARCH={arch}\".\n\
             {OF}{}\n",
            self.release
        );

        if self.roughly {
            text.push_str(ROUGHLY);
            text.push('\n');
        }
        for (key, swept) in &self.rows {
            text.push_str(&key.name());
            match swept {
                Swept::Points { points, tolerated } => {
                    text.push_str(&format!(" points={points}"));
                    if *tolerated > 0 {
                        text.push_str(&format!(" tolerated={tolerated}"));
                    }
                }
                Swept::None { why } => text.push_str(&format!(" none: {why}")),
            }
            text.push('\n');
        }
        text
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Which kernel the table is of.
    pub(crate) fn release(&self) -> &str {
        &self.release
    }
}

fn row(line: &str) -> Option<(&str, &str, &str, Swept)> {
    let (name, rest) = line.split_once(" mode=")?;
    let (mode, rest) = rest.split_once(' ')?;
    let (test, scenario) = name.split_once('/').unwrap_or((name, ""));

    if let Some(why) = rest.strip_prefix("none: ") {
        return Some((test, scenario, mode, Swept::None { why: why.into() }));
    }
    let mut words = rest.split(' ');
    let points = words.next()?.strip_prefix("points=")?.parse().ok()?;
    let tolerated = match words.next() {
        Some(word) => word.strip_prefix("tolerated=")?.parse().ok()?,
        None => 0,
    };

    words
        .next()
        .is_none()
        .then_some((test, scenario, mode, Swept::Points { points, tolerated }))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::kunit::tests::result;
    use super::super::sweeps::tests::SWEEPS;
    use super::*;

    pub(in crate::judge) const TABLE: &str = "\
# SPDX-License-Identifier: GPL-2.0
# What each sweep comes to; written by \"make golden BASE=6.18 ARCH=um\".
# of linux 6.18.15
fork_failure.anon/written mode=once points=106
fork_failure.anon/written mode=forever points=44 tolerated=1
";

    pub(in crate::judge) fn outcome() -> Outcome {
        Outcome::parse(&result("PASS", 0), "").expect("a result")
    }

    pub(in crate::judge) fn of(log: &str) -> Table {
        Table::of_run("6.18.15", &Sweeps::of(log), &outcome())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let table = of(SWEEPS);

        assert_eq!(table.write("6.18", "um"), TABLE);
        assert_eq!(Table::parse(TABLE), Ok(table));
    }

    #[test]
    fn tests_that_a_test_makes_up_are_left_out() {
        let log = SWEEPS.replace("fault-sweep: anon/", "fault-sweep: made_up/");

        assert_eq!(of(&log).len(), 0);
    }

    #[test]
    fn a_table_that_is_missing_or_garbled_is_named() {
        let path = Path::new("/nonexistent/6.12-um");
        let error = Table::read(path, "6.12", "um").expect_err("no table");
        assert_eq!(
            error.message(),
            "no table of these sweeps, workbench/golden/6.12-um: make golden BASE=6.12 ARCH=um"
        );
        for bad in [
            "nonsense",
            "a.b mode=once points=x",
            "a.b mode=once points=1 x",
        ] {
            assert_eq!(Table::parse(bad), Err("line 1 is no sweep".into()));
        }
    }
}
