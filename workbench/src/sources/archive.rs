// SPDX-License-Identifier: GPL-2.0

//! Debian's archive, by way of apt, which checks signatures and hashes. Of the machine's
//! configuration it uses the keys and how to reach an archive, such as a proxy; no hooks, no
//! sources, no preferences.

use super::tarball::Tarball;
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::process::{ended, Cmd};
use crate::settings::base::{numbers, BaseConfig};
use crate::stamp::{sha256_of, write_whole};
use std::path::{Path, PathBuf};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// What is kept of the machine's configuration: how an archive is reached, and whether the clock
/// can be trusted.
const KEPT: [&str; 4] = [
    "Acquire::http::",
    "Acquire::https::",
    "Acquire::Check-Valid-Until ",
    "Acquire::Check-Date ",
];

/// An archive, and where in the cache its index is.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    dir: PathBuf,
    mirror: String,
    config: BaseConfig,
    /// Where the programs of apt are, if not in PATH.
    programs: Option<PathBuf>,
}

/// A release that the index names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Such as `6.18.15`.
    pub(crate) version: String,
    /// Debian's version of it, such as `6.18.15-1~bpo13+1`.
    pub(crate) package: String,
    sum: String,
    pub(crate) length: u64,
}

impl Archive {
    pub(crate) fn new(dir: &Path, mirror: &str, config: &BaseConfig) -> Archive {
        Archive {
            dir: dir.join("apt"),
            mirror: mirror.to_string(),
            config: config.clone(),
            programs: None,
        }
    }

    /// With the programs of apt from a folder.
    #[cfg(test)]
    pub(crate) fn with_programs(mut self, dir: &Path) -> Archive {
        self.programs = Some(dir.to_owned());
        self
    }

    fn apt(&self, program: &str) -> Cmd {
        let path = self.programs.as_ref().map(|dir| dir.join(program));

        Cmd::new(path.unwrap_or_else(|| program.into()))
            .env("APT_CONFIG", self.dir.join("apt.conf"))
    }

    /// Fetches the index. Fails on any suite that cannot be had, instead of going on with less.
    pub(crate) fn update(&self, log: &Log) -> Result<()> {
        for dir in ["state", "lists/partial", "cache/archives/partial"] {
            let dir = self.dir.join(dir);
            std::fs::create_dir_all(&dir).or_say(|| format!("cannot make {}", dir.display()))?;
        }
        write_whole(&self.dir.join("status"), b"")?;
        write_whole(&self.dir.join("sources.list"), self.sources().as_bytes())?;
        let dump = Cmd::new(match &self.programs {
            Some(dir) => dir.join("apt-config"),
            None => "apt-config".into(),
        });
        let configuration = self.configuration(&dump.arg("dump").read()?);
        write_whole(&self.dir.join("apt.conf"), configuration.as_bytes())?;
        let update = ["update", "-o", "APT::Update::Error-Mode=any"];
        log.run_checked(&self.apt("apt-get").args(update))
    }

    fn sources(&self) -> String {
        let line = |suite: &String| {
            let security = match suite.ends_with("-security") {
                true => "-security",
                false => "",
            };
            let mirror = &self.mirror;
            format!("deb-src [signed-by={KEYRING}] {mirror}{security} {suite} main\n")
        };

        self.config.suites.iter().map(line).collect()
    }

    /// By way of APT_CONFIG: what is given on the command line is looked at after the machine's
    /// configuration has been read.
    fn configuration(&self, machine: &str) -> String {
        let dir = self.dir.display();
        let mut text = format!(
            "Dir::Etc::main \"/dev/null\";\n\
             Dir::Etc::parts \"/dev/null\";\n\
             Dir::Etc::preferences \"/dev/null\";\n\
             Dir::Etc::preferencesparts \"/dev/null\";\n\
             Dir::Etc::sourcelist \"{dir}/sources.list\";\n\
             Dir::Etc::sourceparts \"/dev/null\";\n\
             Dir::State \"{dir}/state\";\n\
             Dir::State::lists \"{dir}/lists\";\n\
             Dir::State::status \"{dir}/status\";\n\
             Dir::Cache \"{dir}/cache\";\n\
             APT::Sandbox::User \"\";\n\
             APT::Get::Only-Source \"true\";\n\
             Acquire::Languages \"none\";\n\
             Acquire::Retries \"2\";\n"
        );

        for line in machine.lines() {
            if KEPT.iter().any(|kept| line.starts_with(kept)) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }

    /// The releases of the base that the index names, newest first.
    pub(crate) fn candidates(&self) -> Result<Vec<Candidate>> {
        let listed = self.apt("apt-cache");
        let listed = listed.args(["showsrc", &self.config.package]).output()?;

        Ok(candidates(
            &String::from_utf8_lossy(&listed.stdout),
            &self.config,
        ))
    }

    /// Fetches the tarball of a release into the cache; whether it could be had.
    pub(crate) fn fetch(&self, candidate: &Candidate, to: &Tarball, log: &Log) -> Result<bool> {
        let parent = to.file.parent().unwrap_or(Path::new("."));
        let dir = tempfile::Builder::new()
            .prefix(".tmp.")
            .tempdir_in(parent)
            .or_say(|| format!("cannot make a folder in {}", parent.display()))?;
        let source = format!("{}={}", self.config.package, candidate.package);
        let cmd = self
            .apt("apt-get")
            .args(["source", "--download-only", "--tar-only", &source])
            .dir(dir.path());
        let tarballs = || {
            let names = std::fs::read_dir(dir.path())
                .into_iter()
                .flatten()
                .flatten();
            names.map(|entry| entry.path()).filter(|path| {
                let name = path.to_string_lossy();
                name.contains(".orig.tar.xz") && !name.ends_with(".asc")
            })
        };
        let status = log.run_watched(&cmd, None, |log| {
            let have = tarballs().filter_map(|path| std::fs::metadata(path).ok());
            let have = have.map(|file| file.len()).max().unwrap_or(0);
            log.progress(have * 100 / candidate.length.max(1));
        })?;

        if !status.success() {
            log.say(format!("apt-get: {}", ended(status)));
            return Ok(false);
        }
        let Some(fetched) = tarballs().find(|path| path.extension().is_some_and(|end| end == "xz"))
        else {
            return Ok(false);
        };
        if sha256_of(&fetched)? != candidate.sum {
            log.say(format!("{source}: the tarball is not the one of the index"));
            return Ok(false);
        }
        to.keep(&fetched, &candidate.sum, candidate.length)?;
        Ok(true)
    }
}

/// Of what `apt-cache showsrc` says.
fn candidates(listed: &str, config: &BaseConfig) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let (mut package, mut in_sums) = ("", false);

    for line in listed.lines() {
        if !line.starts_with(' ') {
            in_sums = line.starts_with("Checksums-Sha256:");
            if let Some(version) = line.strip_prefix("Version: ") {
                package = version.trim();
            }
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(sum), Some(length), Some(file)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let version = package
            .rsplit_once('-')
            .map_or(package, |(version, _)| version);
        let known = found.iter().any(|known| known.version == version);
        let Ok(length) = length.parse() else { continue };
        if in_sums && file.ends_with(".orig.tar.xz") && config.has(version) && !known {
            found.push(Candidate {
                version: version.into(),
                package: package.into(),
                sum: sum.into(),
                length,
            });
        }
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(numbers(&candidate.version)));
    found
}

/// Fails if something is missing that it takes to fetch.
pub(crate) fn require_tools(base: &str) -> Result<()> {
    let there = |tool: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|dir| dir.join(tool).is_file())
    };

    match there("apt-get") {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "apt-get is missing, needed to fetch linux {base} from Debian's archive: use KDIR= \
             with a tree of yours"
        ))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    pub(crate) fn toy_config() -> BaseConfig {
        BaseConfig {
            package: "linux".into(),
            release: "6.18.15".into(),
            versions: "6.18.*".into(),
            suites: vec!["trixie".into(), "trixie-security".into()],
            ..BaseConfig::default()
        }
    }

    /// Programs of apt whose archive is a folder: `index` is what it lists, the tarballs are
    /// beside it. Without `index` there is no network.
    pub(crate) fn fake_apt(dir: &Path) {
        std::fs::create_dir_all(dir).expect("a folder");
        let scripts = [
            ("apt-config", "echo 'Acquire::http::Proxy \"http://proxy:3128\";'"),
            (
                "apt-get",
                "echo \"$@\" >>$here/called\n\
                 [ -f $here/index ] || { echo 'Could not connect: Connection refused'; exit 100; }\n\
                 [ $1 = source ] || exit 0\n\
                 version=${4#linux=}\n\
                 cp $here/linux_${version%-*}.orig.tar.xz .",
            ),
            ("apt-cache", "cat $here/index"),
        ];
        for (name, script) in scripts {
            let path = dir.join(name);
            let script = format!("#!/bin/sh\nhere=${{0%/*}}\n{script}\n");
            std::fs::write(&path, script).expect("a script");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
                .expect("a script");
        }
    }

    #[test]
    fn the_index_is_read_newest_first() {
        let entry = |version: &str, file: &str| {
            format!(
                "Package: linux\nVersion: {version}\nChecksums-Sha256:\n 5e 7 {file}.dsc\n \
                 ab 123 {file}.orig.tar.xz\n cd 9 {file}.debian.tar.xz\nFiles:\n \
                 ef 123 {file}.orig.tar.xz\n\n"
            )
        };
        let listed = entry("6.18.9-1~bpo13+1", "linux_6.18.9")
            + &entry("6.18.15-2", "linux_6.18.15")
            + &entry("6.18.15-1", "linux_6.18.15")
            + &entry("6.12.3-1", "linux_6.12.3");
        let found = candidates(&listed, &toy_config());

        let versions: Vec<&str> = found.iter().map(|found| found.version.as_str()).collect();
        assert_eq!(versions, ["6.18.15", "6.18.9"]);
        assert_eq!((found[0].sum.as_str(), found[0].length), ("ab", 123));
        assert_eq!(found[1].package, "6.18.9-1~bpo13+1");
    }

    #[test]
    fn of_the_machine_only_its_way_to_an_archive_is_used() {
        let archive = Archive::new(Path::new("/cache"), "http://mirror/debian", &toy_config());
        let text = archive.configuration(
            "Acquire::http::Proxy \"http://proxy:3128\";\nAcquire::https::Proxy::a.b \"DIRECT\";\n\
             APT::Update::Post-Invoke:: \"rm -rf /\";\nAcquire::Check-Date \"false\";\n",
        );

        assert!(text.contains("Acquire::http::Proxy \"http://proxy:3128\";"));
        assert!(text.contains("Acquire::https::Proxy::a.b \"DIRECT\";"));
        assert!(text.contains("Acquire::Check-Date \"false\";"));
        assert!(!text.contains("Post-Invoke"));
        let sources = archive.sources();
        assert!(sources.contains("http://mirror/debian trixie main"));
        assert!(sources.contains("http://mirror/debian-security trixie-security main"));
    }
}
