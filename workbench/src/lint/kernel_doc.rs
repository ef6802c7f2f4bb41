// SPDX-License-Identifier: GPL-2.0

//! `scripts/kernel-doc -none -Wall`.

use super::known::Known;
use crate::error::Result;
use crate::toolchain::Toolbox;
use std::path::Path;

const KNOWN: Known = Known {
    tool: "scripts/kernel-doc",
    file: "known-mistake.c",
    text: "/**\n * f() - A function\n */\nvoid f(int x)\n{\n}\n",
};

/// What it says of files, given by their paths and contents, which are put into a folder.
pub(super) fn said(
    toolbox: &Toolbox,
    tree: &Path,
    dir: &Path,
    files: &[(&str, Vec<u8>)],
) -> Result<Vec<String>> {
    KNOWN.put_into(dir)?;
    for (path, content) in files {
        crate::stamp::write_whole(&dir.join(path), content)?;
    }
    let output = toolbox
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .cmd(&tree.join("scripts/kernel-doc").to_string_lossy())
        .dir(dir)
        .args(["-none", "-Wall", KNOWN.file])
        .args(files.iter().map(|(path, _)| path))
        .output()?;
    let text = output.text() + "\n" + &output.error_text();
    let lines = text.lines().filter(|line| !line.is_empty());

    KNOWN.others(lines.map(str::to_string).collect())
}
