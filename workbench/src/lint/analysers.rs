// SPDX-License-Identifier: GPL-2.0

//! Checks of all patches of a section at once, against what is before them. A build for each of
//! the patches would take an hour.

use super::check::{Check, Files};
use super::coccinelle;
use super::explained::Excuses;
use super::section::{Section, C, RUST};
use crate::console::Log;
use crate::error::Result;

const RUST_CRATES: Files = Files::like(&["rust/*"]);

/// What `patches/BASE/lint` may explain of a section.
pub(super) const EXPLAINED: [&str; 2] = ["sparse", "coccicheck"];

pub(super) fn checks<'a>() -> [Check<Section<'a>>; 7] {
    [
        Check {
            name: "sparse",
            about: C,
            run: sparse,
        },
        Check {
            name: "W=1",
            about: C,
            run: warnings,
        },
        Check {
            name: "coccicheck",
            about: C,
            run: coccinelle::check,
        },
        Check {
            name: "clippy",
            about: RUST,
            run: clippy,
        },
        Check {
            name: "rustfmtcheck",
            about: Files::like(&["*.rs"]),
            run: rustfmtcheck,
        },
        Check {
            name: "rusttest",
            about: RUST_CRATES,
            run: rusttest,
        },
        Check {
            name: "rustdoc",
            about: RUST_CRATES,
            run: rustdoc,
        },
    ]
}

fn sparse(section: &Section<'_>, log: &Log) -> Result<bool> {
    let excuses = section.excuses("sparse");

    section.compare(log, |complaints| complaints.sparse, &excuses)
}

fn warnings(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.compare(log, |complaints| complaints.compiler, &Excuses::default())
}

/// The whole kernel crate is looked at; only what is said about our files counts.
fn clippy(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.to_build(&section.change.after, log)?;
    crate::stamp::remove_file(&section.work.out("um").join("rust/kernel.o"))?;
    let mut arguments = vec!["CLIPPY=1".to_string(), "prepare".into()];
    arguments.extend(section.targets(RUST)?);
    let said = section.make(&arguments, log)?;
    section.nothing_about_ours(&said, log)
}

fn rustfmtcheck(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.to_build(&section.change.after, log)?;
    Ok(log
        .run(&section.work.make("um", "um", ["rustfmtcheck"]))?
        .success())
}

fn rusttest(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.to_build(&section.change.after, log)?;
    Ok(log
        .run(&section.work.make("um", "um", ["rusttest"]))?
        .success())
}

fn rustdoc(section: &Section<'_>, log: &Log) -> Result<bool> {
    section.to_build(&section.change.after, log)?;
    // What was written before is not said again. There need not be any.
    let _ = std::fs::remove_dir_all(section.work.out("um").join("Documentation/output/rust"));
    let said = section.make(&["rustdoc".to_string()], log)?;
    section.nothing_about_ours(&said, log)
}
