// SPDX-License-Identifier: GPL-2.0

//! `workbench/mutants/BASE.explained`: mutants that no test can notice, each an id, a colon and the
//! reason. One that is no mutant any more, or that a test notices, fails.

use super::mutant::line_hash;
use crate::console::read_lossy;
use crate::settings::Settings;
use std::collections::BTreeMap;
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
        let hashes: Vec<String> = files
            .iter()
            .flat_map(|file| file.lines().map(line_hash))
            .collect();
        let has = |id: &str| {
            let hash = id.split('.').nth(3).unwrap_or_default();
            hashes.iter().any(|known| known == hash)
        };

        let ids = self.0.keys().filter(|id| !has(id));
        ids.cloned().collect()
    }
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
