// SPDX-License-Identifier: GPL-2.0

//! `scripts/kernel-doc -none -Wall`.

use crate::error::{Error, Result};
use crate::toolchain::Toolbox;
use std::path::Path;

/// A file that kernel-doc has to complain of; if it does not, it does not work.
const KNOWN: &str = "known-mistake.c";
const KNOWN_TEXT: &str = "/**\n * f() - A function\n */\nvoid f(int x)\n{\n}\n";

/// What it says of files, given by their paths and contents, which are put into a folder.
pub(super) fn said(
    toolbox: &Toolbox,
    tree: &Path,
    dir: &Path,
    files: &[(&str, Vec<u8>)],
) -> Result<Vec<String>> {
    let put = |path: &str, content: &[u8]| crate::stamp::write_whole(&dir.join(path), content);

    put(KNOWN, KNOWN_TEXT.as_bytes())?;
    for (path, content) in files {
        put(path, content)?;
    }
    let output = toolbox
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .cmd(&tree.join("scripts/kernel-doc").to_string_lossy())
        .dir(dir)
        .args(["-none", "-Wall", KNOWN])
        .args(files.iter().map(|(path, _)| path))
        .output()?;
    but_for_known(&(output.text() + "\n" + &output.error_text()))
}

/// The lines about other files than the known one, which has to be among them.
fn but_for_known(said: &str) -> Result<Vec<String>> {
    let lines = said.lines().filter(|line| !line.is_empty());
    let (known, others): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.contains(KNOWN));

    match known.is_empty() {
        true => Err(Error::failed(format!(
            "scripts/kernel-doc did not report what was put in for it to find: {said}"
        ))),
        false => Ok(others.into_iter().map(str::to_string).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_doc_has_to_work() {
        let said = "Warning: known-mistake.c:4 function parameter 'x' not described in 'f'\n";

        assert!(but_for_known("").is_err());
        assert!(but_for_known("env: 'kernel-doc': No such file or directory").is_err());
        assert!(but_for_known(said).expect("it works").is_empty());
        assert_eq!(
            but_for_known(&format!("{said}Warning: mm/a.c:1 x\n")).expect("it works"),
            ["Warning: mm/a.c:1 x"]
        );
    }
}
