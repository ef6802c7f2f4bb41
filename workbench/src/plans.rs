// SPDX-License-Identifier: GPL-2.0

//! The plan of each command, base and machine, as `DRY_RUN=1` prints it, is that of
//! `workbench/tests/plans`. A change of it shows in a diff. To write it anew:
//!
//! ```text
//! workbench/boot/enter.sh WRITE_PLANS=1 workbench/boot/cargo.sh test plans
//! ```

use crate::builder::Builder;
use crate::cli::{Args, Target};
use crate::commands;
use crate::console::Console;
use crate::settings::{base, Arch, Dirs, Settings};
use clap::ValueEnum;
use std::fmt::Write as _;
use std::path::Path;

/// The checkout that is tested.
fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is in a folder of the project")
}

fn plan(target: Target, base: Option<&str>, arch: Arch) -> String {
    let args = Args {
        target: Some(target),
        base: base.map(str::to_string),
        arch: Some(arch.name().into()),
        dry_run: Some("1".into()),
        ..Args::default()
    };
    // What was built or fetched before makes no difference.
    let mut dirs = Dirs::new(top(), Path::new("/nonexistent/cache"));
    dirs.build = "/nonexistent/build".into();
    let settings = Settings::read(&args, dirs).expect("settings");
    let b = Builder::new(settings, Console::quiet());

    match commands::run(&b, target) {
        Ok(()) => b.plan(),
        Err(error) => format!("error: {}\n", error.message()),
    }
}

#[test]
fn the_plan_of_each_command_is_the_one_committed() {
    let dirs = Dirs::new(top(), Path::new("/nonexistent"));
    let mut bases = dirs.bases();
    // There is no KDIR.
    bases.retain(|base| matches!(base::only_by_kdir(&dirs, base), Ok(None)));
    let mut all =
        String::from("# What DRY_RUN=1 prints; src/plans.rs tells how to write this anew.\n");

    for target in Target::value_variants() {
        let name = target.to_possible_value().expect("a name");
        let lists = matches!(target, Target::Check | Target::CheckAll | Target::Help);
        let mut add = |base: Option<&str>, arch: Arch| {
            let said = base.map_or_else(String::new, |base| format!(" BASE={base} ARCH={arch}"));
            let _ = write!(all, "\nmake {}{said}\n", name.get_name());
            for line in plan(*target, base, arch).lines() {
                let _ = writeln!(all, "    {line}");
            }
        };
        if lists {
            // These name bases and machines themselves.
            add(None, Arch::Um);
            continue;
        }
        for base in &bases {
            for arch in Arch::known_to(*target) {
                add(Some(base), *arch);
            }
        }
    }
    let file = top().join("workbench/tests/plans");
    if std::env::var_os("WRITE_PLANS").is_some() {
        std::fs::write(&file, &all).expect("the file can be written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (is, should)) in all.lines().zip(committed.lines()).enumerate() {
        assert_eq!(is, should, "{}:{}", file.display(), number + 1);
    }
    assert_eq!(all.lines().count(), committed.lines().count());
}

/// Commands and files that a document names exist.
fn check_document(name: &str) {
    let text = std::fs::read_to_string(top().join(name)).expect("the document");
    let targets: Vec<String> = Target::value_variants()
        .iter()
        .filter_map(|target| Some(target.to_possible_value()?.get_name().to_string()))
        .chain(["help".to_string()])
        .collect();

    for line in text.lines() {
        // In a code block, or between back-quotes.
        let quoted = line.split('`').skip(1).step_by(2);
        let block = line.strip_prefix("    $ ").into_iter();
        for command in quoted.chain(block) {
            let Some(rest) = command.trim().strip_prefix("make ") else {
                continue;
            };
            let word = rest.split_whitespace().find(|word| !word.contains('='));
            let Some(word) = word.filter(|word| !word.starts_with(['-', '#'])) else {
                continue;
            };
            assert!(
                targets.iter().any(|target| target == word),
                "{name}: make {word}: {line}"
            );
        }
        for link in line.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if !link.contains("://") {
                assert!(top().join(link).exists(), "{name}: no {link}");
            }
        }
    }
}

#[test]
fn the_documents_name_what_there_is() {
    for name in ["README.md", "HACKING.md"] {
        check_document(name);
    }
}
