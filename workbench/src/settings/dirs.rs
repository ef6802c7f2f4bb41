// SPDX-License-Identifier: GPL-2.0

//! The folders that are worked in.

use std::path::{Path, PathBuf};

/// The folders that are worked in.
#[derive(Clone, Debug)]
pub(crate) struct Dirs {
    /// The checkout of this project.
    pub(crate) top: PathBuf,
    pub(crate) workbench: PathBuf,
    /// What is built; `make clean` removes it.
    pub(crate) build: PathBuf,
    /// What is fetched, and shared by all checkouts of the user.
    pub(crate) cache: PathBuf,
}

impl Dirs {
    pub(crate) fn new(top: &Path, cache: &Path) -> Dirs {
        Dirs {
            top: top.to_owned(),
            workbench: top.join("workbench"),
            build: top.join("build"),
            cache: cache.to_owned(),
        }
    }

    /// A path as the user would type it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.top)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// The bases that there are, oldest first.
    pub(crate) fn bases(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.workbench.join("bases"))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
            .collect();
        let key = |name: &str| -> Vec<u32> {
            name.split('.')
                .filter_map(|part| part.parse().ok())
                .collect()
        };

        names.sort_by_key(|name| key(name));
        names
    }
}
