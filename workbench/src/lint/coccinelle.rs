// SPDX-License-Identifier: GPL-2.0

//! `scripts/coccicheck`, one semantic patch after the other. It looks at files, not at what is
//! built.

use super::complaints::without_place;
use super::known::Known;
use super::section::{nothing_new, Section, C};
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::process::ended;
use std::path::Path;

/// Those in OCaml, which would take its compiler, are left out, and those without a mode "report".
const LOOP: &str = "grep -rL ocaml scripts/coccinelle --include='*.cocci' | sort | \
                    xargs grep -lE '^virtual .*\\breport\\b' | \
                    while read -r COCCI; do COCCI=$COCCI scripts/coccicheck; done";

const KNOWN: Known = Known {
    tool: "coccicheck",
    file: "known-mistake.c",
    text: "void f(void *p)\n{\n\tif (p)\n\t\tkfree(p);\n}\n",
};

pub(super) fn check(section: &Section<'_>, log: &Log) -> Result<bool> {
    let paths = section.change.files(section.git, C)?;
    section.work.check_out(&section.change.after, log)?;
    let mut after = reports(section, &section.change.after, &paths, log)?;
    let needed = section
        .excuses("coccicheck")
        .excuse(&mut after, stands_for, log);
    // What was there before matters only of files that something is reported of.
    let reported = reported_of(&paths, &after);
    if reported.is_empty() {
        log.say("0 after; before was not looked at");
        return Ok(needed);
    }
    let before = reports(section, &section.change.before, &reported, log)?;

    Ok(nothing_new(&before, &after, log) && needed)
}

/// Those of the files that there is a report of.
fn reported_of(paths: &[String], reports: &[String]) -> Vec<String> {
    let mut reported = paths.to_vec();

    reported.retain(|path| {
        let path = format!("{path}:");
        reports.iter().any(|report| report.starts_with(&path))
    });
    reported
}

/// Whether this, a file and how the report of it begins, is about a report.
fn stands_for(one: &str, report: &str) -> bool {
    without_place(report)
        .replacen(": ", " ", 1)
        .starts_with(one)
}

/// What is reported of files as they are at a commit, where they need not be yet.
fn reports(
    section: &Section<'_>,
    commit: &str,
    paths: &[String],
    log: &Log,
) -> Result<Vec<String>> {
    let src = &section.work.src;
    let files = section.work.out("touched");
    // There need not be any.
    let _ = std::fs::remove_dir_all(&files);
    std::fs::create_dir_all(&files).or_say(|| format!("cannot make {}", files.display()))?;
    for path in paths {
        let name = format!("{commit}:{path}");
        let blob = section.git.cmd(["cat-file", "blob", &name]).output()?;
        if blob.status.success() {
            crate::stamp::write_whole(&files.join(path), &blob.stdout)?;
        }
    }
    KNOWN.put_into(&files)?;
    let include = ["arch/x86/include", "include", "include/uapi"]
        .map(|dir| format!("-I{}", src.join(dir).display()))
        .join(" ");
    let output = section
        .mail
        .env("srctree", &src.to_string_lossy())
        // Where to look: older scripts know it only as that of a module.
        .env("srcroot", &files.to_string_lossy())
        .env("KBUILD_EXTMOD", &files.to_string_lossy())
        .env("MODE", "report")
        .env("J", &section.jobs.to_string())
        .env("LINUXINCLUDE", &include)
        // In a git tree spatch lets git look for files, and git ignores what is built.
        .env("SPFLAGS", "--use-coccigrep")
        .cmd("/bin/bash")
        .dir(src)
        .args(["-e", "-c", LOOP])
        .output()?;
    let text = output.text() + "\n" + &output.error_text();

    log.say(&text);
    match output.status.success() {
        true => KNOWN.others(below(&text, &files)),
        false => Err(Error::failed(format!(
            "coccicheck: {}",
            ended(output.status)
        ))),
    }
}

/// Lines about a file below a folder, with its path from there.
fn below(text: &str, dir: &Path) -> Vec<String> {
    let prefix = format!("{}/", dir.display());
    let lines = text.lines();

    lines
        .filter_map(|line| line.strip_prefix(&prefix))
        .map(str::to_string)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_explained_by_file_and_text() {
        let report = "lib/a.c:130:2-8: preceding lock on line 127";

        assert!(stands_for("lib/a.c preceding lock", report));
        assert!(!stands_for("lib/a.c ERROR", report));
        assert!(!stands_for("a.c preceding lock", report));
    }

    #[test]
    fn files_with_reports_are_picked() {
        let all = |all: &[&str]| all.iter().map(|one| one.to_string()).collect::<Vec<_>>();

        assert_eq!(
            reported_of(
                &all(&["mm/a.c", "mm/b.c"]),
                &all(&["mm/b.c:1:1-2: x", "mm/b.c.c:1:1-2: y"])
            ),
            ["mm/b.c"]
        );
        assert!(reported_of(&all(&["mm/a.c"]), &[]).is_empty());
    }

    #[test]
    fn reports_are_about_files() {
        let text = "\
Processing array_size_dup.cocci
with option(s) \" --include-headers\"
/b/lint/touched/mm/vma.c:12:5-9: WARNING: NULL check before some freeing functions is not needed
/b/lint/run/mm/other.c:1:1: WARNING: not ours
";
        assert_eq!(
            below(text, Path::new("/b/lint/touched")),
            ["mm/vma.c:12:5-9: WARNING: NULL check before some freeing functions is not needed"]
        );
    }
}
