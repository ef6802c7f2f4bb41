// SPDX-License-Identifier: GPL-2.0

//! `make shell`: a prompt on the machine that the programs run on, with them in `/bin`.

use super::initramfs;
use super::kernel::Kernel;
use super::machine::Machine;
use super::programs::PROGRAMS;
use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::process::ended;
use crate::tree::branches::Branch;

/// `make shell`.
pub(crate) fn run(b: &Builder) -> Result<()> {
    super::unless(super::missing(b))?;
    let kernel = b.ensure(Kernel::of(Branch::Fixed))?;
    let title = format!("shell on {}", b.settings.arch);

    if b.planning() {
        return b.quick(&title, || Ok(()));
    }
    let name = format!("shell-{}", b.settings.arch);
    let machine = b.long(&title, &name, |log| {
        let initramfs = initramfs::pack_with_shell(b, &kernel, &PROGRAMS, log)?;
        Machine::new(b, &kernel, &initramfs, log)
    })?;
    b.console
        .say(format!("\"exit\" ends it{}", machine.other_end()));
    let status = machine.on_terminal().run_in_foreground()?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::failed(ended(status))),
    }
}
