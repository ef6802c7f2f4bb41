// SPDX-License-Identifier: GPL-2.0

//! The base: a pristine kernel tree as a bare git repository in the cache, with one commit, tag
//! `base-tree`. It comes from a tarball of Debian's archive, or from the user's KDIR.
//!
//! ```text
//! base-6.18/linux-6.18.15.tar.xz      and .sha256, as in the archive's index
//! base-6.18/linux-6.18.15.git         complete once it has that name
//! ```
//!
//! Which release is used says `workbench/bases/6.18`, so that it changes by a commit and not by
//! what the archive serves today. `make update` takes a newer one, for this checkout only: that is
//! in `build/6.18/version`, with the release that it replaces.

use super::archive::{self, Archive, Candidate};
use super::choice::Choice;
use super::kdir::Files;
use super::tarball::Tarball;
use super::{import, kdir};
use crate::builder::{Builder, Step};
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::lock::Lock;
use crate::settings::{BaseConfig, Kdir};
use crate::stamp::write_whole;
use std::path::{Path, PathBuf};

/// Makes sure that the kernel's sources are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base;

/// Where the sources are.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The folder in the cache that they are in.
    pub(crate) dir: PathBuf,
    version: String,
    repository: PathBuf,
    of_kdir: bool,
}

impl Step for Base {
    type Output = Source;

    fn run(&self, b: &Builder) -> Result<Source> {
        if let Some(kdir) = &b.settings.kdir {
            return from_kdir(b, kdir);
        }
        let config = BaseConfig::read(&b.settings.dirs, &b.settings.base)?;
        let dir = cache_of(b);
        let archive = Archive::new(&dir, &b.settings.mirror, &config);
        from_archive(b, &config, &archive)
    }
}

impl Source {
    fn new(dir: &Path, version: &str) -> Source {
        Source {
            dir: dir.to_owned(),
            version: version.to_string(),
            repository: dir.join(format!("linux-{version}.git")),
            of_kdir: false,
        }
    }

    /// The release, such as `6.18.15`. In a plan it is the one that will be asked for first.
    pub(crate) fn version(&self) -> Result<String> {
        Ok(self.version.clone())
    }

    /// The repository; its tag `base-tree` is the commit with the sources.
    pub(crate) fn repository(&self) -> Result<Git> {
        Ok(Git::bare(&self.repository))
    }

    /// The commit with the sources.
    pub(crate) fn commit(&self) -> Result<String> {
        self.repository()?.id("base-tree")
    }

    /// Where its objects are, for a repository that borrows them. That of a user's tree is kept
    /// while somebody does.
    pub(crate) fn lend_objects(&self, to: &Path) -> Result<PathBuf> {
        if self.of_kdir {
            kdir::note_user(&self.repository, to)?;
        }
        Ok(self.repository.join("objects"))
    }

    fn imported(&self) -> bool {
        self.repository.join("complete").is_file()
    }
}

/// The folder of the base in the cache.
pub(crate) fn cache_of(b: &Builder) -> PathBuf {
    let name = format!("base-{}", b.settings.base);

    b.settings.dirs.cache.join(name)
}

/// The folder of imported trees in the cache.
pub(crate) fn kdir_cache(b: &Builder) -> PathBuf {
    b.settings.dirs.cache.join("kdir")
}

/// Held by whoever changes a folder of the cache.
pub(crate) fn lock(b: &Builder, dir: &Path) -> Result<Lock> {
    Lock::take(&dir.join("lock"), &dir.display().to_string(), &b.console)
}

pub(crate) fn from_archive(b: &Builder, config: &BaseConfig, archive: &Archive) -> Result<Source> {
    let (base, dir, choice) = (&b.settings.base, cache_of(b), Choice::new(b));
    let wanted = choice.version(config);
    let source = Source::new(&dir, &wanted);
    let tarball = Tarball::new(&dir, &wanted);
    // The tarball only by its length, to be quick; whoever reads it checks its hash.
    let ready = || source.imported() && tarball.has_length();

    if !b.settings.update && ready() {
        return Ok(source);
    }
    if b.planning() {
        let ask = if b.settings.update {
            ", or a newer one"
        } else {
            ""
        };
        b.quick(&format!("linux {wanted}{ask}: fetch, import"), || Ok(()))?;
        return Ok(source);
    }
    let _lock = lock(b, &dir)?;
    // Somebody else may just have done it.
    if !b.settings.update && ready() {
        return Ok(source);
    }
    if source.imported() && !tarball.has_length() {
        b.console.say(format!(
            "{} in the cache is damaged: fetching it again",
            tarball.name()
        ));
    }
    tidy(&dir);
    let version = match !b.settings.update && tarball.is_sound()? {
        true => wanted,
        false => {
            archive::require_tools(base)?;
            b.long(&format!("fetching linux {base}"), "base", |log| {
                fetch(b, config, archive, &wanted, log)
            })?
        }
    };
    let source = Source::new(&dir, &version);
    if !source.imported() {
        let file = Tarball::new(&dir, &version).file;
        let message = format!("linux {version}");
        make(b, &source, |git, log| {
            import::tarball(git, &message, &file, log)
        })?;
    }
    choice.write(&version, config)?;
    if version != config.release {
        let why = match b.settings.update {
            true => "is newer than",
            false => "is there instead of",
        };
        b.console.say(format!(
            "linux {version} {why} {}, for this checkout; for all: release in workbench/bases/{base}",
            config.release
        ));
    }
    Ok(source)
}

/// Fetches the wanted release, or the newest one that can really be had.
fn fetch(
    b: &Builder,
    config: &BaseConfig,
    archive: &Archive,
    wanted: &str,
    log: &Log,
) -> Result<String> {
    let dir = cache_of(b);
    let mut tried = Vec::new();

    archive.update(log)?;
    let mut candidates = archive.candidates()?;
    if !b.settings.update {
        candidates.sort_by_key(|candidate| candidate.version != wanted);
    }
    for candidate in &candidates {
        if had(archive, candidate, &dir, log)? {
            return Ok(candidate.version.clone());
        }
        tried.push(candidate.version.as_str());
    }
    let tried = match tried.is_empty() {
        true => "none is in its index".into(),
        false => tried.join(" "),
    };
    log.say(format!(
        "advice: no linux {} can be had from {}; tried: {tried}",
        config.versions, b.settings.mirror
    ));
    Err(Error::failed("exit 1"))
}

/// Whether the tarball of a release is in the cache, or could be fetched.
pub(crate) fn had(archive: &Archive, candidate: &Candidate, dir: &Path, log: &Log) -> Result<bool> {
    let tarball = Tarball::new(dir, &candidate.version);

    if tarball.is_sound()? || archive.fetch(candidate, &tarball, log)? {
        return Ok(true);
    }
    tarball.remove();
    Ok(false)
}

/// Makes the repository aside; it has its name once it is complete.
fn make(
    b: &Builder,
    source: &Source,
    import: impl FnOnce(&Path, &Log) -> Result<Git>,
) -> Result<()> {
    let dir = &source.dir;
    let temporary = tempfile::Builder::new()
        .prefix(".tmp.")
        .tempdir_in(dir)
        .or_say(|| format!("cannot make a folder in {}", dir.display()))?;
    let git = temporary.path().join("git");
    let from = match &b.settings.kdir {
        Some(kdir) => kdir.path.display().to_string(),
        None => String::new(),
    };
    let of = if from.is_empty() { "" } else { " from " };
    let title = format!("importing linux {}{of}{from}", source.version);

    b.long(&title, "import", |log| {
        import(&git, log)?;
        write_whole(&git.join("complete"), format!("{from}\n").as_bytes())
    })?;
    if source.repository.exists() {
        std::fs::remove_dir_all(&source.repository)
            .or_say(|| format!("cannot remove {}", source.repository.display()))?;
    }
    std::fs::rename(&git, &source.repository)
        .or_say(|| format!("cannot write {}", source.repository.display()))
}

/// Removes what a run that was killed has left. The caller has the lock.
fn tidy(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(".tmp.") {
            // It is in nobody's way.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn from_kdir(b: &Builder, kdir: &Kdir) -> Result<Source> {
    let dir = kdir_cache(b);
    let files = Files::of(kdir)?;
    let source = Source {
        repository: dir.join(format!("{}.git", files.key())),
        version: kdir.version.clone(),
        dir: dir.clone(),
        of_kdir: true,
    };

    if source.imported() {
        return Ok(source);
    }
    if b.planning() {
        let title = format!(
            "linux {} from {}: import",
            kdir.version,
            kdir.path.display()
        );
        b.quick(&title, || Ok(()))?;
        return Ok(source);
    }
    let _lock = lock(b, &dir)?;
    if !source.imported() {
        tidy(&dir);
        let message = format!("linux {}", kdir.version);
        make(b, &source, |git, log| files.import(git, &message, log))?;
    }
    Ok(source)
}
