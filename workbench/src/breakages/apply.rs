// SPDX-License-Identifier: GPL-2.0

//! Whether the breakages, what marks the recovery path for `make coverage`, and what programs that
//! race need, still apply to the series. Nothing is built for that.

use super::file::{self, Breakage};
use crate::builder::Builder;
use crate::error::{Kind, Result};
use crate::outcome::{self, Outcome, Tested};
use crate::settings::Settings;
use crate::stamp::Inputs;
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::with_patch::{tree_with, PatchedFiles};
use std::collections::HashMap;
use std::path::PathBuf;

/// What `make selftest`, `make kcsan` and its control change in a kernel.
const OF_SELFTEST: [&str; 3] = ["no-stopgap.patch", "kcsan.patch", "kcsan-control.patch"];

/// The trees of breakages, in the same order.
pub(super) fn trees(
    b: &Builder,
    repository: &Repository,
    breakages: &[Breakage],
) -> Result<Vec<String>> {
    let mut trees = Vec::new();

    for breakage in breakages {
        trees.push(tree_with(b, repository, &[&breakage.file], None)?);
    }
    Ok(trees)
}

/// All breakages, whatever `ONLY=` says, and the patches of `make coverage` and the selftest, if there
/// are any.
fn patches(settings: &Settings) -> Result<Vec<PathBuf>> {
    let mut all = settings.clone();
    all.only = None;
    let mut patches: Vec<PathBuf> = file::chosen(&all)?
        .into_iter()
        .map(|breakage| breakage.file)
        .collect();
    let coverage = settings.dirs.workbench.join("coverage");
    let coverage = coverage.join(format!("{}.patch", settings.base));

    if coverage.is_file() {
        patches.push(coverage);
    }
    for name in OF_SELFTEST {
        let patch = settings.dirs.workbench.join("selftest").join(name);
        if patch.is_file() {
            patches.push(patch);
        }
    }
    Ok(patches)
}

/// Each applies, and each changes something else.
pub(crate) fn check_apply(b: &Builder) -> Result<Outcome> {
    let patches = patches(&b.settings)?;
    let repository = b.ensure(Branches)?;

    outcome::test(
        b,
        "the breakages apply to the series",
        "breakages-apply",
        || {
            let tree = repository.tree(Branch::Fixed)?;
            let inputs = Inputs::default().add("tree", tree.as_bytes());
            Ok(Tested {
                inputs: patches
                    .iter()
                    .fold(inputs, |inputs, patch| inputs.add_file(patch)),
                tree,
            })
        },
        || apply_all(b, &repository, &patches),
    )
}

fn apply_all(b: &Builder, repository: &Repository, patches: &[PathBuf]) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let files = PatchedFiles::new(b, repository, patches)?;
    let mut known = HashMap::from([(files.tree(None)?, "changes nothing".to_string())]);

    for patch in patches {
        let shown = b.settings.shown(patch);
        let tree = files.tree(Some(patch));
        let wrong = match tree {
            Err(error) if matches!(error.kind(), Kind::Interrupted(_)) => return Err(error),
            Err(error) => Some(error.message().to_string()),
            Ok(tree) => known
                .insert(tree, format!("changes the same as {shown}"))
                .map(|other| format!("{shown} {other}")),
        };
        match wrong {
            None => outcome.passed += 1,
            Some(wrong) => {
                outcome.failed += 1;
                outcome.text.push_str(&format!("{wrong}\n"));
            }
        }
    }
    outcome.text.push_str(&format!(
        "linux {}: {} breakages apply, {} do not\n",
        b.settings.base, outcome.passed, outcome.failed
    ));
    Ok(outcome)
}
