// SPDX-License-Identifier: GPL-2.0

//! `scripts/coccicheck`, one semantic patch after the other. It looks at files, not at what is
//! built.

use super::check::Files;
use super::section::{nothing_new, Section};
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::process::ended;
use std::path::Path;

/// Those in OCaml, which would take its compiler, are left out.
const LOOP: &str = "grep -rL ocaml scripts/coccinelle --include='*.cocci' | sort | \
                    while read -r COCCI; do COCCI=$COCCI scripts/coccicheck; done";

pub(super) fn check(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.work.check_out(&section.change.after, log)?;
    let before = reports(section, &section.change.before, log)?;
    let after = reports(section, &section.change.after, log)?;

    Ok(nothing_new(&before, &after, log))
}

/// What is reported of the files of the section, as they are at a commit.
fn reports(section: &Section<'_>, commit: &str, log: &Log) -> Result<Vec<String>> {
    let src = &section.work.src;
    let files = section.work.out("touched");
    // There need not be any.
    let _ = std::fs::remove_dir_all(&files);
    std::fs::create_dir_all(&files).or_say(|| format!("cannot make {}", files.display()))?;
    for path in section
        .change
        .files(section.git, Files::of_kernel(&["*.c"]))?
    {
        let name = format!("{commit}:{path}");
        let blob = section.git.cmd(["cat-file", "blob", &name]).output()?;
        if blob.status.success() {
            crate::stamp::write_whole(&files.join(&path), &blob.stdout)?;
        }
    }
    let include = ["arch/x86/include", "include", "include/uapi"]
        .map(|dir| format!("-I{}", src.join(dir).display()))
        .join(" ");
    let output = section
        .mail
        .env("srctree", &src.to_string_lossy())
        .env("srcroot", &files.to_string_lossy())
        .env("MODE", "report")
        .env("J", &section.jobs.to_string())
        .env("LINUXINCLUDE", &include)
        .cmd("/bin/bash")
        .dir(src)
        .args(["-e", "-c", LOOP])
        .output()?;
    let text = output.text() + "\n" + &output.error_text();

    log.say(&text);
    match output.status.success() {
        true => Ok(below(&text, &files)),
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
