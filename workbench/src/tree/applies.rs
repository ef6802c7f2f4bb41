// SPDX-License-Identifier: GPL-2.0

//! Whether the whole series applies to the base, with and without the fix.

use super::branches::{Branch, Branches};
use crate::builder::Builder;
use crate::error::Result;
use crate::outcome::{self, Outcome, Tested};
use crate::stamp::Inputs;

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let repository = b.ensure(Branches)?;

    outcome::test(
        b,
        "all patches apply",
        "applies",
        || {
            let tree = repository.tree(Branch::Fixed)?;
            Ok(Tested {
                inputs: Inputs::default()
                    .add("fixed", tree.as_bytes())
                    .add("unfixed", repository.tree(Branch::Unfixed)?.as_bytes()),
                tree,
            })
        },
        || {
            let fix = repository.section("fix", "fixed")?.len();
            let tests = repository.section("tests", "fixed")?.len();
            let version = repository.source.version()?;
            let same = repository.tree(Branch::Fixed)? == repository.tree(Branch::Unfixed)?;

            Ok(Outcome::one(
                fix > 0 && tests > 0 && !same,
                format!("{fix} patches of the fix and {tests} of the tests apply to {version}\n"),
            ))
        },
    )
}
