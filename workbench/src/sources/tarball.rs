// SPDX-License-Identifier: GPL-2.0

//! Tarballs in the cache, `linux-6.18.15.tar.xz`, each with a file `.sha256` that has its hash,
//! name and length as in the archive's index.
//!
//! They are Debian's: without the few files that its guidelines do not allow in it, such as
//! drivers/media/usb/dvb-usb/af9005-script.h, so not quite what kernel.org has.

use crate::error::Result;
use crate::stamp::{sha256_of, write_whole};
use std::path::{Path, PathBuf};

/// One that is or will be in the cache.
#[derive(Clone, Debug)]
pub(crate) struct Tarball {
    pub(crate) file: PathBuf,
}

impl Tarball {
    /// That of a release.
    pub(crate) fn new(dir: &Path, version: &str) -> Tarball {
        Tarball {
            file: dir.join(format!("linux-{version}.tar.xz")),
        }
    }

    pub(crate) fn name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();

        name.to_string_lossy().into_owned()
    }

    fn sums(&self) -> PathBuf {
        self.file.with_extension("xz.sha256")
    }

    /// Its hash and length in the index.
    fn expected(&self) -> Option<(String, u64)> {
        let text = std::fs::read_to_string(self.sums()).ok()?;
        let mut words = text.split_whitespace();

        Some((words.next()?.into(), words.nth(1)?.parse().ok()?))
    }

    /// Whether it has the right length, which is told quickly.
    pub(crate) fn has_length(&self) -> bool {
        let length = std::fs::metadata(&self.file).map(|file| file.len()).ok();

        self.expected()
            .is_some_and(|(_, expected)| length == Some(expected))
    }

    /// Whether it is that of the index. Who reads it asks for this.
    pub(crate) fn is_sound(&self) -> Result<bool> {
        if !self.has_length() {
            return Ok(false);
        }
        let sum = sha256_of(&self.file)?;
        Ok(self.expected().is_some_and(|(expected, _)| expected == sum))
    }

    /// Takes a file that has been fetched into the cache.
    pub(crate) fn keep(&self, fetched: &Path, sum: &str, length: u64) -> Result<()> {
        use crate::error::Context;

        std::fs::rename(fetched, &self.file)
            .or_say(|| format!("cannot write {}", self.file.display()))?;
        let line = format!("{sum} {} {length}\n", self.name());
        write_whole(&self.sums(), line.as_bytes())
    }

    /// Removes what cannot be used.
    pub(crate) fn remove(&self) {
        // If it is not there, all the better.
        let _ = std::fs::remove_file(&self.file);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Pretends that a file is the tarball of the index.
    pub(crate) fn vouch_for(tarball: &Tarball) {
        let sum = sha256_of(&tarball.file).expect("a file");
        let length = std::fs::metadata(&tarball.file).expect("a file").len();

        tarball.keep(&tarball.file, &sum, length).expect("sums");
    }

    #[test]
    fn damage_is_noticed() {
        let dir = tempfile::tempdir().expect("a folder");
        let tarball = Tarball::new(dir.path(), "6.18.15");
        assert!(!tarball.has_length());

        std::fs::write(&tarball.file, "content").expect("a file");
        assert!(!tarball.has_length(), "without a hash");
        vouch_for(&tarball);
        assert!(tarball.has_length() && tarball.is_sound().expect("a file"));
        std::fs::write(&tarball.file, "c0ntent").expect("a file");
        assert!(tarball.has_length() && !tarball.is_sound().expect("a file"));
        std::fs::write(&tarball.file, "cut").expect("a file");
        assert!(!tarball.has_length());
    }
}
