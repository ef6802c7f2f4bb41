// SPDX-License-Identifier: GPL-2.0

//! Checks of a patch by itself; these build nothing.

use super::check::{Change, Check, Files};
use super::checkpatch;
use super::complaints::new_in;
use super::explained::{Excuses, Explained};
use super::kernel_doc;
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::process::{ended, Cmd, Output};
use crate::toolchain::Toolbox;
use std::path::Path;

/// Words that codespell takes for misspelt ones.
const NOT_MISSPELT: &str = "crate";

/// What `patches/BASE/lint` may explain of a patch; "length" is for the cover letter.
pub(super) const EXPLAINED: [&str; 3] = ["checkpatch", "codespell", "length"];

/// What stays of a merge, an editor or an e-mail, as a file.
const LEFTOVERS: [&str; 7] = [".orig", ".rej", ".swp", ".o", ".cmd", ".patch", "~"];

pub(super) fn checks<'a>() -> [Check<Patch<'a>>; 6] {
    [
        Check {
            name: "checkpatch",
            about: Files::ALL,
            run: checkpatch,
        },
        Check {
            name: "codespell",
            about: Files::ALL,
            run: codespell,
        },
        Check {
            name: "junk",
            about: Files::ALL,
            run: junk,
        },
        Check {
            name: "kernel-doc",
            about: Files::like(&["*.c", "*.h"]),
            run: kernel_doc,
        },
        Check {
            name: "rustfmt",
            about: Files::like(&["*.rs"]),
            run: rustfmt,
        },
        Check {
            name: "maintainers",
            about: Files {
                added: true,
                ..Files::ALL
            },
            run: maintainers,
        },
    ]
}

/// What is checked, and with what.
pub(super) struct Patch<'a> {
    pub(super) b: &'a Builder,
    pub(super) git: &'a Git,
    pub(super) toolbox: &'a Toolbox,
    /// The whole series; its scripts are used.
    pub(super) tree: &'a Path,
    pub(super) explained: &'a Explained,
    pub(super) change: Change,
    /// The subject as it is in a file's name.
    pub(super) slug: String,
}

impl Patch<'_> {
    fn files(&self, files: Files) -> Result<Vec<String>> {
        self.change.files(self.git, files)
    }

    fn excuses(&self, check: &str) -> Excuses {
        self.explained.of(&self.slug, check)
    }

    /// A file at a commit, if it is there.
    fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let name = format!("{commit}:{path}");
        let output = self.git.cmd(["cat-file", "blob", &name]).output()?;

        Ok(output.status.success().then_some(output.stdout))
    }
}

fn checkpatch(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    checkpatch::run(
        patch.toolbox,
        patch.git,
        patch.tree,
        &patch.change.after,
        &patch.excuses("checkpatch"),
        log,
    )
}

/// Looks at the message and at the lines added.
fn codespell(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    let after = &patch.change.after;
    let message = patch.git.read(["log", "-1", "--format=%B", after])?;
    let diff = patch.git.cmd(["show", "--format=", after]).checked()?;
    let text = message + "\n" + &added(&String::from_utf8_lossy(&diff.stdout));
    let output = patch
        .toolbox
        .cmd("codespell")
        .args(["--ignore-words-list", NOT_MISSPELT, "-"])
        .input(text)
        .output()?;
    let found = misspelt(&output.text());

    log.say(output.text() + &output.error_text());
    if found.is_empty() && !output.status.success() {
        let end = ended(output.status);
        return Err(Error::failed(format!("codespell: {end}")));
    }
    let is_word = |one: &str, found: &str| one.eq_ignore_ascii_case(found);
    Ok(patch.excuses("codespell").are_all(found, is_word, log))
}

/// The words that codespell would have otherwise.
fn misspelt(said: &str) -> Vec<String> {
    let words = said.lines().filter_map(|line| line.split_once(" ==> "));

    words.map(|(word, _)| word.trim().to_string()).collect()
}

/// The lines that a diff adds.
fn added(diff: &str) -> String {
    let mut text = String::new();

    for line in diff.lines().filter(|line| !line.starts_with("+++ ")) {
        if let Some(line) = line.strip_prefix('+') {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Whitespace, marks of conflicts, no newline at the end of a file, and files that nobody meant.
fn junk(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    let Change { before, after } = &patch.change;
    let clean = log.run(&patch.git.cmd(["diff-tree", "--check", before, after]))?;
    let diff = patch.git.cmd(["show", "--format=", after]).checked()?;
    let diff = String::from_utf8_lossy(&diff.stdout);
    let new = patch.files(Files {
        added: true,
        ..Files::ALL
    })?;
    let mut good = clean.success();

    for trouble in unfinished_files(&diff).into_iter().chain(leftovers(&new)) {
        log.say(trouble);
        good = false;
    }
    Ok(good)
}

/// Files of a diff that end without a newline.
fn unfinished_files(diff: &str) -> Vec<String> {
    let (mut file, mut previous, mut found) = ("", "", Vec::new());

    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            file = path;
        }
        // Of a line that is removed it is no matter.
        if line == "\\ No newline at end of file" && !previous.starts_with('-') {
            found.push(format!("{file}: no newline at its end"));
        }
        previous = line;
    }
    found
}

fn leftovers(files: &[String]) -> impl Iterator<Item = String> + '_ {
    files
        .iter()
        .filter(|file| LEFTOVERS.iter().any(|end| file.ends_with(end)))
        .map(|file| format!("{file}: not a file that anybody meant to add"))
}

/// Nothing new in the files that are changed.
fn kernel_doc(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    let files = patch.files(Files::like(&["*.c", "*.h"]))?;
    let said_at = |commit: &str| {
        let dir = patch.b.temporary_dir()?;
        let mut there = Vec::new();

        for path in &files {
            if let Some(content) = patch.file_at(commit, path)? {
                there.push((path.as_str(), content));
            }
        }
        kernel_doc::said(patch.toolbox, patch.tree, dir.path(), &there)
    };
    let new = new_in(
        &said_at(&patch.change.before)?,
        &said_at(&patch.change.after)?,
    );

    for line in &new {
        log.say(line);
    }
    Ok(new.is_empty())
}

fn rustfmt(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    let mut good = true;

    for path in patch.files(Files::like(&["*.rs"]))? {
        let Some(source) = patch.file_at(&patch.change.after, &path)? else {
            continue;
        };
        // On standard input, so that it does not go on to other modules; but then --check finds
        // differences and ends well.
        let output = patch
            .toolbox
            .cmd("rustfmt")
            .args(["--check", "--color", "never", "--edition", "2021"])
            .arg("--config-path")
            .arg(patch.tree.join(".rustfmt.toml"))
            .input(source)
            .output()?;
        let said = output.text() + &output.error_text();
        if !said.is_empty() || !output.status.success() {
            log.say(said.replace("<stdin>", &path));
            good = false;
        }
    }
    Ok(good)
}

/// Somebody has to be responsible for each new file. Of files that were there, some are nobody's.
fn maintainers(patch: &Patch<'_>, log: &Log) -> Result<bool> {
    let files = patch.files(Files {
        added: true,
        ..Files::ALL
    })?;
    // Asked for several files, it does not tell whose they are.
    let ask = |path: &String| {
        patch
            .toolbox
            .cmd("scripts/get_maintainer.pl")
            .dir(patch.tree)
            .args(["--nogit", "--nogit-fallback", "--nokeywords", "-f", path])
    };
    let commands: Vec<Cmd> = files.iter().map(ask).collect();
    let mut good = true;

    for (path, output) in files.iter().zip(outputs(&commands, patch.b.settings.jobs)) {
        let output = output?;
        if !names_somebody(&output.text()) {
            log.say(format!("{path}: nobody in MAINTAINERS"));
            log.say(output.error_text());
            good = false;
        }
    }
    Ok(good)
}

/// Runs commands, several at a time. What they leave is in their order.
fn outputs(commands: &[Cmd], jobs: u32) -> Vec<Result<Output>> {
    let each = commands.len().div_ceil(jobs.max(1) as usize).max(1);

    std::thread::scope(|scope| {
        let threads: Vec<_> = commands
            .chunks(each)
            .map(|some| scope.spawn(|| some.iter().map(Cmd::output).collect::<Vec<_>>()))
            .collect();

        threads
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(outputs) => outputs,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// Whether get_maintainer.pl names more than mailing lists.
fn names_somebody(said: &str) -> bool {
    ["(maintainer", "(supporter", "(reviewer"]
        .iter()
        .any(|role| said.contains(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_lines_are_those_of_files() {
        let diff = "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-teh\n+the\n+++i;\n context\n";

        assert_eq!(added(diff), "the\n++i;\n");
    }

    #[test]
    fn misspelt_words_are_read() {
        let said = "1: if it is useable, teh\n\tuseable ==> usable\n\tteh ==> the\n";

        assert_eq!(misspelt(said), ["useable", "teh"]);
        assert!(misspelt("").is_empty());
    }

    #[test]
    fn a_file_without_a_newline_is_named() {
        let diff = "--- a/x\n+++ b/mm/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";

        assert!(unfinished_files(diff).is_empty());
        let diff = diff.to_string() + "--- a/y\n+++ b/mm/y\n+b\n\\ No newline at end of file\n";
        assert_eq!(unfinished_files(&diff), ["mm/y: no newline at its end"]);
    }

    #[test]
    fn leftovers_are_noticed() {
        let files = ["mm/vma.c", "mm/vma.c.orig", "mm/vma.o", "mm/vma.c~"].map(String::from);

        assert_eq!(leftovers(&files).count(), 3);
    }

    #[test]
    fn a_list_is_nobody() {
        let list = "linux-mm@kvack.org (open list:MEMORY MANAGEMENT)\nlinux-kernel@vger.kernel.org";

        assert!(!names_somebody(list));
        assert!(names_somebody("A Name <a@b> (maintainer:KUNIT)"));
        assert!(names_somebody("A Name <a@b> (reviewer:KUNIT)"));
    }

    #[test]
    fn outputs_are_in_the_order_of_their_commands() {
        let commands: Vec<Cmd> = (0..5)
            .map(|n| Cmd::new("sh").args(["-c", &format!("sleep 0.0{}; echo {n}", 5 - n)]))
            .collect();
        for jobs in [1, 2, 8] {
            let said: Vec<String> = outputs(&commands, jobs)
                .into_iter()
                .map(|output| output.expect("it runs").text())
                .collect();
            assert_eq!(said, ["0", "1", "2", "3", "4"]);
        }
        assert!(outputs(&[], 2).is_empty());
    }

    #[test]
    fn each_check_has_a_name_of_its_own() {
        let checks = checks();
        let mut names: Vec<&str> = checks.iter().map(|check| check.name).collect();

        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), checks.len());
    }
}
