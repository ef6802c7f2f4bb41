// SPDX-License-Identifier: GPL-2.0

//! The files of the series, read, and what of the base they are about.

use super::series::{diff_of, is_executable, is_list, listed_files};
use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// A file of the series, read.
pub(crate) struct Part {
    pub(crate) shown: String,
    pub(crate) message: Vec<u8>,
    pub(crate) diff: Vec<u8>,
    /// New files: path, mode.
    pub(crate) added: Vec<(String, &'static str)>,
}

/// Mode and blob by path.
pub(crate) type Entries = BTreeMap<Vec<u8>, (String, String)>;

/// Reads a mail or a list.
pub(crate) fn read(b: &Builder, git: &Git, file: &Path, scratch: &Path) -> Result<Part> {
    let shown = b.settings.shown(file);
    let text = std::fs::read(file).or_say(|| format!("cannot read {shown}"))?;
    let (body, diff) = (scratch.join("body"), scratch.join("diff"));
    let info = git
        .cmd(["mailinfo", "-b", "--encoding=UTF-8"])
        .arg(&body)
        .arg(&diff)
        .input(text)
        .output()?;
    if !info.status.success() {
        return Err(Error::usage(format!(
            "{shown}: not a mail with a subject, as git format-patch writes it"
        )));
    }
    let read = |path: &Path| std::fs::read(path).or_say(|| format!("cannot read {shown}"));
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    let subject = info.lines().find_map(|line| line.strip_prefix("Subject: "));
    let Some(subject) = subject.filter(|subject| !subject.is_empty()) else {
        return Err(Error::usage(format!("{shown}: no Subject line")));
    };
    let mut message = format!("{subject}\n").into_bytes();
    let body = read(&body)?;
    if !body.is_empty() {
        message.push(b'\n');
        message.extend(body);
    }
    let mode = |path: &str| match is_executable(&b.settings.dirs.top.join(path)) {
        true => "100755",
        false => "100644",
    };
    let added = listed_files(file).into_iter();
    let diff = if is_list(file) {
        diff_of(file)?
    } else {
        read(&diff)?
    };
    Ok(Part {
        added: added.map(|path| (path.clone(), mode(&path))).collect(),
        shown,
        message,
        diff,
    })
}

/// Stores the new files; their blobs by path.
pub(crate) fn store(
    b: &Builder,
    git: &Git,
    parts: &BTreeMap<PathBuf, Part>,
) -> Result<BTreeMap<String, String>> {
    let paths: Vec<&String> = parts
        .values()
        .flat_map(|part| part.added.iter().map(|(path, _)| path))
        .collect();
    let full = |path: &&String| format!("{}\n", b.settings.dirs.top.join(path).display());
    let list: String = paths.iter().map(full).collect();
    let blobs = git
        .cmd(["hash-object", "-w", "--no-filters", "--stdin-paths"])
        .input(list)
        .read()?;

    Ok(paths
        .into_iter()
        .cloned()
        .zip(blobs.lines().map(Into::into))
        .collect())
}

/// Puts entries into an index.
pub(crate) fn update_index(index: &Git, entries: &Entries) -> Result<()> {
    let mut lines = Vec::new();

    for (path, (mode, blob)) in entries {
        lines.extend(format!("{mode} {blob}\t").into_bytes());
        lines.extend(path);
        lines.push(0);
    }
    let update = index.cmd(["update-index", "-z", "--index-info"]);
    update.input(lines).checked().map(drop)
}

/// The paths that a diff may be about, and sometimes one more.
fn touched(diff: &[u8]) -> HashSet<Vec<u8>> {
    const MARKS: [&[u8]; 6] = [
        b"--- a/",
        b"+++ b/",
        b"rename from ",
        b"rename to ",
        b"copy from ",
        b"copy to ",
    ];
    let mut paths = HashSet::new();

    for line in diff.split(|byte| *byte == b'\n') {
        for path in MARKS.iter().filter_map(|mark| line.strip_prefix(*mark)) {
            paths.insert(path.to_vec());
        }
        // Only of files without a hunk, and then both names are the same.
        if let Some(both) = line.strip_prefix(b"diff --git a/") {
            let half = both.len().saturating_sub(3) / 2;
            paths.insert(both[..half].to_vec());
        }
    }
    paths
}

/// The entries of the base that the series may touch or collide with.
pub(crate) fn base_entries(
    git: &Git,
    base: &str,
    parts: &BTreeMap<PathBuf, Part>,
) -> Result<Entries> {
    let mut wanted: HashSet<Vec<u8>> = HashSet::new();

    for part in parts.values() {
        wanted.extend(touched(&part.diff));
        wanted.extend(part.added.iter().map(|(path, _)| path.clone().into_bytes()));
    }
    // A file where a path of ours has a folder.
    let slashes = |path: &Vec<u8>| -> Vec<Vec<u8>> {
        let at = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        at.map(|(at, _)| path[..at].to_vec()).collect()
    };
    let parents: HashSet<Vec<u8>> = wanted.iter().flat_map(slashes).collect();
    let listed = git.cmd(["ls-tree", "-r", "-z", base]).checked()?.stdout;
    let mut entries = Entries::new();

    for line in listed
        .split(|byte| *byte == 0)
        .filter(|line| !line.is_empty())
    {
        let Some(tab) = line.iter().position(|byte| *byte == b'\t') else {
            continue;
        };
        let path = &line[tab + 1..];
        // A folder where a path of ours is a file.
        let below = slashes(&path.to_vec())
            .iter()
            .any(|parent| wanted.contains(parent));
        if below || wanted.contains(path) || parents.contains(path) {
            let head = String::from_utf8_lossy(&line[..tab]).into_owned();
            let mut words = head.split(' ');
            let mode = words.next().unwrap_or_default().into();
            let blob = words.nth(1).unwrap_or_default().into();
            entries.insert(path.to_vec(), (mode, blob));
        }
    }
    Ok(entries)
}
