// SPDX-License-Identifier: GPL-2.0

//! `workbench/mutants/BASE.explained`: mutants that no test can notice, each an id, a colon and the
//! reason. One that is no mutant any more, or that a test notices, fails.

use super::generate::FUNCTIONS;
use super::mutant::line_hash;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::Result;
use crate::outcome::Outcome;
use crate::settings::Settings;
use crate::tree::branches::{Branches, Repository};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

#[derive(Clone, Debug, Default)]
pub(super) struct Explained(pub(super) BTreeMap<String, String>);

impl Explained {
    pub(super) fn read(settings: &Settings) -> Explained {
        Explained::parse(&read_lossy(&Explained::path(settings)))
    }

    pub(super) fn path(settings: &Settings) -> PathBuf {
        let dir = settings.dirs.workbench.join("mutants");
        dir.join(format!("{}.explained", settings.base))
    }

    pub(super) fn parse(text: &str) -> Explained {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pairs = lines.filter_map(|line| line.split_once(": "));

        Explained(
            pairs
                .map(|(id, why)| (id.trim().to_string(), why.trim().to_string()))
                .collect(),
        )
    }

    /// Those whose line none of the files has any more: for that nothing need be parsed.
    pub(super) fn without_line(&self, files: &[String]) -> Vec<String> {
        let hashes = hashes(files);
        let ids = self.0.keys().filter(|id| !has_line(id, &hashes));

        ids.cloned().collect()
    }
}

/// All lines of files as ids have them.
pub(super) fn hashes(files: &[String]) -> HashSet<String> {
    files
        .iter()
        .flat_map(|file| file.lines().map(line_hash))
        .collect()
}

/// Whether an id is of one of these lines.
pub(super) fn has_line(id: &str, hashes: &HashSet<String>) -> bool {
    id.split('.')
        .nth(3)
        .is_some_and(|hash| hashes.contains(hash))
}

/// Why a base has no mutants.
pub(crate) fn missing(b: &Builder) -> Option<String> {
    let list = Explained::path(&b.settings);

    (!list.is_file()).then(|| format!("no {}", b.settings.shown(&list)))
}

/// What is changed, as the series has it.
pub(super) fn files(repository: &Repository) -> Result<Vec<String>> {
    let read = |path| repository.git().read(["show", &format!("fixed:{path}")]);

    FUNCTIONS.iter().map(|(path, _)| read(path)).collect()
}

/// Whether each explanation is of a line that the series still has. `make mutants` says more.
pub(crate) fn check_explained(b: &Builder) -> Result<Outcome> {
    let repository = b.ensure(Branches)?;

    if b.planning() {
        b.quick("explained mutants are not stale", || Ok(()))?;
        return Ok(Outcome::one(true, ""));
    }
    let files = files(&repository)?;
    let explained = Explained::read(&b.settings);
    let stale = explained.without_line(&files);
    let text = match stale.is_empty() {
        true => format!("{} explained mutants, none stale\n", explained.0.len()),
        false => format!(
            "explained, but no line is as these have it: {}\n",
            stale.join(" ")
        ),
    };

    Ok(Outcome::one(stale.is_empty(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_needs_its_line() {
        let line = "\tmm->count++;";
        let id = format!("mmap.f.delete.{}", line_hash(line));
        let text = format!("# why\n{id}: nobody reads it: really\nmmap.f.true.00000000.2: x\n");
        let explained = Explained::parse(&text);

        assert_eq!(explained.0[&id], "nobody reads it: really");
        assert_eq!(
            explained.without_line(&["int x;\n  mm->count++;\n".into()]),
            ["mmap.f.true.00000000.2"]
        );
    }
}
