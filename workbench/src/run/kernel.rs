// SPDX-License-Identifier: GPL-2.0

//! The kernel with the suites, built from a branch of the series.

use super::kernel_cache::KernelCache;
use super::kunit_py::Kunit;
use crate::builder::{Builder, Step};
use crate::console::Log;
use crate::error::{Context, Result};
use crate::settings::{BaseConfig, Settings};
use crate::sources::base::Base;
use crate::stamp::{remove_file, Inputs, Stamp};
use crate::toolchain::{self, Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::options::kconfig;
use crate::tree::run_tree::RunTree;
use crate::tree::suites::Suites;
use crate::tree::with_patch::{branch_with, PatchedRunTree};
use std::path::{Path, PathBuf};

/// Makes sure that the kernel of a branch is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    pub(crate) branch: Branch,
    pub(crate) suites: Suites,
}

impl Step for Kernel {
    type Output = Kunit;

    fn run(&self, b: &Builder) -> Result<Kunit> {
        let arch = b.settings.arch;
        let wanted = Wanted {
            branch: self.branch,
            suites: self.suites,
            name: self.suites.on(arch),
            title: self.suites.on(arch),
            config: self.suites.config(&b.settings, arch),
            patch: None,
        };

        wanted.make(b, |kunit, repository, log| {
            configure(b, kunit, repository, self.branch.name(), log)?;
            compile(b, kunit, log, &[])
        })
    }

    /// The other branch has the same objects.
    fn lasts(&self) -> bool {
        false
    }
}

/// A kernel that is wanted, for whatever it is to run.
pub(crate) struct Wanted {
    pub(crate) branch: Branch,
    pub(crate) suites: Suites,
    /// Of its objects below the base's folder, and of its log.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) title: String,
    /// Its options.
    pub(crate) config: PathBuf,
    /// What is changed in the branch, and what that is called.
    pub(crate) patch: Option<(PathBuf, &'static str)>,
}

impl Wanted {
    /// What it depends on, beside the compilers.
    pub(crate) fn inputs(&self, b: &Builder, repository: &Repository) -> Result<Inputs> {
        let tree = match &self.patch {
            None => repository.tree(self.branch)?,
            Some((patch, _)) => branch_with(b, repository, self.branch, patch)?,
        };

        inputs_with(b, &self.config, &tree)
    }

    /// Takes it from the cache, or has `build` make it.
    pub(crate) fn make(
        &self,
        b: &Builder,
        build: impl FnOnce(&Kunit, &Repository, &Log) -> Result<()>,
    ) -> Result<Kunit> {
        let settings = &b.settings;
        let toolbox = b.ensure(Sysroot(Tools::Build))?;
        // QEMU, for who runs the kernel.
        toolchain::of_machine(b, settings.arch)?;
        let repository = b.ensure(Branches)?;
        let branch = self.branch;
        let tree = match self.patch.clone() {
            None => b.ensure(RunTree { branch })?,
            Some((patch, name)) => b.ensure(PatchedRunTree {
                branch,
                patch,
                name,
            })?,
        };
        let objects = settings.base_build().join(&self.name);
        let kunit = Kunit {
            tree,
            suites: self.suites,
            arch: settings.arch,
            config: self.config.clone(),
            toolbox: with_ccache(settings, &toolbox),
            compiler: compiler(),
            objects: objects.clone(),
        };
        let version = match b.planning() {
            true => settings.base.clone(),
            false => b.ensure(Base)?.version()?,
        };
        let title = format!("linux {version} for {}, {}", self.title, self.branch.name());
        let inputs = || self.inputs(b, &repository);

        b.stamped(
            &title,
            &format!("kernel-{}", self.name),
            || Ok(Stamp::new(objects.join("built")).inputs(&inputs()?)),
            |log| {
                KernelCache::new(settings, &inputs()?)
                    .take_or_build(&kunit, log, || build(&kunit, &repository, log))
            },
        )?;
        Ok(kunit)
    }
}

/// What the kernel of the fork suites depends on, beside the compilers: the sources and the
/// configuration.
pub(crate) fn inputs(b: &Builder, tree: &str) -> Result<Inputs> {
    inputs_with(b, &Suites::Fork.config(&b.settings, b.settings.arch), tree)
}

/// The same of a kernel with other options.
pub(crate) fn inputs_with(b: &Builder, config: &Path, tree: &str) -> Result<Inputs> {
    let content = std::fs::read(config).or_say(|| "cannot read a configuration")?;

    Ok(Inputs::default()
        .add("tree", tree.as_bytes())
        .add("config", &content)
        .add("arch", b.settings.arch.name().as_bytes())
        .add("make", compiler().join(" ").as_bytes())
        .add("toolchain", b.settings.toolchain_identity.as_bytes()))
}

/// C objects come from a cache when another checkout or base has compiled the same. Assembly does not:
/// it may take files in by `.incbin`, and ccache 4.11 does not notice when these change.
pub(crate) fn compiler() -> Vec<String> {
    vec!["CC=$(if $(filter %.S,$<),,ccache) clang".into()]
}

/// The tools with the settings of that cache. Paths below the project are not part of what is
/// compared, the compiler itself is.
pub(crate) fn with_ccache(settings: &Settings, toolbox: &Toolbox) -> Toolbox {
    let dir = settings.dirs.cache.join("ccache");

    toolbox
        .env("CCACHE_DIR", &dir.to_string_lossy())
        .env("CCACHE_BASEDIR", &settings.dirs.top.to_string_lossy())
        .env("CCACHE_NOHASHDIR", "1")
        // Without it each file is preprocessed once more, which takes as long as to compile it.
        .env("CCACHE_DEPEND", "1")
        .env("CCACHE_COMPILERCHECK", "content")
        .env("CCACHE_MAXSIZE", "4G")
        .env("KBUILD_BUILD_TIMESTAMP", "@0")
}

/// Makes the configuration, unless it was made from the same options. `tree` is what is built, as
/// git names it.
pub(crate) fn configure(
    b: &Builder,
    kunit: &Kunit,
    repository: &Repository,
    tree: &str,
    log: &Log,
) -> Result<()> {
    let options = options(b, kunit, repository, tree)?
        .add_file(&kunit.tree.join(kunit.suites.folder()).join(".kunitconfig"))
        .add("make", kunit.compiler.join(" ").as_bytes());

    configure_with(b, kunit, &options, || log.run_checked(&kunit.config_cmd()))
}

/// What any configuration follows from: its file, the options that a tree has, the compilers.
pub(crate) fn options(
    b: &Builder,
    kunit: &Kunit,
    repository: &Repository,
    tree: &str,
) -> Result<Inputs> {
    let files = repository.git().read(["ls-tree", "-r", tree])?;

    Ok(Inputs::default()
        .add_file(&kunit.config)
        .add("kconfig", kconfig(&files).as_bytes())
        .add("toolchain", b.settings.toolchain_identity.as_bytes()))
}

/// Has a configuration made, unless it was made from the same options.
pub(crate) fn configure_with(
    b: &Builder,
    kunit: &Kunit,
    options: &Inputs,
    make: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let stamp = Stamp::new(kunit.objects.join("configured")).inputs(options);

    if stamp.is_fresh() && kunit.objects.join(".config").is_file() {
        return Ok(());
    }
    stamp.remove()?;
    std::fs::create_dir_all(&kunit.objects)
        .or_say(|| format!("cannot make {}", b.settings.shown(&kunit.objects)))?;
    make()?;
    stamp.write()
}

/// Builds a kernel that is configured, and says how far it is.
pub(crate) fn compile(b: &Builder, kunit: &Kunit, log: &Log, options: &[String]) -> Result<()> {
    let expected = BaseConfig::read(&b.settings.dirs, &b.settings.base)?.objects(kunit.arch);
    let statistics = kunit.objects.join("ccache.log");
    remove_file(&statistics)?;
    let toolbox = kunit
        .toolbox
        .env("CCACHE_STATSLOG", &statistics.to_string_lossy());
    let kunit = Kunit {
        toolbox,
        ..kunit.clone()
    };
    let cmd = kunit.build_cmd(&b.settings, options);
    let status = log.run_watched(&cmd, None, |log| {
        log.progress(count_objects(&kunit.objects) * 100 / expected.max(1));
    })?;

    if !status.success() {
        return Err(crate::error::Error::failed(crate::process::ended(status)));
    }
    // How much of it came from the cache.
    log.run(&kunit.toolbox.cmd("ccache").arg("--show-log-stats"))?;
    Ok(())
}

fn count_objects(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return 0;
    };
    let mut objects = 0;

    for entry in entries.flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => objects += count_objects(&entry.path()),
            Ok(_) if entry.path().extension().is_some_and(|end| end == "o") => objects += 1,
            _ => (),
        }
    }
    objects
}
