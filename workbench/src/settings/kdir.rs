// SPDX-License-Identifier: GPL-2.0

//! `KDIR=path`: whether that is a kernel tree, and of which release.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// A tree of the user's that looks like a kernel.
#[derive(Clone, Debug)]
pub(crate) struct Kdir {
    pub(crate) path: PathBuf,
    /// The base that it is a release of, such as `6.18`.
    pub(crate) base: String,
    /// Its release, such as `6.18.15`.
    pub(crate) version: String,
}

impl Kdir {
    /// Fails for what is no kernel tree.
    pub(crate) fn check(path: &Path) -> Result<Kdir> {
        let said = path.display();
        let real = path
            .canonicalize()
            .ok()
            .filter(|real| real.is_dir())
            .ok_or_else(|| Error::usage(format!("KDIR={said} is not a directory")))?;
        let makefile = std::fs::read_to_string(real.join("Makefile")).unwrap_or_default();
        let value = |name: &str| {
            makefile.lines().find_map(|line| {
                let rest = line.strip_prefix(name)?.trim_start();
                let value = rest.strip_prefix('=')?.trim();
                value.parse::<u32>().ok()
            })
        };
        let kernel = ["Kbuild", "mm/mmap.c", "tools/testing/kunit/kunit.py"]
            .iter()
            .all(|file| real.join(file).is_file());

        match (value("VERSION"), value("PATCHLEVEL")) {
            (Some(version), Some(patchlevel)) if kernel => {
                let base = format!("{version}.{patchlevel}");
                let version = format!("{base}.{}", value("SUBLEVEL").unwrap_or(0));
                Ok(Kdir {
                    path: real,
                    base,
                    version,
                })
            }
            _ => Err(Error::usage(format!(
                "KDIR={said} is not a kernel tree: no Makefile with VERSION, Kbuild, mm/mmap.c or \
                 kunit.py at its top"
            ))),
        }
    }
}
