// SPDX-License-Identifier: GPL-2.0

//! `make refresh`: writes the commits of the tree for editing back to `patches/BASE` and the new
//! files.

use super::assemble;
use super::edit::EditTree;
use super::series::{is_executable, numbered, section_names, Section, Series, FIX, SECTIONS};
use super::written::{Writer, Written};
use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::interrupt::Uninterrupted;
use crate::sources::base::Base;
use crate::stamp::write_whole;
use regex::Regex;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

pub(crate) fn run(b: &Builder) -> Result<()> {
    // What is written need not apply before.
    let source = b.ensure(Base)?;
    let tree = EditTree::new(&b.settings.base_build());
    let base = &b.settings.base;

    if b.planning() {
        let title = format!("patches/{base} from {}", b.settings.shown(&tree.dir));
        return b.quick(&title, || Ok(()));
    }
    if !tree.is_there() {
        return Err(Error::usage(format!(
            "there is no tree to refresh from: make tree BASE={base} first"
        )));
    }
    check(b, &tree)?;
    if tree.key() != assemble::key(b, &source)? && !b.settings.force {
        return Err(Error::usage(format!(
            "patches/{base} or its new files changed since make tree: overwrite them with make \
             refresh FORCE=1, or start over with make tree FORCE=1"
        )));
    }
    let scratch = b.temporary_dir()?;
    let written = write(b, &tree, scratch.path())?;
    // All is there; to put it in place takes an instant and is not interrupted.
    let guard = Uninterrupted::begin()?;
    let changes = install(b, &written)?;
    tree.record(&assemble::key(b, &source)?)?;
    drop(guard);
    if changes == 0 {
        b.console.say(format!(
            "patches/{base} and its new files are as in {}: no change",
            b.settings.shown(&tree.dir)
        ));
    }
    Ok(())
}

/// Fails for a tree that is no line of commits on the base.
fn check(b: &Builder, tree: &EditTree) -> Result<()> {
    let (git, shown) = (tree.git(), b.settings.shown(&tree.dir));
    let refuse = |what: String| Err(Error::usage(format!("{what}; nothing was written")));

    if let Some(reason) = tree.in_the_way()? {
        return refuse(format!("{shown} {reason}: commit or undo them first"));
    }
    if !git.succeeds(["merge-base", "--is-ancestor", "base", "HEAD"])? {
        return refuse(format!(
            "{shown}: HEAD does not descend from the base, tag base"
        ));
    }
    if !git.read(["rev-list", "--merges", "base..HEAD"])?.is_empty() {
        return refuse(format!(
            "{shown} has a merge on top of the base: make it a line of commits"
        ));
    }
    Ok(())
}

fn write(b: &Builder, tree: &EditTree, out: &Path) -> Result<Written> {
    let series = Series::new(&b.settings);
    let mut writer = Writer {
        git: tree.git(),
        top: &b.settings.dirs.top,
        out,
        shared: series.shared_files().into_iter().collect(),
        written: Written::default(),
    };
    let mut seen = vec![FIX];
    let (mut section, mut number) = (FIX, FIX.first);

    for line in tree
        .git()
        .lines(["log", "--reverse", "--format=%H %s", "base..HEAD"])?
    {
        let (commit, subject) = line.split_once(' ').unwrap_or((&line, ""));
        if let Some(name) = subject.strip_prefix("section: ") {
            let Some(begins) = Section::named(name) else {
                return Err(Error::usage(format!(
                    "{}: no such section; known are {}",
                    writer.named(commit)?,
                    section_names()
                )));
            };
            if begins.first <= section.first {
                return Err(Error::usage(format!(
                    "{} comes after section {}: the order is {}",
                    writer.named(commit)?,
                    section.name,
                    section_names()
                )));
            }
            (section, number) = (begins, begins.first);
            seen.push(section);
            continue;
        }
        if ["fixup!", "squash!", "amend!"]
            .iter()
            .any(|mark| subject.starts_with(mark))
        {
            return Err(Error::usage(format!(
                "{} is to be squashed first: git rebase -i --autosquash base",
                writer.named(commit)?
            )));
        }
        if number > section.last {
            return Err(Error::usage(format!(
                "{} is one too many: {}",
                writer.named(commit)?,
                section.numbers()
            )));
        }
        writer.add(commit, number)?;
        number += 1;
    }
    let lost = |section: &&Section| !seen.contains(section) && !series.files(**section).is_empty();
    if let Some(section) = SECTIONS.iter().find(lost) {
        return Err(Error::usage(format!(
            "{} has lost its commit \"section: {}\": put it back with git commit --allow-empty; \
             nothing was written",
            b.settings.shown(&tree.dir),
            section.name
        )));
    }
    Ok(writer.written)
}

/// A patch that says the same in other places of the files, as against another release of the
/// base, is the same patch.
fn essence(text: &str) -> Result<String> {
    let pattern = |text| Regex::new(text).or_say(|| "cannot compare patches");
    let index = pattern(r"(?m)^index [0-9a-f]+\.\.[0-9a-f]+")?;
    let hunk = pattern(r"(?m)^@@ -[0-9]+(,[0-9]+)? \+[0-9]+(,[0-9]+)? @@")?;

    Ok(hunk
        .replace_all(&index.replace_all(text, "index"), "@@ $1 $2")
        .into_owned())
}

/// Puts all in place, and removes what is not part of it any more. Returns how many files changed.
fn install(b: &Builder, written: &Written) -> Result<usize> {
    let series = Series::new(&b.settings);
    let (patches, top) = (b.settings.patches(), &b.settings.dirs.top);
    let keep: BTreeSet<String> = series.listed_elsewhere().into_iter().collect();
    let old = series.new_files();
    let mut changes = 0;

    for (name, file) in &written.patches {
        let new = std::fs::read(file).or_say(|| format!("cannot read {name}"))?;
        let path = patches.join(name);
        let there = std::fs::read(&path).ok();
        let text = |bytes: &[u8]| essence(&String::from_utf8_lossy(bytes));
        let same = there.map(|there| Ok(text(&there)? == text(&new)?));
        if !same.transpose()?.unwrap_or(false) {
            changes += put(b, &path, &new, false)?;
        }
    }
    for (_, path) in numbered(&patches) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !written.patches.contains_key(name.as_ref()) {
            changes += remove(b, &path)?;
        }
    }
    for (path, file) in &written.new {
        changes += put(b, &top.join(path), &file.content, file.executable)?;
    }
    for path in old {
        let file = top.join(&path);
        if file.is_file() && !written.new.contains_key(&path) && !keep.contains(&path) {
            changes += remove(b, &file)?;
            let folders = file.ancestors().skip(1).take_while(|dir| dir != top);
            for dir in folders {
                // Until the first that is not empty.
                if std::fs::remove_dir(dir).is_err() {
                    break;
                }
            }
        }
    }
    Ok(changes)
}

fn put(b: &Builder, path: &Path, content: &[u8], executable: bool) -> Result<usize> {
    let same = std::fs::read(path).is_ok_and(|there| there == content);

    if same && is_executable(path) == executable {
        return Ok(0);
    }
    write_whole(path, content)?;
    if executable {
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode)
            .or_say(|| format!("cannot write {}", b.settings.shown(path)))?;
    }
    b.console.say(format!("  wrote {}", b.settings.shown(path)));
    Ok(1)
}

fn remove(b: &Builder, path: &Path) -> Result<usize> {
    let shown = b.settings.shown(path);

    std::fs::remove_file(path).or_say(|| format!("cannot remove {shown}"))?;
    b.console.say(format!("  removed {shown}"));
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_in_another_place_is_the_same() {
        let one = "index 0123..4567 100644\n@@ -1,2 +3,4 @@ f()\n+x\n";
        let other = "index 89ab..cdef 100644\n@@ -91,2 +93,4 @@ f()\n+x\n";

        assert_eq!(essence(one).ok(), essence(other).ok());
        assert_ne!(essence(one).ok(), essence(&one.replace("+x", "+y")).ok());
        assert_ne!(essence(one).ok(), essence(&one.replace(",4", ",5")).ok());
    }
}
