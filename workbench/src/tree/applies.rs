// SPDX-License-Identifier: GPL-2.0

//! Whether the whole series applies to the base, and the facility and the tests without the rest.

use super::branches::{Branch, Branches};
use super::series::{Section, FACILITY, FIX, FOUND, IMPROVE, TESTS};
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
            let of = |section: Section| -> Result<usize> {
                Ok(repository.section(section.name, "fixed")?.len())
            };
            let (fix, improve) = (of(FIX)?, of(IMPROVE)?);
            let (facility, tests) = (of(FACILITY)?, of(TESTS)?);
            let found = of(FOUND)?;
            let version = repository.source.version()?;
            let same = repository.tree(Branch::Fixed)? == repository.tree(Branch::Unfixed)?;

            Ok(Outcome::one(
                facility > 0 && tests > 0 && same == (fix + improve + found == 0),
                format!(
                    "{fix} patches of the fix, {improve} that improve it, {facility} of the \
                     facility, {tests} of the tests and {found} of what they found apply to \
                     {version}\n"
                ),
            ))
        },
    )
}
