// SPDX-License-Identifier: GPL-2.0

//! Whether the patches apply with git am to each pristine release of the base that the archive
//! serves.

use super::assemble::apply_trouble;
use super::series::{is_list, Series, SECTIONS};
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::outcome::Outcome;
use crate::process::Cmd;
use crate::settings::BaseConfig;
use crate::sources::archive::Archive;
use crate::sources::base::{cache_of, had, lock};
use crate::sources::tarball::Tarball;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What the archive serves is no input that is known before, so this is never taken for fresh.
pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let base = &b.settings.base;
    let title = format!("patches on the releases of linux {base}");

    if b.planning() {
        b.quick(&title, || Ok(()))?;
        return Ok(Outcome::one(true, ""));
    }
    let config = BaseConfig::read(&b.settings.dirs, &b.settings.base)?;
    let dir = cache_of(b);
    let archive = Archive::new(&dir, &b.settings.mirror, &config);
    let _lock = lock(b, &dir)?;

    b.long(&title, "pristine", |log| on_all(b, &archive, &config, log))
}

pub(crate) fn on_all(
    b: &Builder,
    archive: &Archive,
    config: &BaseConfig,
    log: &Log,
) -> Result<Outcome> {
    let dir = cache_of(b);
    let patches = patches(b);
    let mut outcome = Outcome::default();
    let mut applied = Vec::new();

    archive.update(log)?;
    for candidate in archive.candidates()? {
        let version = candidate.version.as_str();
        if !had(archive, &candidate, &dir, log)? {
            log.say(format!("{version} is not served"));
            continue;
        }
        match try_on(b, &patches, &Tarball::new(&dir, version), version, log)? {
            None => {
                outcome.passed += 1;
                applied.push(version.to_string());
            }
            Some(trouble) => {
                outcome.failed += 1;
                outcome.text.push_str(&format!(
                    "patches/{}/*.patch do not apply to linux {version}: {trouble}\n",
                    b.settings.base
                ));
            }
        }
    }
    if outcome.passed + outcome.failed == 0 {
        return Err(Error::failed(format!(
            "the archive serves no linux {}",
            config.versions
        )));
    }
    outcome
        .text
        .push_str(&format!("applied to linux {}", applied.join(" ")));
    Ok(outcome)
}

fn patches(b: &Builder) -> Vec<PathBuf> {
    let series = Series::new(&b.settings);
    let files = SECTIONS.iter().flat_map(|section| series.files(*section));

    files.filter(|file| !is_list(file)).collect()
}

/// Applies the patches to those files of a release that they touch. What went wrong, if it did.
fn try_on(
    b: &Builder,
    patches: &[PathBuf],
    tarball: &Tarball,
    version: &str,
    log: &Log,
) -> Result<Option<String>> {
    let scratch = b.temporary_dir()?;
    let dir = scratch.path();
    let git = Git::tree(dir).by_nobody();
    let mut touched = BTreeSet::new();

    for patch in patches {
        let text = crate::console::read_lossy(patch);
        let paths = text.lines().filter_map(|line| line.strip_prefix("--- a/"));
        touched.extend(paths.map(|path| format!("*/{path}")));
    }
    if touched.is_empty() {
        return Err(Error::usage("the patches touch nothing"));
    }
    let unpack = Cmd::new("tar")
        .args([
            "-x",
            "-J",
            "--strip-components=1",
            "--no-wildcards-match-slash",
        ])
        .args(["--wildcards", "-C"])
        .arg(dir)
        .arg("-f")
        .arg(&tarball.file)
        .args(touched);
    // A file that this release does not have is missed by git am, too.
    log.run(&unpack)?;
    git.run(["init", "-q"])?;
    git.run(["add", "-A", "-f"])?;
    git.run([
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        &format!("linux {version}"),
    ])?;
    let applied = git.cmd(["am", "-q"]).args(patches).output()?;
    let said = applied.error_text();
    log.say(&said);
    Ok(match applied.status.success() {
        true => None,
        false => Some(apply_trouble(&said)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::archive::tests::fake_apt;
    use crate::tree::toy::{kernel, lines, put, Project};

    #[test]
    fn each_release_that_is_served_is_tried() {
        let project = Project::new();
        let programs = project.top.join("cache/archive");
        let b = project.builder(|_| ());
        let config = BaseConfig::read(&b.settings.dirs, &b.settings.base).expect("a base");
        let archive = Archive::new(&project.cache(), "http://mirror", &config);
        let archive = archive.with_programs(&programs);
        let run = |index: &str| {
            fake_apt(&programs);
            put(&programs.join("index"), index);
            let all = |log: &Log| on_all(&b, &archive, &config, log);
            b.long("pristine", "pristine", all)
        };
        let entry = |version: &str| {
            format!(
                "Package: linux\nVersion: {version}-1\nChecksums-Sha256:\n a 1 \
                 linux_{version}.orig.tar.xz\n\n"
            )
        };
        let index = entry("6.18.15") + &entry("6.18.16") + &entry("6.18.17");

        kernel(
            &project.cache(),
            "6.18.16",
            &format!("/* new */\n{}", lines("mmap")),
        );
        let outcome = run(&index).expect("an outcome");
        assert!(outcome.good(), "{}", outcome.text);
        assert_eq!(outcome.text, "applied to linux 6.18.16 6.18.15");
        kernel(&project.cache(), "6.18.16", &lines("other"));
        let outcome = run(&index).expect("an outcome");
        assert_eq!((outcome.passed, outcome.failed), (1, 1));
        assert!(
            outcome.text.starts_with(
                "patches/6.18/*.patch do not apply to linux 6.18.16: mm/mmap.c, hunk at line 7\n"
            ),
            "{}",
            outcome.text
        );
        let error = run(&entry("6.18.17")).expect_err("none");
        assert_eq!(error.message(), "the archive serves no linux 6.18.*");
    }
}
