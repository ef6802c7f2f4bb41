// SPDX-License-Identifier: GPL-2.0

//! The project's own code, apart from the kernel's: style, and unit tests of the workbench.

use crate::builder::Builder;
use crate::cargo;
use crate::error::{Context, Result};
use crate::outcome::{self, Outcome, Tested};
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Tools};
use std::path::Path;

/// Formatting and lints of the workbench, of its shell scripts and of the harness.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    crate::lint::style(b)
}

/// All files of the project that the unit tests may look at.
fn add_folder(mut inputs: Inputs, dir: &Path) -> Result<Inputs> {
    let mut entries: Vec<_> = std::fs::read_dir(dir)
        .or_say(|| format!("cannot read {}", dir.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();

    entries.sort();
    for path in entries {
        inputs = match path.is_dir() {
            true => add_folder(inputs, &path)?,
            false => inputs.add_file(&path),
        };
    }
    Ok(inputs)
}

/// `cargo test` of the workbench.
pub(crate) fn unit_tests(b: &Builder) -> Result<Outcome> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let dirs = &b.settings.dirs;

    outcome::long_test(
        b,
        "unit tests of the workbench",
        "unit-tests",
        || {
            let mut inputs = add_folder(Inputs::default(), &dirs.workbench)?;
            for name in ["README.md", "HACKING.md", "Makefile"] {
                inputs = inputs.add_file(&dirs.top.join(name));
            }
            Ok(Tested {
                inputs,
                tree: String::new(),
            })
        },
        |log| {
            let cmd = cargo::cmd(b, &toolbox, &["test", "--quiet"]);
            let good = cargo::compile(b, &toolbox, &["test", "--quiet", "--no-run"], log)?
                && log.run(&cmd)?.success();
            let text = log.text();
            let (passed, failed) = totals(&text);

            Ok(Outcome {
                passed,
                failed: failed.max(u64::from(!good)),
                text,
                ..Outcome::default()
            })
        },
    )
}

/// How many tests passed and failed, as cargo says: `test result: ok. 20 passed; 0 failed; ...`.
fn totals(text: &str) -> (u64, u64) {
    let mut sum = (0, 0);

    for line in text.lines() {
        let Some((_, counts)) = line.split_once("test result: ") else {
            continue;
        };
        let count = |what: &str| -> u64 {
            let mut parts = counts.split([';', '.']);
            parts
                .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
                .unwrap_or(0)
        };
        sum = (sum.0 + count("passed"), sum.1 + count("failed"));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_those_of_cargo() {
        let text = "test result: ok. 20 passed; 0 failed; 0 ignored\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored\n";

        assert_eq!(totals(text), (23, 2));
    }
}
