// SPDX-License-Identifier: GPL-2.0

//! A kernel tree at changing commits, and objects built of it: what a part of the kernel compiles
//! to, or what compilers and analysers say of it.

use crate::console::Log;
use crate::error::{Context, Result};
use crate::git::Git;
use crate::process::Cmd;
use crate::run::kernel;
use crate::run::kunit_py::Kunit;
use crate::settings::{Arch, Settings};
use crate::stamp::{write_whole, Inputs, Stamp};
use crate::toolchain::Toolbox;
use crate::tree::branches::Repository;
use crate::tree::checkout::Checkout;
use crate::tree::options::kconfig;
use crate::tree::run_tree::SOURCES;
use crate::tree::suites::Suites;
use std::path::PathBuf;

/// Where that is done, `build/BASE/NAME`: the source in `run`, and a folder for each kind of
/// objects. It stays, so that little is built again.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    dir: PathBuf,
    pub(crate) src: PathBuf,
    git: Git,
    toolbox: Toolbox,
    settings: Settings,
}

/// A configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config<'a> {
    /// The folder of its objects.
    pub(crate) objects: &'a str,
    /// As the kernel calls it.
    pub(crate) arch: &'a str,
    pub(crate) start: Start<'a>,
    /// Options that are switched on then.
    pub(crate) on: &'a [&'a str],
    pub(crate) off: &'a [&'a str],
}

/// What a configuration begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start<'a> {
    /// A target of make, such as `defconfig`.
    Target(&'a str),
    /// Options, one a line; there need not be any of that name.
    Text(&'a str),
}

impl Config<'_> {
    /// What it is made from. `kconfig` tells which options there are.
    fn inputs(&self, settings: &Settings, kconfig: &str) -> Inputs {
        let (kind, start) = match self.start {
            Start::Target(target) => ("target", target),
            Start::Text(text) => ("text", text),
        };

        Inputs::default()
            .add("arch", self.arch.as_bytes())
            .add(kind, start.as_bytes())
            .add("on", self.on.join(" ").as_bytes())
            .add("off", self.off.join(" ").as_bytes())
            .add("kconfig", kconfig.as_bytes())
            .add("toolchain", settings.toolchain_identity.as_bytes())
    }
}

impl Work {
    pub(crate) fn new(
        settings: &Settings,
        name: &str,
        repository: &Repository,
        toolbox: &Toolbox,
    ) -> Work {
        let dir = settings.base_build().join(name);
        let src = dir.join(SOURCES);

        Work {
            git: repository.git(),
            src,
            dir,
            toolbox: kernel::with_ccache(settings, toolbox),
            settings: settings.clone(),
        }
    }

    /// Where the objects of a kind are.
    pub(crate) fn out(&self, objects: &str) -> PathBuf {
        self.dir.join(objects)
    }

    /// The kernel with the suites, of this tree.
    pub(crate) fn kunit(&self, arch: Arch) -> Kunit {
        Kunit {
            tree: self.src.clone(),
            suites: Suites::Fork,
            objects: self.out(arch.name()),
            arch,
            toolbox: self.toolbox.clone(),
            config: Suites::Fork.config(&self.settings, arch),
            compiler: kernel::compiler(),
        }
    }

    fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// The tree at a commit, or as a git tree has it. Unchanged files stay as they are.
    pub(crate) fn check_out(&self, commit: &str, log: &Log) -> Result<()> {
        let tree = self.git.id(&format!("{commit}^{{tree}}"))?;
        let checkout = Checkout {
            repository: &self.git,
            dir: &self.src,
            index: &self.index(),
            without: &[],
        };

        checkout.set(&tree, log)
    }

    /// `make` for a machine, with what there is to build.
    pub(crate) fn make<S: AsRef<std::ffi::OsStr>>(
        &self,
        objects: &str,
        arch: &str,
        targets: impl IntoIterator<Item = S>,
    ) -> Cmd {
        self.toolbox
            .make(&self.settings, &self.src)
            .arg("-s")
            .arg(format!("O={}", self.out(objects).display()))
            .arg(format!("ARCH={arch}"))
            .arg("LLVM=1")
            .args(kernel::compiler())
            .args(targets)
    }

    /// Sees to it that the configuration is the one asked for. It is made anew when its options
    /// change, or those that the tree knows.
    pub(crate) fn configure(&self, config: &Config<'_>, log: &Log) -> Result<()> {
        let out = self.out(config.objects);
        let file = out.join(".config");
        let kconfig = kconfig(
            &self
                .git
                .clone()
                .index(self.index())
                .read(["ls-files", "-s"])?,
        );
        let stamp =
            Stamp::new(out.join("configured")).inputs(&config.inputs(&self.settings, &kconfig));

        if stamp.is_fresh() && file.is_file() {
            return Ok(());
        }
        stamp.remove()?;
        crate::stamp::remove_file(&file)?;
        match config.start {
            Start::Target(target) => {
                std::fs::create_dir_all(&out)
                    .or_say(|| format!("cannot make {}", self.settings.shown(&out)))?;
                log.run_checked(&self.make(config.objects, config.arch, [target]))?;
            }
            Start::Text(text) => write_whole(&file, text.as_bytes())?,
        }
        let changes = [("-e", config.on), ("-d", config.off)];
        let mut cmd = self
            .toolbox
            .cmd(&self.src.join("scripts/config").to_string_lossy())
            .arg("--file")
            .arg(&file);
        for (what, names) in changes {
            for name in names {
                cmd = cmd.args([what, name]);
            }
        }
        if changes.iter().any(|(_, names)| !names.is_empty()) {
            log.run_checked(&cmd)?;
        }
        log.run_checked(&self.make(config.objects, config.arch, ["olddefconfig"]))?;
        stamp.write()
    }

    /// Whether an option is on.
    pub(crate) fn has(&self, objects: &str, option: &str) -> bool {
        let text = crate::console::read_lossy(&self.out(objects).join(".config"));
        let line = format!("CONFIG_{option}=y");

        text.lines().any(|said| said == line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    const DEFCONFIG: Config<'_> = Config {
        objects: "x86_64",
        arch: "x86_64",
        start: Start::Target("defconfig"),
        on: &["DEBUG_VM"],
        off: &["WERROR"],
    };

    #[test]
    fn a_configuration_is_told_from_others() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let hash = |config: Config<'_>, kconfig| config.inputs(&b.settings, kconfig).hash();
        let first = hash(DEFCONFIG, "k");
        let others = [
            Config {
                arch: "i386",
                ..DEFCONFIG
            },
            Config {
                start: Start::Text("defconfig"),
                ..DEFCONFIG
            },
            Config {
                on: &["DEBUG_VM", "KSM"],
                ..DEFCONFIG
            },
            Config {
                on: &[],
                off: &["DEBUG_VM", "WERROR"],
                ..DEFCONFIG
            },
        ];

        assert_eq!(hash(DEFCONFIG, "k"), first);
        assert_ne!(hash(DEFCONFIG, "other"), first);
        for other in others {
            assert_ne!(hash(other, "k"), first, "{other:?}");
        }
    }
}
