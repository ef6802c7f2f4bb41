// SPDX-License-Identifier: GPL-2.0

//! The kernel's own `tools/testing/selftests/mm`, on the base and on the series. Which programs are
//! run, and why others are not, is in `workbench/selftest/mm.tests`: a command on each line, and
//!
//! ```text
//! - NAME NAME...: reason
//! ```

use super::initramfs;
use super::machine::{Machine, Ran};
use super::programs::{Program, TESTS};
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Result};
use crate::run::kunit_py::Kunit;
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// Runs one after the other.
pub(super) const RUNNER: Program = Program {
    name: "run_each",
    sources: &["selftest/run_each.c", "selftest/setup.c"],
    ..Program::NONE
};
/// What that reads.
const COMMANDS: &str = "/commands";
/// Seconds that each may take, under emulation, with all detectors.
const EACH: u64 = 900;
/// And all of them.
const LIMIT: u64 = 3600;
/// Some take huge pages. One finds room at an address or not, as addresses are random.
const OPTIONS: &str = "hugepages=32 norandmaps";

/// Which are run.
#[derive(Debug, Default, PartialEq)]
struct List {
    commands: Vec<String>,
    left_out: Vec<String>,
}

/// Where the list is.
pub(super) fn file(settings: &Settings) -> PathBuf {
    settings.dirs.workbench.join("selftest/mm.tests")
}

/// The name of a command's program.
fn program(command: &str) -> &str {
    command.split(' ').next().unwrap_or_default()
}

impl List {
    fn parse(text: &str) -> Result<List> {
        let mut list = List::default();

        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.strip_prefix("- ") {
                None => list.commands.push(line.to_string()),
                Some(rest) => {
                    let (names, _why) = rest
                        .split_once(": ")
                        .ok_or_else(|| Error::usage(format!("mm.tests: no reason in: {line}")))?;
                    list.left_out.extend(names.split(' ').map(str::to_string));
                }
            }
        }
        Ok(list)
    }

    /// The commands whose programs a tree has, or those of one of them. A program that is not in
    /// the list is an error.
    fn commands_for(&self, programs: &[String], only: Option<&str>) -> Result<Vec<&str>> {
        let commands = self.commands.iter().map(String::as_str);
        let is_listed = |name: &&String| {
            self.left_out.contains(name)
                || commands.clone().any(|command| program(command) == **name)
        };
        let unknown: Vec<&str> = programs
            .iter()
            .filter(|name| !is_listed(name))
            .map(String::as_str)
            .collect();
        let chosen: Vec<&str> = commands
            .clone()
            .filter(|command| programs.iter().any(|name| name == program(command)))
            .filter(|command| only.is_none_or(|only| program(command) == only))
            .collect();

        match (unknown.is_empty(), chosen.is_empty()) {
            (false, _) => Err(Error::usage(format!(
                "workbench/selftest/mm.tests does not say whether to run {}",
                unknown.join(" ")
            ))),
            (true, true) => Err(Error::usage(format!(
                "ONLY={} is no program of selftests/mm that is run",
                only.unwrap_or_default()
            ))),
            (true, false) => Ok(chosen),
        }
    }
}

/// The programs of a tree, and what they are made of.
fn in_tree(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).or_say(|| format!("cannot read {}", dir.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".c")?.to_string()))
        .collect();

    names.sort();
    Ok(names)
}

/// Boots a kernel for them.
pub(super) fn run(b: &Builder, kernel: &Kunit, only: Option<&str>, log: &Log) -> Result<Ran> {
    let list = List::parse(&read_lossy(&file(&b.settings)))?;
    let dir = kernel.tree.join(TESTS).join("mm");
    let commands = list.commands_for(&in_tree(&dir)?, only)?;
    let mut programs: Vec<&str> = commands.iter().map(|command| program(command)).collect();
    programs.dedup();
    let commands = commands.join("\n");
    let file = (COMMANDS, commands.as_str());
    let initramfs = initramfs::pack_with_tests(b, kernel, &programs, &RUNNER, file, log)?;
    let machine = Machine::new(b, kernel, &initramfs, log)?.within(b, LIMIT);

    machine.boot(
        &[
            OPTIONS.to_string(),
            format!("run={},{},{EACH}", RUNNER.name, COMMANDS),
        ],
        log,
        |_| (),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# words\na\nb -d 2\nb -d 3\n\n- c d: why\n";

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn a_list_says_which_are_run() {
        let list = List::parse(LIST).expect("a list");
        let all = names(&["a", "b", "c"]);

        assert_eq!(
            list.commands_for(&all, None).expect("commands"),
            ["a", "b -d 2", "b -d 3"]
        );
        assert_eq!(list.commands_for(&all, Some("a")).expect("one"), ["a"]);
        assert_eq!(
            list.commands_for(&names(&["a"]), None)
                .expect("those there"),
            ["a"]
        );
        let error = list.commands_for(&names(&["a", "e"]), None);
        assert!(error.expect_err("unknown").message().ends_with("run e"));
        assert!(list.commands_for(&all, Some("c")).is_err());
        assert!(List::parse("- c\n").is_err());
    }

    #[test]
    fn each_that_is_left_out_has_a_reason() {
        let list = List::parse(include_str!("../../selftest/mm.tests")).expect("a list");

        assert!(list.commands.len() > 20 && list.left_out.len() > 10);
    }
}
