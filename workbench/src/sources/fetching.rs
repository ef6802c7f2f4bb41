// SPDX-License-Identifier: GPL-2.0

//! Tests of what can go wrong with what is fetched: no network, a tarball cut short or spoilt in
//! the cache, releases that are not served.

use super::archive::{tests::fake_apt, Archive};
use super::base::{cache_of, from_archive, Base};
use crate::cli::{Args, Target};
use crate::error::Error;
use crate::settings::BaseConfig;
use crate::tree::toy::{edit, kernel, lines, put, Project};
use std::path::PathBuf;

/// An archive in a folder, with the releases that are given.
fn serve(project: &Project, versions: &[&str]) -> PathBuf {
    let dir = project.top.join("cache/archive");
    let mut index = String::new();

    fake_apt(&dir);
    for version in versions {
        let tarball = kernel(&dir, version, &lines("mmap"));
        let sums = std::fs::read_to_string(dir.join(format!("{}.sha256", tarball.name())));
        let sums = sums.expect("sums");
        let words: Vec<&str> = sums.split_whitespace().collect();
        let file = format!("linux_{version}.orig.tar.xz");
        std::fs::rename(&tarball.file, dir.join(&file)).expect("a file");
        index += &format!(
            "Package: linux\nVersion: {version}-1\nChecksums-Sha256:\n {} {} {file}\n\n",
            words[0], words[2]
        );
    }
    put(&dir.join("index"), &index);
    dir
}

fn fetch_with(
    project: &Project,
    change: impl FnOnce(&mut Args),
) -> (std::result::Result<String, Error>, String) {
    let b = project.builder(change);
    let config = BaseConfig::read(&b.settings.dirs, &b.settings.base).expect("a base");
    let archive = Archive::new(&cache_of(&b), &b.settings.mirror, &config)
        .with_programs(&project.top.join("cache/archive"));
    let result = from_archive(&b, &config, &archive);

    (result.and_then(|source| source.version()), b.console.kept())
}

fn fetched(project: &Project) -> String {
    fetch_with(project, |_| ()).0.expect("a base")
}

fn updated(project: &Project) -> (String, String) {
    let (version, said) = fetch_with(project, |args| args.target = Some(Target::Update));
    (version.expect("a base"), said)
}

fn nothing_looks_complete(project: &Project) -> bool {
    let names = std::fs::read_dir(project.cache())
        .expect("a folder")
        .flatten();
    let names: Vec<String> = names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    !names
        .iter()
        .any(|name| name.starts_with(".tmp.") || name.ends_with(".git"))
}

fn empty() -> Project {
    let project = Project::empty();
    std::fs::remove_dir_all(project.cache()).expect("a folder");
    project
}

#[test]
fn a_sound_tarball_needs_no_network() {
    let project = Project::empty();
    fake_apt(&project.top.join("cache/archive"));

    assert_eq!(fetched(&project), "6.18.15");
    assert_eq!(fetched(&project), "6.18.15");
    assert!(!project.top.join("cache/archive/called").exists());
    // What a run that was killed has left goes with the next import.
    put(&project.cache().join(".tmp.abc/git/HEAD"), "");
    std::fs::remove_dir_all(project.cache().join("linux-6.18.15.git")).expect("a folder");
    assert_eq!(fetched(&project), "6.18.15");
    assert!(!project.cache().join(".tmp.abc").exists());
}

#[test]
fn without_network_nothing_looks_complete() {
    let project = empty();
    fake_apt(&project.top.join("cache/archive"));
    let error = fetch_with(&project, |args| args.mirror = Some("http://nowhere".into()));

    assert_eq!(
        error.0.expect_err("no network").message(),
        "fetching linux 6.18 failed (exit 100): no answer from http://nowhere: check the \
         network, or set MIRROR; log: build/6.18/logs/base.log"
    );
    assert!(nothing_looks_complete(&project));
}

#[test]
fn a_damaged_tarball_is_fetched_again() {
    let project = Project::empty();
    let file = project.cache().join("linux-6.18.15.tar.xz");
    serve(&project, &["6.18.15"]);
    assert_eq!(fetched(&project), "6.18.15");

    // Cut short, although it was imported long ago...
    let whole = std::fs::read(&file).expect("a file");
    std::fs::write(&file, &whole[..100]).expect("a file");
    let (version, said) = fetch_with(&project, |_| ());
    assert_eq!(version.expect("a base"), "6.18.15");
    assert!(said.contains("linux-6.18.15.tar.xz in the cache is damaged: fetching it again\n"));
    assert_eq!(std::fs::read(&file).expect("a file"), whole);
    // ... and of the right length with a wrong byte when it is to be imported.
    let mut spoilt = whole.clone();
    spoilt[50] ^= 1;
    std::fs::write(&file, &spoilt).expect("a file");
    std::fs::remove_dir_all(project.cache().join("linux-6.18.15.git")).expect("a folder");
    assert_eq!(fetched(&project), "6.18.15");
    assert_eq!(std::fs::read(&file).expect("a file"), whole);
}

#[test]
fn the_release_is_the_one_that_is_named() {
    let project = empty();
    serve(&project, &["6.18.9", "6.18.15", "6.18.16"]);
    assert_eq!(fetched(&project), "6.18.15");

    // A newer one is for this checkout, until another is named.
    let (version, said) = updated(&project);
    assert_eq!(version, "6.18.16");
    assert!(
        said.ends_with(
            "linux 6.18.16 is newer than 6.18.15, for this checkout; for all: release in \
             workbench/bases/6.18\n"
        ),
        "{said}"
    );
    assert_eq!(fetched(&project), "6.18.16");
    std::fs::remove_dir_all(project.top.join("build")).expect("a folder");
    assert_eq!(fetched(&project), "6.18.15");
    updated(&project);
    edit(
        &project.top.join("workbench/bases/6.18"),
        "6.18.15",
        "6.18.9",
    );
    assert_eq!(fetched(&project), "6.18.9");
    edit(
        &project.top.join("workbench/bases/6.18"),
        "6.18.9",
        "6.18.16",
    );
    assert_eq!(updated(&project).0, "6.18.16");
    assert!(!project.top.join("build/6.18/version").exists());
}

#[test]
fn what_is_not_served_is_replaced_by_the_newest() {
    let project = empty();
    let archive = serve(&project, &["6.18.9", "6.18.12", "6.18.15"]);
    std::fs::remove_file(archive.join("linux_6.18.15.orig.tar.xz")).expect("a file");
    // It is there, but not what the index says.
    put(&archive.join("linux_6.18.12.orig.tar.xz"), "odd");

    let (version, said) = fetch_with(&project, |_| ());
    assert_eq!(version.expect("a base"), "6.18.9");
    assert!(said.contains("linux 6.18.9 is there instead of 6.18.15, for this checkout"));
    let log = project.top.join("build/6.18/logs/base.log");
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(
        log.contains("linux=6.18.12-1: the tarball is not the one of the index"),
        "{log}"
    );

    std::fs::remove_dir_all(project.cache()).expect("a folder");
    std::fs::remove_file(archive.join("linux_6.18.9.orig.tar.xz")).expect("a file");
    let error = fetch_with(&project, |_| ()).0.expect_err("none is served");
    assert_eq!(
        error.message(),
        "fetching linux 6.18 failed (exit 1): no linux 6.18.* can be had from \
         http://deb.debian.org/debian; tried: 6.18.9 6.18.15 6.18.12; log: \
         build/6.18/logs/base.log"
    );
    assert!(nothing_looks_complete(&project));
    put(&archive.join("index"), "");
    let error = fetch_with(&project, |_| ()).0.expect_err("none is served");
    assert!(error.message().contains("tried: none is in its index"));
}

#[test]
fn a_plan_names_what_is_missing() {
    let project = empty();
    let b = project.builder(|args| args.dry_run = Some("1".into()));

    let source = b.ensure(Base).expect("a plan");
    assert_eq!(source.version().ok().as_deref(), Some("6.18.15"));
    assert_eq!(b.plan(), "linux 6.18.15: fetch, import\n");
    assert!(!project.cache().exists());
}
