// SPDX-License-Identifier: GPL-2.0

//! `make bench-harness`: instructions of forks in userspace, counted by callgrind, before and after
//! the fix; models of locks, pages and the allocator included.

use super::bench;
use super::parts::{make, unpack, FORK};
use crate::builder::Builder;
use crate::error::Result;
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::Branches;

pub(crate) fn run(b: &Builder) -> Result<()> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    let repository = b.ensure(Branches)?;
    let title = "instructions of forks, by callgrind";

    if b.planning() {
        return b.quick(title, || Ok(()));
    }
    let dir = b.temporary_dir()?;
    let (fixed, unfixed) = (dir.path().join("fixed"), dir.path().join("unfixed"));
    let said = b.long(title, "bench-harness", |log| {
        unpack(&repository, "fixed", &FORK, &fixed, log)?;
        unpack(&repository, "unfixed", &FORK, &unfixed, log)?;
        let bench = make(&b.settings, &toolbox, &fixed).arg("bench");
        log.run_checked(
            &bench
                .clone()
                .arg(format!("KERNEL={}", unfixed.display()))
                .arg(format!("OUT={}", dir.path().join("before").display())),
        )?;
        log.say(bench::DIVIDER);
        log.run_checked(&bench)?;
        Ok(log.text())
    })?;

    b.console.say(bench::table(&bench::rows(&said)?));
    Ok(())
}
