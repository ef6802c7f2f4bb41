// SPDX-License-Identifier: GPL-2.0

//! The style of the project's own code that is not for the kernel, or that the kernel's own tools
//! do not look at: the workbench, its shell scripts, and the Rust of the userspace harness.

use crate::builder::Builder;
use crate::cargo;
use crate::console::Log;
use crate::error::{Context, Result};
use crate::outcome::{self, Outcome, Tested};
use crate::process::Cmd;
use crate::settings::Dirs;
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::run_tree::RunTree;
use std::path::{Path, PathBuf};

const HARNESS: &str = "tools/testing/vma/fork";

/// One of the checks: what it is called, and what it runs.
struct Check {
    name: &'static str,
    run: fn(&Style<'_>, &Log) -> Result<bool>,
}

const CHECKS: [Check; 4] = [
    Check {
        name: "rustfmt, workbench",
        run: |style, log| style.rustfmt(log),
    },
    Check {
        name: "clippy, workbench",
        run: |style, log| {
            let all = ["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"];
            cargo::compile(style.b, &style.toolbox, &all, log)
        },
    },
    Check {
        name: "shellcheck, workbench",
        run: shellcheck,
    },
    Check {
        name: "clippy, harness",
        run: harness,
    },
];

struct Style<'a> {
    b: &'a Builder,
    toolbox: Toolbox,
    /// The whole series; the harness reads its headers.
    tree: PathBuf,
    repository: Repository,
}

pub(crate) fn style(b: &Builder) -> Result<Outcome> {
    let style = Style {
        b,
        toolbox: b.ensure(Sysroot(Tools::Build))?,
        tree: b.ensure(RunTree {
            branch: Branch::Fixed,
        })?,
        repository: b.ensure(Branches)?,
    };

    outcome::long_test(
        b,
        "style of the workbench and the harness",
        "style",
        || style.tested(),
        |log| style.run(log),
    )
}

/// The scripts that stay, and what CI runs.
fn scripts(dirs: &Dirs) -> Result<Vec<PathBuf>> {
    let mut files = files_below(&dirs.workbench.join("boot"), "sh")?;

    files.push(dirs.top.join(".ci/run"));
    Ok(files)
}

/// Files whose name ends so, in a folder and below, in order.
fn files_below(dir: &Path, end: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(dir).or_say(|| format!("cannot read {}", dir.display()))?;

    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path, end)?);
        } else if path.extension().is_some_and(|found| found == end) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Style<'_> {
    fn tested(&self) -> Result<Tested> {
        let dirs = &self.b.settings.dirs;
        let mut files = files_below(&dirs.workbench.join("src"), "rs")?;
        let mut inputs = Inputs::default();

        files.extend(scripts(dirs)?);
        files.extend(["Cargo.toml", "Cargo.lock"].map(|name| dirs.workbench.join(name)));
        for end in ["rs", "h"] {
            files.extend(files_below(&dirs.top.join(HARNESS), end)?);
        }
        files.push(dirs.top.join(HARNESS).join("Makefile"));
        for file in files {
            inputs = inputs.add_file(&file);
        }
        Ok(Tested {
            inputs,
            tree: self.repository.tree(Branch::Fixed)?,
        })
    }

    fn run(&self, log: &Log) -> Result<Outcome> {
        let mut outcome = Outcome::default();

        for check in &CHECKS {
            let before = log.text().len();
            if (check.run)(self, log)? {
                outcome.passed += 1;
                continue;
            }
            outcome.failed += 1;
            outcome.text.push_str(&format!("{}:\n", check.name));
            for line in log.text().get(before..).unwrap_or_default().lines() {
                outcome.text.push_str(&format!("    | {line}\n"));
            }
        }
        outcome.text.push_str(&format!(
            "style: {} passed, {} failed\n",
            outcome.passed, outcome.failed
        ));
        Ok(outcome)
    }

    /// Of all modules, as the main one names them.
    fn rustfmt(&self, log: &Log) -> Result<bool> {
        let cmd = self
            .toolbox
            .cmd("rustfmt")
            .dir(&self.b.settings.dirs.workbench)
            .args(["--check", "--edition", "2021", "src/main.rs"]);

        Ok(log.run(&cmd)?.success())
    }
}

fn shellcheck(style: &Style<'_>, log: &Log) -> Result<bool> {
    let dirs = &style.b.settings.dirs;
    let cmd = style
        .toolbox
        .cmd("shellcheck")
        .dir(&dirs.top)
        .arg("-x")
        .args(scripts(dirs)?);

    Ok(log.run(&cmd)?.success())
}

/// What bindgen makes of the headers is needed for clippy to see anything; nothing is built.
fn harness(style: &Style<'_>, log: &Log) -> Result<bool> {
    let settings = &style.b.settings;
    let dir = settings.dirs.top.join(HARNESS);
    let out = settings.base_build().join("style");
    let clippy = |file: &str, more: &[&str]| -> Cmd {
        style
            .toolbox
            .env("FORK_OUT", &out.to_string_lossy())
            .cmd("clippy-driver")
            .dir(&dir)
            .args(["--edition", "2021", "-D", "warnings", "--emit=metadata"])
            .arg("--out-dir")
            .arg(&out)
            .args(more)
            .arg(file)
    };
    let bindings = style
        .toolbox
        .make(settings, &dir)
        .arg("-s")
        .arg(format!("KERNEL={}", style.tree.display()))
        .arg(format!("OUT={}", out.display()))
        .arg(out.join("bindings.rs"));

    if !log.run(&bindings)?.success() {
        return Ok(false);
    }
    let mut good = true;
    // Tests are all there is of it.
    for (file, more) in [
        ("main.rs", &["--test", "--crate-name", "fork"]),
        ("extract.rs", &["--test", "--crate-name", "extract"]),
    ] {
        good &= log.run(&clippy(file, more))?.success();
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn all_scripts_are_looked_at() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let boot = dir.path().join("workbench/boot");
        std::fs::create_dir_all(boot.join("tests")).expect("a folder");
        for name in ["run.sh", "enter.sh", "README", "tests/x.sh"] {
            std::fs::write(boot.join(name), "").expect("a file");
        }
        let found = scripts(&b.settings.dirs).expect("a list");
        let shown: Vec<String> = found.iter().map(|path| b.settings.shown(path)).collect();

        assert_eq!(
            shown,
            [
                "workbench/boot/enter.sh",
                "workbench/boot/run.sh",
                "workbench/boot/tests/x.sh",
                ".ci/run"
            ]
        );
    }
}
