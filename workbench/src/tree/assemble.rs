// SPDX-License-Identifier: GPL-2.0

//! Turns `patches/BASE/` into commits on top of the base, without a work tree.
//!
//! Patches are applied to an index that has only the files they touch; git fast-import then makes
//! all commits at once. So either all branches move or none.

use super::parts::{self, Entries, Part};
use super::series::{Section, Series, FIX};
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::git::{Git, Person, NOBODY, NOBODYS_DATE};
use crate::sources::base::Source;
use crate::stamp::{write_whole, Inputs};
use std::collections::btree_map::{BTreeMap, Entry};
use std::path::{Path, PathBuf};

/// Raise it when the same files become other commits.
const VERSION: &str = "2";

/// A branch, or another ref, and the sections that it is made of.
pub(crate) struct Target<'a> {
    pub(crate) reference: &'a str,
    pub(crate) sections: &'a [Section],
}

/// Who the commits are by.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) person: Person,
    pub(crate) date: String,
}

impl Author {
    /// Nobody in particular.
    pub(crate) fn nobody() -> Author {
        Author {
            person: NOBODY,
            date: NOBODYS_DATE.into(),
        }
    }
}

/// What the commits depend on, as one hash.
pub(crate) fn key(b: &Builder, source: &Source) -> Result<String> {
    let series = Series::new(&b.settings);

    series.check()?;
    let inputs = Inputs::default()
        .add("version", VERSION.as_bytes())
        .add("base", source.commit()?.as_bytes())
        .add("series", series.inputs()?.hash().as_bytes());
    Ok(inputs.hash())
}

/// Makes a git repository find the base's objects in the cache.
pub(crate) fn borrow_objects(git_dir: &Path, source: &Source) -> Result<()> {
    let file = git_dir.join("objects/info/alternates");
    let line = format!("{}\n", source.lend_objects(git_dir)?.display());

    match std::fs::read_to_string(&file).is_ok_and(|text| text == line) {
        true => Ok(()),
        false => write_whole(&file, line.as_bytes()),
    }
}

/// The same, while what it has borrowed so far stays in reach.
pub(crate) fn borrow_more(git_dir: &Path, source: &Source) -> Result<()> {
    let file = git_dir.join("objects/info/alternates");
    let line = source.lend_objects(git_dir)?.display().to_string();
    let mut text = std::fs::read_to_string(&file).unwrap_or_default();

    if text.lines().any(|known| known == line) {
        return Ok(());
    }
    text.push_str(&line);
    text.push('\n');
    write_whole(&file, text.as_bytes())
}

/// Makes it find them, and tag `base` is the base.
pub(crate) fn borrow_base(git: &Git, git_dir: &Path, source: &Source) -> Result<()> {
    borrow_objects(git_dir, source)?;
    git.run(["update-ref", "refs/tags/base", &source.commit()?])
}

/// One line out of what git apply complains about.
pub(crate) fn apply_trouble(said: &str) -> String {
    let found = said.lines().find_map(|line| {
        let what = line.strip_prefix("error: ")?;
        if let Some((file, line)) = what.strip_prefix("patch failed: ")?.rsplit_once(':') {
            return Some(format!("{file}, hunk at line {line}"));
        }
        None
    });
    let other = || {
        said.lines().find_map(|line| {
            let what = line.strip_prefix("error: ")?;
            let missing = what.strip_suffix(": does not exist in index");
            let there = what.strip_suffix(": already exists in index");
            missing
                .map(|file| format!("{file} does not exist in index"))
                .or_else(|| there.map(|file| format!("{file} already exists in index")))
                .or_else(|| what.starts_with("corrupt patch at ").then(|| what.into()))
        })
    };
    found
        .or_else(other)
        .unwrap_or_else(|| said.lines().next().unwrap_or("git says nothing").into())
}

/// Makes the sections commits on top of the base in a repository that borrows it.
pub(crate) fn assemble(
    b: &Builder,
    source: &Source,
    git: &Git,
    targets: &[Target<'_>],
    author: &Author,
) -> Result<()> {
    let series = Series::new(&b.settings);
    let scratch = b.temporary_dir()?;
    let mut parts: BTreeMap<PathBuf, Part> = BTreeMap::new();
    let commit = source.commit()?;

    series.check()?;
    for target in targets {
        for file in target
            .sections
            .iter()
            .flat_map(|section| series.files(*section))
        {
            if let Entry::Vacant(place) = parts.entry(file) {
                let part = parts::read(b, git, place.key(), scratch.path())?;
                place.insert(part);
            }
        }
    }
    let assembly = Assembly {
        version: source.version()?,
        blobs: parts::store(b, git, &parts)?,
        base: parts::base_entries(git, &commit, &parts)?,
        commit,
        index: git.clone().index(scratch.path().join("index")),
        series,
        parts: &parts,
    };
    let author = git
        .clone()
        .author(author.person.clone(), author.date.clone());
    // With the date as git fast-import wants it.
    let author = author.read(["var", "GIT_AUTHOR_IDENT"])?;
    let mut stream = Vec::new();
    for target in targets {
        assembly.commit(target, &author, &mut stream)?;
    }
    stream.extend_from_slice(b"done\n");
    let import = git.cmd(["fast-import", "--quiet", "--done", "--force"]);
    import.input(stream).checked().map(drop)
}

struct Assembly<'a> {
    version: String,
    /// The base.
    commit: String,
    series: Series<'a>,
    parts: &'a BTreeMap<PathBuf, Part>,
    blobs: BTreeMap<String, String>,
    base: Entries,
    /// Git with an index of its own.
    index: Git,
}

impl Assembly<'_> {
    /// Adds the commits of a target to what git fast-import will read.
    fn commit(&self, target: &Target<'_>, author: &str, stream: &mut Vec<u8>) -> Result<()> {
        let mut entries = self.base.clone();
        let reference = target.reference;

        self.index.run(["read-tree", "--empty"])?;
        parts::update_index(&self.index, &entries)?;
        stream.extend(format!("reset {reference}\nfrom {}\n\n", self.commit).into_bytes());
        for section in target.sections {
            // Tells "make refresh" where a section begins, however the commits were moved about.
            // It is there for an empty section, too, for commits to be added to it.
            if *section != FIX {
                let message = format!(
                    "section: {}\n\nFrom here on: patches numbered from {:04} on.\n",
                    section.name, section.first
                );
                head(reference, author, message.as_bytes(), stream);
            }
            for file in self.series.files(*section) {
                let Some(part) = self.parts.get(&file) else {
                    continue;
                };
                let after = self.apply(part, &entries)?;
                head(reference, author, &part.message, stream);
                changes(&entries, &after, stream);
                entries = after;
            }
        }
        Ok(())
    }

    /// A part on top of what there is; what there is then.
    fn apply(&self, part: &Part, before: &Entries) -> Result<Entries> {
        let mut after = before.clone();
        let mut added = Entries::new();

        for (path, mode) in &part.added {
            let below = format!("{path}/").into_bytes();
            let key = path.clone().into_bytes();
            let above =
                |other: &&[u8]| key.starts_with(other) && key.get(other.len()) == Some(&b'/');
            let taken = after.contains_key(&key)
                || after.keys().any(|other| other.starts_with(&below))
                || after.keys().map(Vec::as_slice).any(|other| above(&other));
            if taken {
                return Err(Error::usage(format!(
                    "{}: {path} is not new: linux {} or an earlier commit has it",
                    part.shown, self.version
                )));
            }
            let blob = self.blobs.get(path).cloned().unwrap_or_default();
            added.insert(key, (mode.to_string(), blob));
        }
        if !added.is_empty() {
            parts::update_index(&self.index, &added)?;
            after.extend(added);
        }
        if part.diff.is_empty() && !part.added.is_empty() {
            return Ok(after);
        }
        let apply = self
            .index
            .cmd(["apply", "--cached", "--whitespace=nowarn", "-"]);
        let applied = apply.input(part.diff.clone()).output()?;
        if !applied.status.success() {
            return Err(Error::usage(format!(
                "{} does not apply to linux {}: {}; nothing was changed",
                part.shown,
                self.version,
                apply_trouble(&applied.error_text())
            )));
        }
        let listed = self.index.cmd(["ls-files", "-s", "-z"]).checked()?.stdout;
        Ok(listed
            .split(|byte| *byte == 0)
            .filter_map(|line| {
                let tab = line.iter().position(|byte| *byte == b'\t')?;
                let head = String::from_utf8_lossy(&line[..tab]).into_owned();
                let (mode, rest) = head.split_once(' ')?;
                let blob = rest.split(' ').next()?;
                Some((line[tab + 1..].to_vec(), (mode.into(), blob.into())))
            })
            .collect())
    }
}

fn head(reference: &str, author: &str, message: &[u8], stream: &mut Vec<u8>) {
    let length = message.len();
    let lines = format!("commit {reference}\nauthor {author}\ncommitter {author}\ndata {length}\n");

    stream.extend(lines.into_bytes());
    stream.extend(message);
    stream.push(b'\n');
}

fn changes(before: &Entries, after: &Entries, stream: &mut Vec<u8>) {
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        stream.extend(b"D ");
        stream.extend(path);
        stream.push(b'\n');
    }
    for (path, entry) in after {
        if before.get(path) != Some(entry) {
            stream.extend(format!("M {} {} ", entry.0, entry.1).into_bytes());
            stream.extend(path);
            stream.push(b'\n');
        }
    }
}
