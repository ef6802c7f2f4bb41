// SPDX-License-Identifier: GPL-2.0

//! What the user asked for, read and checked once, before anything is fetched or written.

pub(crate) mod arch;
pub(crate) mod base;
pub(crate) mod dirs;
mod kdir;
mod mail;
mod sample;

pub(crate) use arch::Arch;
pub(crate) use base::BaseConfig;
pub(crate) use dirs::Dirs;
pub(crate) use kdir::Kdir;
pub(crate) use mail::MailSettings;
pub(crate) use sample::{SampleSettings, Shard};

use crate::cli::{Args, Target};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

pub(crate) const DEFAULT_BASE: &str = "6.18";
/// A new file that several bases list is kept as this one has it; the others have a diff.
pub(crate) const SHARED_BASE: &str = "6.18";
const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";

/// Where the compilers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Toolchain {
    Sysroot,
    Host,
}

/// Who commits are by, where git's own variables say so.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthorSettings {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) date: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) dirs: Dirs,
    pub(crate) base: String,
    /// Whether the base was chosen, rather than being the default.
    pub(crate) base_named: bool,
    pub(crate) kdir: Option<Kdir>,
    pub(crate) arch: Arch,
    pub(crate) toolchain: Toolchain,
    pub(crate) mirror: String,
    pub(crate) jobs: u32,
    pub(crate) only: Option<String>,
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
    pub(crate) timeout: Option<u64>,
    pub(crate) section: Option<String>,
    pub(crate) quick: bool,
    pub(crate) mail: MailSettings,
    pub(crate) author: AuthorSettings,
    pub(crate) sample: SampleSettings,
    /// Ask the archive for a newer base, although there is one.
    pub(crate) update: bool,
    /// Packages are installed on this machine: there are no name spaces for a sysroot.
    pub(crate) host_packages: bool,
    /// What the compilers are, as one word: results of others are not taken for fresh.
    pub(crate) toolchain_identity: String,
}

/// An unset variable and an empty one are the same.
fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

/// A variable that is 1 or not set.
fn switch(name: &str, value: &Option<String>) -> Result<bool> {
    match given(value) {
        None => Ok(false),
        Some("1") => Ok(true),
        Some(other) => Err(Error::usage(format!(
            "{name}={other} is not 1: leave it out, or set it to 1"
        ))),
    }
}

fn number<T: std::str::FromStr>(
    name: &str,
    value: &Option<String>,
    what: &str,
) -> Result<Option<T>> {
    given(value)
        .map(|text| {
            let digits = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|_| digits)
                .ok_or_else(|| Error::usage(format!("{name}={text} is not {what}")))
        })
        .transpose()
}

impl Settings {
    pub(crate) fn read(args: &Args, dirs: Dirs) -> Result<Settings> {
        for dir in [&dirs.top, &dirs.cache] {
            let text = dir.to_string_lossy();
            if text.contains([' ', '\t', ':']) {
                return Err(Error::usage(format!(
                    "{text} has a space or a colon in its path: kernel builds cannot cope, move it"
                )));
            }
        }
        switch("V", &args.v)?;
        let jobs = match given(&args.jobs) {
            None => std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
            Some(_) => number("JOBS", &args.jobs, "a number of jobs")?.unwrap_or(1),
        };
        let toolchain = match given(&args.toolchain) {
            None | Some("sysroot") => Toolchain::Sysroot,
            Some("host") => Toolchain::Host,
            Some(other) => {
                return Err(Error::usage(format!(
                    "unknown TOOLCHAIN={other}: known are sysroot host"
                )))
            }
        };
        let arch = given(&args.arch).unwrap_or(Arch::Um.name());
        let arch = Arch::ALL
            .into_iter()
            .find(|known| known.name() == arch)
            .ok_or_else(|| {
                let known = Arch::ALL.map(Arch::name).join(" ");
                Error::usage(format!("unknown ARCH={arch}: known are {known}"))
            })?;
        let kdir = given(&args.kdir)
            .map(|path| Kdir::check(Path::new(path)))
            .transpose()?;
        // Which base a tree of the user's is for follows from the tree.
        let base = match &kdir {
            Some(kdir) => kdir.base.clone(),
            None => given(&args.base).unwrap_or(DEFAULT_BASE).to_string(),
        };
        let known = dirs.bases();
        if !known.contains(&base) {
            let known = known.join(" ");
            return Err(Error::usage(match &kdir {
                Some(kdir) => format!(
                    "KDIR={} is linux {base}: there is a series for {known} only",
                    kdir.path.display()
                ),
                None => format!("unknown BASE={base}: known are {known}"),
            }));
        }
        if let (None, Some(why)) = (&kdir, base::only_by_kdir(&dirs, &base)?) {
            return Err(Error::usage(why));
        }

        Ok(Settings {
            base,
            base_named: given(&args.base).is_some() || kdir.is_some(),
            kdir,
            arch,
            toolchain,
            mirror: given(&args.mirror)
                .unwrap_or(DEFAULT_MIRROR)
                .trim_end_matches('/')
                .to_string(),
            jobs,
            only: given(&args.only).map(str::to_string),
            force: switch("FORCE", &args.force)?,
            dry_run: switch("DRY_RUN", &args.dry_run)?,
            timeout: number("TIMEOUT", &args.timeout, "a number of seconds")?,
            section: given(&args.section).map(str::to_string),
            quick: switch("QUICK", &args.quick)?,
            mail: MailSettings::read(args)?,
            author: AuthorSettings {
                name: given(&args.git_author_name).map(str::to_string),
                email: given(&args.git_author_email).map(str::to_string),
                date: given(&args.git_author_date).map(str::to_string),
            },
            sample: SampleSettings::read(args)?,
            update: args.target == Some(Target::Update),
            host_packages: false,
            toolchain_identity: String::new(),
            dirs,
        })
    }

    /// The same settings for another base.
    pub(crate) fn for_base(&self, base: &str) -> Settings {
        Settings {
            base: base.to_string(),
            ..self.clone()
        }
    }

    /// What is built for this base.
    pub(crate) fn base_build(&self) -> PathBuf {
        let kdir = self.kdir.as_ref().map_or("", |_| "-kdir");
        self.dirs.build.join(format!("{}{kdir}", self.base))
    }

    /// The logs of this base's steps.
    pub(crate) fn logs(&self) -> PathBuf {
        self.base_build().join("logs")
    }

    pub(crate) fn patches(&self) -> PathBuf {
        self.dirs.top.join("patches").join(&self.base)
    }

    /// A path as the user would type it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        self.dirs.shown(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Dirs) {
        let dir = tempfile::tempdir().expect("a folder");
        let bases = dir.path().join("workbench/bases");
        std::fs::create_dir_all(&bases).expect("a folder");
        for base in ["6.18", "6.12", "README"] {
            std::fs::write(bases.join(base), "").expect("a file");
        }
        let dirs = Dirs::new(dir.path(), &dir.path().join("cache"));
        (dir, dirs)
    }

    fn read(change: impl FnOnce(&mut Args)) -> Result<Settings> {
        let (_dir, dirs) = project();

        let mut args = Args::default();
        change(&mut args);
        Settings::read(&args, dirs)
    }

    #[test]
    fn without_variables_there_are_defaults() {
        let (_dir, dirs) = project();
        let settings = Settings::read(&Args::default(), dirs).expect("settings");

        assert_eq!((settings.base.as_str(), settings.arch), ("6.18", Arch::Um));
        assert!(!settings.base_named && !settings.force);
        assert_eq!(settings.dirs.bases(), ["6.12", "6.18"]);
    }

    #[test]
    fn nonsense_is_answered_with_what_is_known() {
        let message = |change: fn(&mut Args)| {
            let error = read(change).expect_err("nonsense");
            assert_eq!(error.exit_code(), 2);
            error.message().to_string()
        };

        assert_eq!(
            message(|args| args.base = Some("2.4".into())),
            "unknown BASE=2.4: known are 6.12 6.18"
        );
        assert_eq!(
            message(|args| args.arch = Some("vax".into())),
            "unknown ARCH=vax: known are um x86_64 arm64 ppc32"
        );
        assert_eq!(
            message(|args| args.toolchain = Some("gcc".into())),
            "unknown TOOLCHAIN=gcc: known are sysroot host"
        );
        assert_eq!(
            message(|args| args.jobs = Some("many".into())),
            "JOBS=many is not a number of jobs"
        );
        assert!(message(|args| args.force = Some("y".into())).starts_with("FORCE=y is not 1"));
        assert!(
            message(|args| args.kdir = Some("/nonexistent".into())).ends_with("is not a directory")
        );
    }

    #[test]
    fn a_base_may_have_to_be_given() {
        let (dir, dirs) = project();
        std::fs::write(dirs.workbench.join("bases/7.3"), "kdir = unpack it\n").expect("a file");
        let error = |base: &str, kdir: Option<&str>| {
            let args = Args {
                base: Some(base.into()),
                kdir: kdir.map(str::to_string),
                ..Args::default()
            };
            let read = Settings::read(&args, dirs.clone());
            read.map(|settings| settings.base)
                .map_err(|error| error.message().to_string())
        };
        let why = "linux 7.3 cannot be fetched, KDIR= has to say where it is: unpack it";
        assert_eq!(error("7.3", None), Err(why.into()));
        assert_eq!(error("6.18", None), Ok("6.18".into()));

        for file in ["Kbuild", "mm/mmap.c", "tools/testing/kunit/kunit.py"] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        }
        let makefile = "VERSION = 7\nPATCHLEVEL = 3\n";
        std::fs::write(dir.path().join("Makefile"), makefile).expect("a file");
        assert_eq!(error("6.18", dir.path().to_str()), Ok("7.3".into()));
    }

    #[test]
    fn an_empty_variable_is_none() {
        let settings = read(|args| {
            args.base = Some(String::new());
            args.force = Some(String::new());
        });

        assert!(settings.is_ok_and(|settings| settings.base == "6.18" && !settings.force));
    }
}
