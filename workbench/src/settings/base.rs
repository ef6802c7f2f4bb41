// SPDX-License-Identifier: GPL-2.0

//! `workbench/bases/BASE`: which release of the kernel the series is for, and where it comes from.
//! Lines `name=value`; the value may be in quotes, what begins with `#` is for the reader.

use super::{Arch, Dirs};
use crate::error::{Context, Error, Result};

/// A base, as its file describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BaseConfig {
    /// Source package of Debian.
    pub(crate) package: String,
    /// For a base that cannot be fetched, so that there is only `KDIR=`: how to get a tree.
    pub(crate) kdir: Option<String>,
    /// The release that is used unless the archive does not have it, such as `6.18.15`.
    pub(crate) release: String,
    /// Releases that will do as well, such as `6.18.*`.
    pub(crate) versions: String,
    /// The first one the series applies to.
    pub(crate) oldest: Option<String>,
    /// Suites of the archive to look in.
    pub(crate) suites: Vec<String>,
    /// About how many objects a build for UML makes, to show how far it is.
    pub(crate) objects_um: u64,
    /// The same for x86_64.
    pub(crate) objects_x86_64: u64,
    /// Functions of the recovery path that other bases do not have.
    pub(crate) recovery: Vec<String>,
}

impl BaseConfig {
    /// The file of a base.
    pub(crate) fn read(dirs: &Dirs, base: &str) -> Result<BaseConfig> {
        read(dirs, base, BaseConfig::parse)
    }

    fn parse(text: &str) -> std::result::Result<BaseConfig, String> {
        BaseConfig::lines(text)?.complete()
    }

    fn lines(text: &str) -> std::result::Result<BaseConfig, String> {
        let mut config = BaseConfig::default();

        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                return Err(format!("line {number} is not a line name=value"));
            };
            let (name, value) = (name.trim(), value.trim().trim_matches(['\'', '"']));
            let count = || {
                let odd = |_| format!("line {number}: {value} is not a number");
                value.parse().map_err(odd)
            };
            let words = || value.split_whitespace().map(Into::into).collect();
            match name {
                "package" => config.package = value.into(),
                "kdir" => config.kdir = Some(value.into()),
                "release" => config.release = value.into(),
                "versions" => config.versions = value.into(),
                "oldest" => config.oldest = Some(value.into()),
                "suites" => config.suites = words(),
                "recovery" => config.recovery = words(),
                "objects_um" => config.objects_um = count()?,
                "objects_x86_64" => config.objects_x86_64 = count()?,
                _ => return Err(format!("line {number}: {name} is no name that is known")),
            }
        }
        Ok(config)
    }

    fn complete(self) -> std::result::Result<BaseConfig, String> {
        let needed = [
            ("package", self.package.is_empty()),
            ("release", self.release.is_empty()),
            ("versions", self.versions.is_empty()),
            ("suites", self.suites.is_empty()),
        ];
        match needed.iter().find(|(_, missing)| *missing) {
            Some((name, _)) => Err(format!("there is no line {name}=")),
            None => Ok(self),
        }
    }

    /// Whether a release is one of this base's that the series is for.
    pub(crate) fn has(&self, version: &str) -> bool {
        let fits = match self.versions.strip_suffix('*') {
            Some(start) => version.starts_with(start),
            None => version == self.versions,
        };
        let old = |oldest: &String| numbers(version) < numbers(oldest);

        fits && !self.oldest.as_ref().is_some_and(old)
    }

    /// About how many objects a build makes.
    pub(crate) fn objects(&self, arch: Arch) -> u64 {
        match arch {
            Arch::Um => self.objects_um,
            _ => self.objects_x86_64,
        }
    }
}

fn read(
    dirs: &Dirs,
    base: &str,
    parse: fn(&str) -> std::result::Result<BaseConfig, String>,
) -> Result<BaseConfig> {
    let path = dirs.workbench.join("bases").join(base);
    let shown = dirs.shown(&path);
    let text = std::fs::read_to_string(&path).or_say(|| format!("cannot read {shown}"))?;

    parse(&text).map_err(|what| Error::usage(format!("{shown}: {what}")))
}

/// Why there is nothing to work with unless `KDIR=` says where a tree is, and how to get one; nothing
/// for a base that can be fetched.
pub(crate) fn only_by_kdir(dirs: &Dirs, base: &str) -> Result<Option<String>> {
    let how = read(dirs, base, BaseConfig::lines)?.kdir;

    Ok(how
        .map(|how| format!("linux {base} cannot be fetched, KDIR= has to say where it is: {how}")))
}

/// For comparisons: 6.18.9 is before 6.18.15.
pub(crate) fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-', '~', '+'])
        .map_while(|part| part.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# words\npackage = linux\nversions = 6.18.*\nrelease = 6.18.15\n\
                        oldest = 6.18.9\nsuites = a b\nobjects_um = 560\nrecovery = undo\n";

    #[test]
    fn a_file_is_read() {
        let config = BaseConfig::parse(TEXT).expect("a base");

        assert_eq!(config.package, "linux");
        assert_eq!(config.release, "6.18.15");
        assert_eq!(config.suites, ["a", "b"]);
        assert_eq!(config.objects(Arch::Um), 560);
        assert_eq!(config.recovery, ["undo"]);
    }

    #[test]
    fn releases_are_compared_by_their_numbers() {
        let config = BaseConfig::parse(TEXT).expect("a base");

        for (version, fits) in [
            ("6.18.15", true),
            ("6.18.9", true),
            ("6.18.8", false),
            ("6.19.1", false),
            ("6.180.1", false),
        ] {
            assert_eq!(config.has(version), fits, "{version}");
        }
        assert!(numbers("6.18.9") < numbers("6.18.15"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| BaseConfig::parse(text).expect_err("wrong");

        assert_eq!(wrong("x"), "line 1 is not a line name=value");
        assert_eq!(wrong("\nx=1"), "line 2: x is no name that is known");
        assert_eq!(wrong("package=linux"), "there is no line release=");
        assert!(wrong("objects_um=many").contains("many is not a number"));
    }
}
