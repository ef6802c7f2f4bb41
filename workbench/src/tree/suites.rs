// SPDX-License-Identifier: GPL-2.0

//! The KUnit suites that sources declare.

use crate::console::read_lossy;
use crate::error::{Context, Result};
use regex::Regex;
use std::collections::BTreeSet;
use std::path::Path;

/// Where sweeps of the kernel's subsystems are, which take a kernel of their own.
pub(crate) const SUBSYSTEMS: &str = "lib/tests/fault_sweeps/subsystems";

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
