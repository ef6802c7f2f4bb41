// SPDX-License-Identifier: GPL-2.0

//! What something was made from, as one hash in a file beside it.

use crate::error::{Context, Result};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Inputs, and the file that says from which of them the output was made.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    inputs: Inputs,
}

impl Stamp {
    pub(crate) fn new(file: impl AsRef<Path>) -> Stamp {
        Stamp {
            file: file.as_ref().to_owned(),
            inputs: Inputs::default(),
        }
    }

    pub(crate) fn input(mut self, name: &str, value: &str) -> Stamp {
        self.inputs = self.inputs.add(name, value.as_bytes());
        self
    }

    pub(crate) fn inputs(mut self, inputs: &Inputs) -> Stamp {
        let hash = inputs.hash();
        self.inputs = self.inputs.add("inputs", hash.as_bytes());
        self
    }

    /// Whether the output was made from these inputs.
    pub(crate) fn is_fresh(&self) -> bool {
        std::fs::read_to_string(&self.file).is_ok_and(|key| key.trim_end() == self.inputs.hash())
    }

    /// Before the output is made: a run that is interrupted leaves no stamp.
    pub(crate) fn remove(&self) -> Result<()> {
        remove_file(&self.file)
    }

    /// After the output was made.
    pub(crate) fn write(&self) -> Result<()> {
        write_whole(&self.file, format!("{}\n", self.inputs.hash()).as_bytes())
    }
}

/// A hash over names and values, in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inputs(Sha256);

impl Inputs {
    pub(crate) fn add(mut self, name: &str, value: &[u8]) -> Inputs {
        // With lengths, so that no two lists of values are the same bytes.
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    /// A file by its content; a missing one is another input than an empty one.
    pub(crate) fn add_file(self, path: &Path) -> Inputs {
        let name = path.to_string_lossy();

        match std::fs::read(path) {
            Ok(content) => self.add(&name, &content),
            Err(_) => self.add(&format!("{name} is missing"), b""),
        }
    }

    /// 16 hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        let mut text = hex(&self.0.clone().finalize());
        text.truncate(16);
        text
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();

    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// SHA-256 of a file, as `sha256sum` prints it.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let mut file =
        std::fs::File::open(path).or_say(|| format!("cannot read {}", path.display()))?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);

    loop {
        let n = file
            .read(&mut buffer)
            .or_say(|| format!("cannot read {}", path.display()))?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

/// Removes a file that need not be there.
pub(crate) fn remove_file(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).or_say(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Writes a file that has its old content or all of the new one, never a part.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));

    std::fs::create_dir_all(dir).or_say(cannot)?;
    let file = tempfile::Builder::new()
        .prefix(".tmp.")
        .tempfile_in(dir)
        .or_say(cannot)?;
    std::fs::write(file.path(), content).or_say(cannot)?;
    file.persist(path).or_say(cannot)?;
    make_readable(path)
}

/// Temporary files are the owner's alone; what is kept is for all to read.
fn make_readable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
        .or_say(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_told_apart() {
        let key = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .fold(Inputs::default(), |inputs, (name, value)| {
                    inputs.add(name, value.as_bytes())
                })
                .hash()
        };

        assert_eq!(key(&[("a", "b")]), key(&[("a", "b")]));
        assert_ne!(key(&[("a", "bc")]), key(&[("ab", "c")]));
        assert_ne!(key(&[("a", "")]), key(&[("a", ""), ("", "")]));
        assert_eq!(key(&[]).len(), 16);
    }

    #[test]
    fn a_missing_file_is_not_an_empty_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("file");
        let missing = Inputs::default().add_file(&file).hash();
        std::fs::write(&file, "").expect("a file");

        assert_ne!(missing, Inputs::default().add_file(&file).hash());
    }

    #[test]
    fn hashes_are_those_of_sha256sum() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "abc").expect("a file");

        assert_eq!(
            sha256_of(file.path()).ok().as_deref(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }
}
