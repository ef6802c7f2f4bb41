// SPDX-License-Identifier: GPL-2.0

//! The KUnit suites that sources declare.

use crate::console::read_lossy;
use crate::error::{Context, Result};
use crate::settings::{Arch, Settings};
use regex::Regex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Suites that share a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suites {
    /// Those of forks, of the fault injection and of library code.
    Fork,
    /// Sweeps of subsystems.
    Subsystems,
}

impl Suites {
    pub(crate) const ALL: [Suites; 2] = [Suites::Fork, Suites::Subsystems];

    /// The folder of the tree that has the options they ask for.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Suites::Fork => "mm/tests",
            Suites::Subsystems => "lib/tests/fault_sweeps/subsystems",
        }
    }

    /// Whether a file of the series may declare some of them.
    pub(crate) fn has(self, path: &str) -> bool {
        let of_subsystem = Path::new(path).starts_with(Suites::Subsystems.folder());

        of_subsystem == (self == Suites::Subsystems)
    }

    /// What their kernel for a machine is called, and their table.
    pub(crate) fn on(self, arch: Arch) -> String {
        match self {
            Suites::Fork => arch.name().to_string(),
            Suites::Subsystems => format!("{arch}-sweeps"),
        }
    }

    /// What is added to the options they ask for.
    pub(crate) fn config(self, settings: &Settings, arch: Arch) -> PathBuf {
        let dir = settings.dirs.workbench.join("kunit");

        dir.join(format!("{}.config", self.on(arch)))
    }
}

/// The names of the suites that files of a tree declare, sorted.
pub(crate) fn suites_in<'a>(
    tree: &Path,
    files: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<String>> {
    let pattern = |text| Regex::new(text).or_say(|| "cannot look for suites");
    let rust = pattern(r"(?m)^\s*#\[kunit_tests\((\w*)\)\]")?;
    let c = pattern(r#"struct kunit_suite [^{};]*\{[^}]*?\.name = "([^"]*)""#)?;
    let mut names = BTreeSet::new();

    for file in files {
        let pattern = match file.rsplit_once('.') {
            Some((_, "rs")) => &rust,
            Some((_, "c")) => &c,
            _ => continue,
        };
        let text = read_lossy(&tree.join(file));
        let found = pattern.captures_iter(&text);
        names.extend(found.map(|name| name[1].to_string()));
    }
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_of_both_languages_are_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).expect("a file");
        };
        write(
            "a.c",
            "static struct kunit_suite x = {\n\t.init = y,\n\t.name = \"c_suite\",\n};\n\
             struct other z = { .name = \"none\" };\n",
        );
        write(
            "b.rs",
            "\t#[kunit_tests(rust_suite)]\n// #[kunit_tests(said)]\n",
        );
        write("c.h", "#[kunit_tests(header)]\n");

        assert_eq!(
            suites_in(dir.path(), ["b.rs", "a.c", "c.h", "missing.c"]).expect("names"),
            ["c_suite", "rust_suite"]
        );
    }
}
