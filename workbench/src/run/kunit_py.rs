// SPDX-License-Identifier: GPL-2.0

//! `kunit.py` of the tree under test, which configures kernels, runs them and reads what they
//! report.

use crate::process::Cmd;
use crate::settings::{Arch, Settings};
use crate::toolchain::Toolbox;
use crate::tree::suites::Suites;
use std::path::{Path, PathBuf};

const SCRIPT: &str = "tools/testing/kunit/kunit.py";

/// A kernel: its source, where it is built, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Kunit {
    pub(crate) tree: PathBuf,
    pub(crate) suites: Suites,
    pub(crate) objects: PathBuf,
    pub(crate) arch: Arch,
    pub(crate) toolbox: Toolbox,
    /// Added to what the suites ask for.
    pub(crate) config: PathBuf,
    /// The C compiler, maybe by way of a cache.
    pub(crate) compiler: Vec<String>,
}

/// How long the suites may run, and which of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exec {
    /// Seconds.
    pub(crate) limit: u64,
    /// A glob of suites, or of `SUITE.TEST`; all if there is none.
    pub(crate) only: Option<String>,
    /// Where the result goes.
    pub(crate) json: Option<PathBuf>,
    /// For the kernel's command line.
    pub(crate) argument: Option<String>,
    /// Print what the kernel prints, as it comes.
    pub(crate) raw: bool,
    /// Only list the tests.
    pub(crate) list: bool,
}

impl Kunit {
    /// Where the result of a run is to be.
    pub(super) fn json(&self) -> PathBuf {
        self.objects.join("result.json")
    }

    /// The same kernel, whose process has these variables. `{part}` in their values is the number
    /// of the kernel, if it is one of several that run side by side.
    pub(super) fn with_environment(&self, environment: &[(&str, &str)], part: usize) -> Kunit {
        let mut kunit = self.clone();

        for (name, value) in environment {
            let value = value.replace("{part}", &part.to_string());
            kunit.toolbox = kunit.toolbox.env(name, &value);
        }
        kunit
    }

    fn script(&self, toolbox: &Toolbox, command: &str) -> Cmd {
        toolbox
            .cmd(SCRIPT)
            .dir(&self.tree)
            .args([command, &format!("--arch={}", self.arch)])
            .arg(format!("--build_dir={}", self.objects.display()))
    }

    /// What `make` has to be told in addition.
    fn make_options(&self) -> Vec<String> {
        let mut options = vec!["LLVM=1".to_string()];
        options.extend(self.compiler.iter().cloned());
        options
    }

    /// Writes the configuration: that of the suites, and ours on top.
    pub(crate) fn config_cmd(&self) -> Cmd {
        let mut cmd = self.script(&self.toolbox, "config");

        for option in self.make_options() {
            cmd = cmd.arg(format!("--make_options={option}"));
        }
        cmd.arg(format!("--kunitconfig={}", self.suites.folder()))
            .arg(format!("--kunitconfig={}", self.config.display()))
    }

    /// Builds what is run, and nothing else: `kunit.py build` makes modules and indexes, too.
    pub(crate) fn build_cmd(&self, settings: &Settings, options: &[String]) -> Cmd {
        self.toolbox
            .make(settings, &self.tree)
            .arg(format!("O={}", self.objects.display()))
            .arg(format!("ARCH={}", self.arch.in_kernel()))
            .args(self.make_options())
            .args(options)
            .arg(self.arch.target())
    }

    /// Runs the suites of the kernel that was built.
    pub(crate) fn exec_cmd(&self, exec: &Exec) -> Cmd {
        // Lines are to be seen as they come.
        let toolbox = self.toolbox.env("PYTHONUNBUFFERED", "1");
        let mut cmd = self
            .script(&toolbox, "exec")
            .arg(format!("--timeout={}", exec.limit))
            // A test may take as long as all of them: one that is late on a busy machine has not
            // failed. 6.12 does not know the parameter and says so.
            .arg(format!("--kernel_args=kunit.timeout={}", exec.limit));

        if self.arch != Arch::Um {
            cmd = cmd.arg("--qemu_args=-smp 2");
        }
        if self.arch == Arch::Arm64 {
            // As kunit.py has it, but without the authentication of pointers: QEMU would compute
            // it at each call and return.
            cmd = cmd.arg("--qemu_args=-cpu max,pauth=off");
        }
        if exec.raw {
            cmd = cmd.arg("--raw_output=all");
        }
        if exec.list {
            cmd = cmd.arg("--list_tests");
        }
        if let Some(argument) = &exec.argument {
            cmd = cmd.arg(format!("--kernel_args={argument}"));
        }
        if let Some(json) = &exec.json {
            cmd = cmd.arg(format!("--json={}", json.display()));
        }
        cmd.args(exec.only.iter())
    }

    /// Reads what a kernel has printed.
    pub(crate) fn parse_cmd(&self, log: &Path, json: &Path) -> Cmd {
        self.toolbox
            .cmd(SCRIPT)
            .dir(&self.tree)
            .arg("parse")
            .arg(format!("--json={}", json.display()))
            .arg(log)
    }

    /// The kernel's console during the last run.
    pub(crate) fn log(&self) -> PathBuf {
        self.objects.join("test.log")
    }

    /// What is run.
    pub(crate) fn image(&self) -> PathBuf {
        self.objects.join(self.arch.image())
    }
}
