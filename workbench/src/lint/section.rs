// SPDX-License-Identifier: GPL-2.0

//! A section of the series as it is checked: its tree, what is built of it, and what tools say of it.

use super::check::{Change, Files};
use super::complaints::{new_in, rust_about, Complaints};
use super::explained::{Excuses, Explained};
use crate::build::kbuild::{Config, Start, Work};
use crate::console::Log;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::process::ended;
use crate::toolchain::Toolbox;
use std::cell::RefCell;
use std::collections::HashMap;

/// What the series touches beside what the suites have.
const ALSO_ON: [&str; 2] = ["DEBUG_KMEMLEAK", "DEBUG_OBJECTS"];

/// UML has no kprobes, and one CPU. These are looked at as x86_64 compiles them.
const NOT_ON_UML: [&str; 3] = [
    "kernel/rcu/tree.c",
    "lib/kunit/fault-dma.c",
    "lib/kunit/fault-function.c",
];

/// What they take there.
const ELSEWHERE_ON: [&str; 4] = [
    "SMP",
    "KPROBES",
    "FUNCTION_ERROR_INJECTION",
    "PROVE_LOCKING",
];

pub(super) const C: Files = Files::of_kernel(&["*.c"]);
pub(super) const RUST: Files = Files::of_kernel(&["*.rs"]);

/// What is checked, and with what.
pub(super) struct Section<'a> {
    pub(super) git: &'a Git,
    pub(super) work: &'a Work,
    /// Coccinelle is a tool for mails.
    pub(super) mail: &'a Toolbox,
    pub(super) jobs: u32,
    pub(super) change: Change,
    /// The suites' configuration.
    pub(super) suites_config: &'a str,
    pub(super) name: &'a str,
    /// What tools may find in it.
    pub(super) explained: &'a Explained,
    /// What the compiler and sparse say at a commit.
    pub(super) said: &'a RefCell<HashMap<String, Complaints>>,
}

/// Debian's sparse, 0.6.4, lacks an operator that 7.2 uses: the makefile there refuses it. Nor does
/// it see that the length of a literal is constant, as MODULE_INFO() needs there. Both are replaced,
/// before the section and after it.
const SPARSE: &str = "sparse -D__typeof_unqual__=__typeof__ '-D__builtin_strlen(x)=(sizeof(x)-1)'";

/// What the kernel's makefile says when it does not run the checker, and goes on.
const NO_CHECKER: &str = "is not available or not up to date";

/// All that the series touches.
fn series() -> Change {
    Change {
        before: "base".into(),
        after: "fixed".into(),
    }
}

impl Section<'_> {
    /// What a check may find in it.
    pub(super) fn excuses(&self, check: &str) -> Excuses {
        self.explained.of(self.name, check)
    }

    /// What make has to build for the files of the series that are of this kind, and for the folders
    /// of those that are yet to come.
    pub(super) fn targets(&self, files: Files) -> Result<Vec<String>> {
        let paths = series().files(self.git, files)?;
        let there = |path: &str| self.work.src.join(path).is_file();

        Ok(targets(&paths, there))
    }

    /// A tree that is configured, and whose objects of the series are yet to be built.
    pub(super) fn to_build(&self, commit: &str, log: &Log) -> Result<()> {
        self.work.check_out(commit, log)?;
        self.work.configure(
            &Config {
                objects: "um",
                arch: "um",
                start: Start::Text(self.suites_config),
                on: &ALSO_ON,
                off: &[],
            },
            log,
        )?;
        log.run_checked(&self.work.make("um", "um", ["prepare"]))?;
        for path in series().files(self.git, Files::like(&["*.c", "*.rs"]))? {
            self.remove_object("um", &path)?;
        }
        Ok(())
    }

    fn remove_object(&self, arch: &str, path: &str) -> Result<()> {
        crate::stamp::remove_file(&self.work.out(arch).join(path).with_extension("o"))
    }

    /// Runs make for UML, which has to end well, and returns what it has said.
    pub(super) fn make(&self, targets: &[String], log: &Log) -> Result<String> {
        self.make_for("um", targets, log)
    }

    fn make_for(&self, arch: &str, targets: &[String], log: &Log) -> Result<String> {
        // Else what is said of two files at once gets mixed up.
        let arguments = std::iter::once("--output-sync").chain(targets.iter().map(String::as_str));
        let output = self.work.make(arch, arch, arguments).output()?;
        let text = output.text() + "\n" + &output.error_text();

        log.say(&text);
        match output.status.success() {
            true if text.contains(NO_CHECKER) => {
                Err(Error::failed(format!("make does not take {SPARSE}")))
            }
            true => Ok(text),
            false => Err(Error::failed(format!("make: {}", ended(output.status)))),
        }
    }

    /// What the compiler and sparse say of the files that the series touches.
    fn said_at(&self, commit: &str, log: &Log) -> Result<Complaints> {
        let id = self.git.id(&format!("{commit}^{{commit}}"))?;

        if let Some(known) = self.said.borrow().get(&id) {
            return Ok(known.clone());
        }
        self.to_build(&id, log)?;
        let mut complaints = Complaints::of(&self.make(&with_complaints(self.targets(C)?), log)?);
        complaints.add(self.said_elsewhere(log)?);
        self.said.borrow_mut().insert(id, complaints.clone());
        Ok(complaints)
    }

    /// What they say on x86_64 of the files that are not for UML, in the tree as it is.
    fn said_elsewhere(&self, log: &Log) -> Result<Complaints> {
        let mut paths = series().files(self.git, C)?;
        paths.retain(|path| {
            NOT_ON_UML.contains(&path.as_str()) && self.work.src.join(path).is_file()
        });
        if paths.is_empty() {
            return Ok(Complaints::default());
        }
        self.work.configure(
            &Config {
                objects: "x86_64",
                arch: "x86_64",
                start: Start::Text(self.suites_config),
                on: &ELSEWHERE_ON,
                off: &["RUST"],
            },
            log,
        )?;
        log.run_checked(&self.work.make("x86_64", "x86_64", ["prepare"]))?;
        for path in &paths {
            self.remove_object("x86_64", path)?;
        }
        let objects = paths.iter().filter_map(|path| path.strip_suffix('c'));
        let objects = objects.map(|path| format!("{path}o")).collect();
        let said = self.make_for("x86_64", &with_complaints(objects), log)?;
        // Headers of x86_64 are not looked at for other files.
        Ok(Complaints::of(&said).about(&paths))
    }

    /// Whether there is nothing new at the end of the section, of what is picked, but what names
    /// an excused function.
    pub(super) fn compare(
        &self,
        log: &Log,
        pick: fn(Complaints) -> Vec<String>,
        excuses: &Excuses,
    ) -> Result<bool> {
        let before = pick(self.said_at(&self.change.before, log)?);
        let mut after = pick(self.said_at(&self.change.after, log)?);
        let needed = excuses.excuse(&mut after, names, log);

        Ok(nothing_new(&before, &after, log) && needed)
    }

    /// Whether Rust's tools say nothing about the files of the section.
    pub(super) fn nothing_about_ours(&self, said: &str, log: &Log) -> Result<bool> {
        let about = rust_about(said, &self.change.files(self.git, RUST)?);

        log.say(format!("about files of the section: {}", about.len()));
        for complaint in &about {
            log.say(complaint);
        }
        Ok(about.is_empty())
    }
}

/// What make is told to build, with all that compiler and sparse have to say of it.
fn with_complaints(targets: Vec<String>) -> Vec<String> {
    let mut arguments = vec!["W=1".to_string(), "C=2".into(), format!("CHECK={SPARSE}")];

    arguments.extend(targets);
    arguments
}

/// Whether a complaint names a function, as sparse quotes them.
fn names(function: &str, complaint: &str) -> bool {
    complaint.contains(&format!("'{function}'"))
}

/// Says how much there is, and what of it is new; whether that is nothing.
pub(super) fn nothing_new(before: &[String], after: &[String], log: &Log) -> bool {
    let new = new_in(before, after);

    log.say(format!(
        "{} before, {} after; new:",
        before.len(),
        after.len()
    ));
    for line in &new {
        log.say(line);
    }
    new.is_empty()
}

/// Objects of C files beside a Makefile; otherwise the folder, or one above it that has one. A file
/// that is yet to come counts by its folder, so that no less is looked at before it than after.
fn targets(paths: &[String], there: impl Fn(&str) -> bool) -> Vec<String> {
    let elsewhere = ["tools/", "rust/", "scripts/"];
    let mut targets = Vec::new();

    for path in paths {
        if elsewhere.iter().any(|dir| path.starts_with(dir)) {
            continue;
        }
        if NOT_ON_UML.contains(&path.as_str()) {
            continue;
        }
        let Some((mut dir, _)) = path.rsplit_once('/') else {
            continue;
        };
        match path.strip_suffix(".c") {
            Some(name) if there(path) && there(&format!("{dir}/Makefile")) => {
                targets.push(format!("{name}.o"))
            }
            _ => {
                while !there(&format!("{dir}/Makefile")) {
                    match dir.rsplit_once('/') {
                        Some((above, _)) => dir = above,
                        None => break,
                    }
                }
                targets.push(format!("{dir}/"));
            }
        }
    }
    targets.sort();
    targets.dedup();
    // Kbuild makes no built-in.a of a folder that is a target itself, and fails to find it when one
    // above is made, too.
    let folders: Vec<String> = targets
        .iter()
        .filter(|target| target.ends_with('/'))
        .cloned()
        .collect();
    let is_within =
        |target: &String, folder: &String| target != folder && target.starts_with(folder);
    targets.retain(|target| !folders.iter().any(|folder| is_within(target, folder)));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_by_their_names() {
        let complaint = "lib/a.c:2:13: warning: context imbalance in 'try_it' - wrong count";

        assert!(names("try_it", complaint));
        assert!(!names("try", complaint));
        assert!(!names("it", complaint));
    }

    #[test]
    fn targets_are_what_kbuild_knows() {
        let there = |path: &str| {
            path != "mm/gone.c" && (!path.ends_with("Makefile") || path.matches('/').count() < 3)
        };
        let targets = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| path.to_string()).collect();
            targets(&paths, there)
        };

        assert_eq!(targets(&["mm/vma.c", "mm/vma.c"]), ["mm/vma.o"]);
        assert_eq!(
            targets(&[
                "mm/tests/fork_fail/shim/pages.c",
                "mm/tests/fork_fail/sweep.rs"
            ]),
            ["mm/tests/"],
            "built from above"
        );
        assert_eq!(targets(&["lib/kunit/fault.rs"]), ["lib/kunit/"]);
        assert_eq!(
            targets(&["lib/kunit/fault.rs", "lib/kunit/test.c", "lib/kunit.c"]),
            ["lib/kunit.o", "lib/kunit/"],
            "one folder has it all"
        );
        assert!(targets(&["lib/kunit/fault-dma.c", "kernel/rcu/tree.c"]).is_empty());
        assert!(targets(&["tools/x.c", "rust/helpers/x.c", "top.c"]).is_empty());
        assert_eq!(targets(&["mm/gone.c"]), ["mm/"], "what is yet to come");
    }
}
