// SPDX-License-Identifier: GPL-2.0

//! What can be told of a series without its base: that each file of it is a mail or a list with a
//! diff that is whole, and that what it changes in new files, which other bases share, applies.

use super::assemble::apply_trouble;
use super::parts::{self, Part};
use super::series::{Series, SECTIONS};
use crate::builder::Builder;
use crate::error::Result;
use crate::git::Git;
use crate::outcome::{self, Outcome, Tested};
use std::collections::btree_map::BTreeMap;

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let series = Series::new(&b.settings);

    outcome::test(
        b,
        "form of the patches",
        "form",
        || {
            series.check()?;
            Ok(Tested {
                inputs: series.inputs()?,
                tree: String::new(),
            })
        },
        || check(b, &series),
    )
}

fn check(b: &Builder, series: &Series<'_>) -> Result<Outcome> {
    let scratch = b.temporary_dir()?;
    let git = Git::create_bare(&scratch.path().join("git"))?;
    let git = git.index(scratch.path().join("index"));
    let files = SECTIONS.iter().flat_map(|section| series.files(*section));
    let mut parts: BTreeMap<_, Part> = BTreeMap::new();

    for file in files {
        let part = parts::read(b, &git, &file, scratch.path())?;
        parts.insert(file, part);
    }
    let blobs = parts::store(b, &git, &parts)?;
    let mut ours = Vec::new();
    let mut trouble = Vec::new();
    // By their names, so in the order in which they apply.
    for part in parts.values() {
        let entry = |(path, mode): &(String, &str)| {
            let blob = blobs.get(path).cloned().unwrap_or_default();
            (path.clone().into_bytes(), (mode.to_string(), blob))
        };
        parts::update_index(&git, &part.added.iter().map(entry).collect())?;
        ours.extend(
            part.added
                .iter()
                .map(|(path, _)| format!("--include={path}")),
        );
        if part.diff.is_empty() {
            if part.added.is_empty() {
                trouble.push(format!("{} has no diff", part.shown));
            }
            continue;
        }
        // With no path to include all would be.
        let apply = git
            .cmd(["apply", "--cached", "--whitespace=nowarn", "--include=/"])
            .args(&ours)
            .arg("-");
        let applied = apply.input(part.diff.clone()).output()?;
        if !applied.status.success() {
            let what = apply_trouble(&applied.error_text());
            trouble.push(format!("{}: {what}", part.shown));
        }
    }
    let good = trouble.is_empty() && !parts.is_empty();
    trouble.push(format!(
        "{} patches and lists, whether they apply to linux {} not tried",
        parts.len(),
        b.settings.base
    ));
    Ok(Outcome::one(good, trouble.join("\n") + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::toy::{put, Project};

    fn form(project: &Project) -> Outcome {
        run(&project.builder(|args| args.force = Some("1".into()))).expect("an outcome")
    }

    #[test]
    fn a_diff_of_a_new_file_has_to_apply() {
        let project = Project::new();
        assert!(form(&project).good());

        let list = project.top.join("patches/6.18/0180-x.new");
        let text = |line: &str| {
            format!(
                "Subject: x\n\nIt is so.\n---\nlib/x.c\n\ndiff --git a/lib/x.c b/lib/x.c\n\
                 --- a/lib/x.c\n+++ b/lib/x.c\n@@ -1 +1 @@\n-{line}\n+int other;\n\
                 diff --git a/mm/none.c b/mm/none.c\n--- a/mm/none.c\n+++ b/mm/none.c\n\
                 @@ -1 +1 @@\n-int n;\n+int m;\n"
            )
        };
        put(&project.top.join("lib/x.c"), "int x;\n");
        put(&list, &text("int x;"));
        assert!(form(&project).good());
        put(&project.top.join("lib/x.c"), "int y;\n");
        let outcome = form(&project);
        assert!(!outcome.good());
        let said = "patches/6.18/0180-x.new: lib/x.c, hunk at line 1\n";
        assert!(outcome.text.starts_with(said), "{}", outcome.text);
    }

    #[test]
    fn a_diff_that_was_cut_off_is_noticed() {
        let project = Project::new();
        let patch = project.top.join("patches/6.18/0050-cut.patch");
        let text = "From 0 Mon Sep 17 00:00:00 2001\nFrom: A <a@b.c>\nSubject: [PATCH] cut\n\n\
                    It is so.\n---\ndiff --git a/mm/a.c b/mm/a.c\n--- a/mm/a.c\n+++ b/mm/a.c\n\
                    @@ -1,2 +1,2 @@\n-int x;\n+int y;\n";

        put(&patch, text);
        let outcome = form(&project);
        assert!(!outcome.good());
        assert!(
            outcome.text.contains("0050-cut.patch: corrupt patch at"),
            "{}",
            outcome.text
        );
    }
}
