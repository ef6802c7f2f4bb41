// SPDX-License-Identifier: GPL-2.0

//! The layers after the harness: one kernel with all mutants, started once for each, until the
//! first of the suites fails.

use super::generate::{Compiler, Generated};
use super::program::{with_lines, VARIABLE};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::judge::breakages::Caught;
use crate::run::kernel;
use crate::run::kunit_py::Kunit;
use crate::run::suites::on_machine;
use crate::run::until_caught::{limit_of_broken, until_caught};
use crate::settings::Arch;
use crate::tree::branches::Repository;
use crate::tree::with_patch::tree_with_texts;
use std::time::Instant;

pub(super) struct Kernel<'a> {
    b: &'a Builder,
    /// With what emulates its machine.
    kunit: Kunit,
    /// Seconds that a mutant may take.
    limit: u64,
}

impl<'a> Kernel<'a> {
    /// Builds it, and runs it once without a mutant.
    pub(super) fn new(
        compiler: &'a Compiler<'a>,
        repository: &Repository,
        all: &Generated,
    ) -> Result<Kernel<'a>> {
        let b = compiler.b;
        let arch = compiler.kunit.arch;

        let kunit = b.long(
            &format!("linux for {arch} with mutants"),
            &format!("mutants-{arch}"),
            |log| {
                let tree = tree(compiler, repository, all)?;
                compiler.work.check_out(&tree, log)?;
                kernel::configure(b, &compiler.kunit, repository, &tree, log)?;
                kernel::compile(b, &compiler.kunit, log, &[])?;
                on_machine(b, &compiler.kunit, log)
            },
        )?;
        let mut kernel = Kernel {
            b,
            kunit,
            limit: match arch {
                Arch::Um => 300,
                _ => 1200,
            },
        };
        let begun = Instant::now();
        match kernel.ask(0, "none")? {
            Caught::Survived => (),
            other => {
                return Err(Error::failed(format!(
                    "the suites fail without a mutant: {other:?}"
                )))
            }
        }
        kernel.limit = limit_of_broken(begun.elapsed().as_secs());
        Ok(kernel)
    }

    /// What the suites find of a mutant.
    pub(super) fn ask(&self, number: usize, name: &str) -> Result<Caught> {
        let (b, arch) = (self.b, self.kunit.arch);
        let log = b.settings.logs().join(format!("mutant-{name}-{arch}.log"));
        let argument = format!("{VARIABLE}={number}");

        b.console
            .only_progress()
            .quiet_long(name, &log, |log: &Log| {
                until_caught(&self.kunit, self.limit, Some(argument), log)
            })
    }
}

/// The tree of the series with copies, as git names it.
fn tree(compiler: &Compiler<'_>, repository: &Repository, all: &Generated) -> Result<String> {
    let mut texts = Vec::new();

    for file in &all.files {
        // What a mutant does not use any more is no concern of its build.
        let mut text = "#pragma clang diagnostic ignored \"-Weverything\"\n".to_string();
        text.push_str(&with_lines(
            &file.copied(|mutant| all.is_viable(mutant)),
            &file.text,
            &file.functions,
        ));
        if file.path == "mm/mmap.c" {
            text.push_str(&format!(
                "\n#include <linux/moduleparam.h>\nint {VARIABLE};\n\
                 core_param({VARIABLE}, {VARIABLE}, int, 0444);\n"
            ));
        }
        texts.push((file.path, text));
    }
    tree_with_texts(compiler.b, repository, texts)
}
