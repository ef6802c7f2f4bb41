// SPDX-License-Identifier: GPL-2.0

//! `make htmldocs`: the kernel's documentation as HTML, those of its folders in which the series
//! has pages. What Sphinx says about those pages, and about the sources that they take
//! descriptions from, is an error; what it says about others is not ours. The result is in
//! `build/BASE/html`.

use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::outcome::{self, Outcome, Tested};
use crate::stamp::{Inputs, Stamp};
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::run_tree::RunTree;
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What of the documentation the series is about, paths below the top of the tree.
#[derive(Clone, Debug, Default)]
struct Pages {
    added: Vec<String>,
    changed: Vec<String>,
    /// Sources that the added pages quote.
    quoted: BTreeSet<String>,
}

/// `make htmldocs`
pub(crate) fn run(b: &Builder) -> Result<()> {
    let what = Htmldocs::new(b)?;
    let made = what.build(b)?;

    b.console.say(said(b, &made));
    Ok(())
}

/// The same as a test.
pub(crate) fn test(b: &Builder) -> Result<Outcome> {
    let what = Htmldocs::new(b)?;
    let tested = || {
        let tree = what.repository.tree(Branch::Fixed)?;
        Ok(Tested {
            inputs: Inputs::default().add("tree", tree.as_bytes()),
            tree,
        })
    };

    outcome::test(b, "pages of the documentation", "htmldocs", tested, || {
        Ok(Outcome::one(true, said(b, &what.build(b)?)))
    })
}

fn said(b: &Builder, pages: &[PathBuf]) -> String {
    let lines: Vec<String> = pages
        .iter()
        .map(|page| format!("  {}", b.settings.shown(page)))
        .collect();

    lines.join("\n")
}

/// What it takes.
struct Htmldocs {
    repository: Repository,
    tree: PathBuf,
    tools: Toolbox,
    /// Sphinx works there.
    work: PathBuf,
    html: PathBuf,
}

impl Htmldocs {
    fn new(b: &Builder) -> Result<Htmldocs> {
        let built = b.settings.base_build();

        Ok(Htmldocs {
            repository: b.ensure(Branches)?,
            tree: b.ensure(RunTree {
                branch: Branch::Fixed,
            })?,
            tools: b.ensure(Sysroot(Tools::Mail))?,
            work: built.join("htmldocs"),
            html: built.join("html"),
        })
    }

    /// Builds the pages unless they are there. Returns those that the series adds.
    fn build(&self, b: &Builder) -> Result<Vec<PathBuf>> {
        let (html, work) = (&self.html, &self.work);
        let stamp = Stamp::new(html.with_extension("stamp"));

        if b.planning() {
            b.quick("Sphinx", || Ok(()))?;
            return Ok(Vec::new());
        }
        let pages = Pages::of(&self.repository.git())?;
        if pages.added.is_empty() {
            let base = &b.settings.base;
            return Err(Error::usage(format!(
                "the series for linux {base} has no pages below Documentation/"
            )));
        }
        if b.settings.force || pages.made_in(html).is_err() {
            stamp.remove()?;
        }
        let title = format!("Sphinx, Documentation/{{{}}}", pages.folders().join(","));
        let stamp = || {
            Ok(stamp
                .input("tree", &self.repository.tree(Branch::Fixed)?)
                .input("toolchain", &b.settings.toolchain_identity))
        };
        b.stamped(&title, "htmldocs", stamp, |log| {
            if work.exists() {
                fs::remove_dir_all(work).or_say(|| format!("cannot remove {}", work.display()))?;
            }
            fs::create_dir_all(work).or_say(|| format!("cannot make {}", work.display()))?;
            log.run_checked(&pages.sphinx(&self.tools, &self.tree, work))?;
            let ours = pages.complaints(&log.text());
            if !ours.is_empty() {
                return Err(Error::failed(format!(
                    "Sphinx complains about what is ours: see {}",
                    b.settings.shown(&log.path)
                ))
                .with_details(ours));
            }
            pages.publish(html)?;
            pages.made_in(html).map(drop)
        })?;
        pages.made_in(html)
    }
}

impl Pages {
    fn of(git: &Git) -> Result<Pages> {
        let pages = |filter: &str| {
            let filter = format!("--diff-filter={filter}");
            let range = ["base", Branch::Fixed.name()];
            git.cmd(["diff", "--name-only", "--no-renames", &filter])
                .args(range)
                .args(["--", "Documentation/*.rst"])
                .read()
                .map(|said| said.lines().map(str::to_string).collect::<Vec<_>>())
        };
        let (added, changed) = (pages("A")?, pages("M")?);
        let mut quoted = BTreeSet::new();

        for page in &added {
            let text = git.read(["show", &format!("{}:{page}", Branch::Fixed.name())])?;
            quoted.extend(text.lines().filter_map(quotes).map(str::to_string));
        }
        Ok(Pages {
            added,
            changed,
            quoted,
        })
    }

    /// The folders of Documentation/ that are built.
    fn folders(&self) -> Vec<String> {
        let folder = |page: &String| {
            let page = page.strip_prefix("Documentation/")?;
            Some(page.split_once('/')?.0.to_string())
        };
        let folders: BTreeSet<String> = self.added.iter().filter_map(folder).collect();

        folders.into_iter().collect()
    }

    fn sphinx(&self, tools: &Toolbox, tree: &Path, work: &Path) -> crate::process::Cmd {
        tools
            .cmd("make")
            .arg("-C")
            .arg(tree)
            .arg(format!("O={}", work.display()))
            .arg(format!("SPHINXDIRS={}", self.folders().join(" ")))
            .arg("PYTHON3=python3")
            .arg(format!("KERNELDOC={}/scripts/kernel-doc", tree.display()))
            .arg("htmldocs")
    }

    /// Lines of a log that are about what is ours.
    fn complaints(&self, log: &str) -> Vec<String> {
        let ours = about(self.added.iter().chain(&self.quoted));
        let shared = about(&self.changed);
        let matches = |files: &Option<Regex>, line: &str| {
            files.as_ref().is_some_and(|files| files.is_match(line))
        };
        // Other folders are not built, so that pages that were there may refer to what is not.
        let elsewhere = |line: &str| line.ends_with("[ref.doc]") || line.ends_with("[ref.ref]");

        log.lines()
            .filter(|line| {
                matches(&ours, line) || (matches(&shared, line) && !elsewhere(line.trim_end()))
            })
            .map(str::to_string)
            .collect()
    }

    /// Where Sphinx leaves the folders, by shorter paths.
    fn publish(&self, html: &Path) -> Result<()> {
        let cannot = || format!("cannot write {}", html.display());

        if html.exists() {
            fs::remove_dir_all(html).or_say(cannot)?;
        }
        fs::create_dir_all(html).or_say(cannot)?;
        for folder in self.folders() {
            let made = format!("../htmldocs/Documentation/output/{folder}");
            symlink(made, html.join(&folder)).or_say(cannot)?;
        }
        Ok(())
    }

    /// The added pages as HTML, all of them.
    fn made_in(&self, html: &Path) -> Result<Vec<PathBuf>> {
        let made = |page: &String| {
            let page = page.trim_start_matches("Documentation/");
            let path = html.join(page).with_extension("html");
            match fs::metadata(&path).is_ok_and(|page| page.len() > 0) {
                true => Ok(path),
                false => Err(Error::failed(format!("{} was not made", path.display()))),
            }
        };

        self.added.iter().map(made).collect()
    }
}

/// The source that a line takes descriptions from.
fn quotes(line: &str) -> Option<&str> {
    line.strip_prefix(".. kernel-doc::")?
        .split_whitespace()
        .next()
}

/// What a complaint about any of the files looks like.
fn about<'a>(files: impl IntoIterator<Item = &'a String>) -> Option<Regex> {
    let names: Vec<String> = files.into_iter().map(|file| regex::escape(file)).collect();

    if names.is_empty() {
        return None;
    }
    Regex::new(&format!("(^|[ /])({}):", names.join("|"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages {
            added: vec!["Documentation/mm/fork.rst".into()],
            changed: vec!["Documentation/mm/index.rst".into()],
            quoted: ["include/kunit/fault.h".to_string()].into(),
        }
    }

    #[test]
    fn complaints_about_what_is_ours_count() {
        let log = "\
/b/run/Documentation/mm/fork.rst:7: WARNING: Unexpected indentation.
/b/run/Documentation/mm/other.rst:7: WARNING: x
WARNING: ../include/kunit/fault.h:12 x
Warning: ../include/kunit/fault.h:12 function parameter 'x' not described
/b/run/Documentation/mm/index.rst:7: WARNING: unknown document: 'x' [ref.doc]
/b/run/Documentation/mm/index.rst:8: WARNING: toctree contains nonexisting 'x'
/b/run/Documentation/mm/fork.rst:9: WARNING: unknown document: 'x' [ref.doc]
/b/run/Documentation/mm/forkXrst:9: WARNING: x
";
        let ours = pages().complaints(log);

        assert_eq!(ours.len(), 5, "{ours:#?}");
        assert!(!ours.iter().any(|line| line.contains("other.rst")));
    }

    #[test]
    fn folders_are_those_of_added_pages() {
        assert_eq!(pages().folders(), ["mm"]);
    }

    #[test]
    fn a_page_names_the_sources_it_quotes() {
        assert_eq!(quotes(".. kernel-doc:: lib/x.c"), Some("lib/x.c"));
        assert_eq!(quotes(".. kernel-doc::  lib/x.c :export:"), Some("lib/x.c"));
        assert_eq!(quotes("   :functions: x"), None);
    }

    #[test]
    fn a_page_that_is_missing_or_empty_was_not_made() {
        let dir = tempfile::tempdir().expect("a folder");
        fs::create_dir(dir.path().join("mm")).expect("a folder");
        let page = dir.path().join("mm/fork.html");

        assert!(pages().made_in(dir.path()).is_err());
        fs::write(&page, "").expect("a file");
        assert!(pages().made_in(dir.path()).is_err());
        fs::write(&page, "x").expect("a file");
        assert_eq!(pages().made_in(dir.path()).ok(), Some(vec![page]));
    }
}
