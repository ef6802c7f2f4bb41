// SPDX-License-Identifier: GPL-2.0

//! Which release of the base this checkout uses.

use crate::builder::Builder;
use crate::error::Result;
use crate::settings::BaseConfig;
use crate::stamp::write_whole;
use std::path::PathBuf;

/// `build/BASE/version`: another release than the one of `workbench/bases/BASE`, for this checkout.
/// It counts while that one stays the same.
pub(crate) struct Choice {
    file: PathBuf,
}

impl Choice {
    pub(crate) fn new(b: &Builder) -> Choice {
        Choice {
            file: b.settings.base_build().join("version"),
        }
    }

    pub(crate) fn version(&self, config: &BaseConfig) -> String {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let mut words = text.split_whitespace();

        match (words.next(), words.next()) {
            (Some(version), Some(instead_of))
                if instead_of == config.release && config.has(version) =>
            {
                version.to_string()
            }
            _ => config.release.clone(),
        }
    }

    pub(crate) fn write(&self, version: &str, config: &BaseConfig) -> Result<()> {
        if version == config.release {
            // There may be none.
            let _ = std::fs::remove_file(&self.file);
            return Ok(());
        }
        write_whole(
            &self.file,
            format!("{version} {}\n", config.release).as_bytes(),
        )
    }
}
