// SPDX-License-Identifier: GPL-2.0

//! The files of breakages:
//!
//! ```text
//! What is broken, in one line.
//!
//! Survives: why no test can notice, if so
//! ---
//! the patch
//! ```

use crate::console::read_lossy;
use crate::error::{Error, Result};
use crate::settings::Settings;
use regex::Regex;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Breakage {
    pub(super) file: PathBuf,
    /// The file's name without `.patch`.
    pub(super) name: String,
    /// What is broken.
    pub(super) what: String,
    /// Why no test can notice.
    pub(super) survives: Option<String>,
}

impl Breakage {
    fn read(settings: &Settings, file: &Path) -> Result<Breakage> {
        let text = read_lossy(file);
        let (what, survives) = header(&text).ok_or_else(|| {
            Error::usage(format!(
                "{}: its first line does not say what is broken",
                settings.shown(file)
            ))
        })?;

        Ok(Breakage {
            name: file
                .file_stem()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            file: file.to_owned(),
            what,
            survives,
        })
    }
}

/// What a file says above its patch.
fn header(text: &str) -> Option<(String, Option<String>)> {
    let above = || text.lines().take_while(|line| *line != "---");
    let what = above().next()?.trim();
    let survives = above().find_map(|line| line.strip_prefix("Survives: "));

    (!what.is_empty()).then(|| (what.to_string(), survives.map(|why| why.trim().to_string())))
}

/// The breakages of a base, in order: those that `ONLY=` names, as a pattern of file names.
pub(super) fn chosen(settings: &Settings) -> Result<Vec<Breakage>> {
    let dir = settings
        .dirs
        .workbench
        .join("breakages")
        .join(&settings.base);
    let only = settings.only.as_deref().unwrap_or("*");
    let only = only.strip_suffix(".patch").unwrap_or(only);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|end| end == "patch"))
        .filter(|file| {
            file.file_stem()
                .is_some_and(|name| matches(only, &name.to_string_lossy()))
        })
        .collect();

    if files.is_empty() {
        return Err(Error::usage(format!(
            "no {}/{only}.patch: there is nothing to break linux {} with",
            settings.shown(&dir),
            settings.base
        )));
    }
    files.sort();
    files
        .iter()
        .map(|file| Breakage::read(settings, file))
        .collect()
}

/// Whether a shell would take a name for the pattern, as far as `*` and `?` go.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = regex::escape(pattern)
        .replace(r"\*", ".*")
        .replace(r"\?", ".");

    Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    #[test]
    fn a_header_is_above_the_patch() {
        let text = "the limit is ignored\n\nSurvives: nobody looks\n---\nSurvives: no\n";

        assert_eq!(
            header(text),
            Some(("the limit is ignored".into(), Some("nobody looks".into())))
        );
        assert_eq!(
            header("it is late\n---\nSurvives: no\n"),
            Some(("it is late".into(), None))
        );
        assert_eq!(header("\nit is late\n---\n"), None);
        assert_eq!(header("---\nx\n"), None);
        assert_eq!(header(""), None);
    }

    #[test]
    fn names_are_matched_as_a_shell_does() {
        assert!(matches("*", "01-a"));
        assert!(matches("0?-*", "01-a"));
        assert!(matches("01-a", "01-a"));
        assert!(!matches("01", "01-a"));
        assert!(!matches("*.b", "01-a"));
        assert!(!matches("01.a", "01-a"));
    }

    fn project(only: Option<&str>) -> (tempfile::TempDir, Result<Vec<Breakage>>) {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |args| args.only = only.map(str::to_string));
        let breakages = dir.path().join("workbench/breakages/6.18");
        std::fs::create_dir_all(&breakages).expect("a folder");
        for (name, text) in [
            ("02-b.patch", "b is broken\n---\n"),
            ("01-a.patch", "a is broken\n---\n"),
            ("03-c.patch", "\n---\n"),
            ("README", "x"),
        ] {
            std::fs::write(breakages.join(name), text).expect("a file");
        }
        let chosen = chosen(&b.settings);
        (dir, chosen)
    }

    #[test]
    fn breakages_are_chosen_by_name() {
        for only in ["0[12]*", "0?-[ab]"] {
            assert!(project(Some(only)).1.is_err(), "sets are not known");
        }
        let names = |only| -> Vec<String> {
            let chosen = project(Some(only)).1.expect("a list");
            chosen.into_iter().map(|breakage| breakage.name).collect()
        };
        assert_eq!(names("01*"), ["01-a"]);
        assert_eq!(names("02-b.patch"), ["02-b"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |only| {
            let error = project(only).1.expect_err("an error");
            error.message().to_string()
        };

        assert_eq!(
            message(None),
            "workbench/breakages/6.18/03-c.patch: its first line does not say what is broken"
        );
        assert_eq!(
            message(Some("x*")),
            "no workbench/breakages/6.18/x*.patch: there is nothing to break linux 6.18 with"
        );
    }
}
