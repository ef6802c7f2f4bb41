// SPDX-License-Identifier: GPL-2.0

//! `make setup` and `make update`: what all other targets need and do themselves when it is
//! missing.

use super::branches::{Branches, Repository};
use super::bundle;
use crate::builder::Builder;
use crate::error::Result;
use crate::toolchain::{Sysroot, Tools};

pub(crate) fn run(b: &Builder) -> Result<()> {
    b.ensure(Sysroot(Tools::Build))?;
    let repository: Repository = b.ensure(Branches)?;

    if b.planning() {
        return Ok(());
    }
    let commits = repository.git().lines(["rev-list", "base..fixed"])?.len();
    b.console.say(format!(
        "linux {}, series of {commits} commits",
        repository.source.version()?
    ));
    let (mails, bundle) = bundle::write(b, &repository)?;
    b.console.say(format!(
        "  for git am: {}\n  for git fetch: {}",
        b.settings.shown(&mails),
        b.settings.shown(&bundle)
    ));
    Ok(())
}
