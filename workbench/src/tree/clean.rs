// SPDX-License-Identifier: GPL-2.0

//! `make clean`: removes what was built, and what runs that were killed have left. The cache stays
//! but for imports of trees that nobody uses any more, and so does a tree with edits that patches/
//! does not have.

use super::edit::EditTree;
use crate::builder::Builder;
use crate::error::{Context, Result};
use crate::sources::{base, kdir};
use std::path::{Path, PathBuf};

pub(crate) fn run(b: &Builder) -> Result<()> {
    let build = &b.settings.dirs.build;

    for path in entries(build) {
        // It is held while this runs.
        if path.file_name().is_some_and(|name| name == "lock") {
            continue;
        }
        let tree = EditTree::new(&path);
        let reason = match tree.is_there() && !b.settings.force {
            // One that git cannot read may still be worth something.
            true => tree
                .worth_keeping()
                .unwrap_or(Some("cannot be read by git")),
            false => None,
        };
        let Some(reason) = reason else {
            remove(b, &path)?;
            continue;
        };
        if !b.planning() {
            b.console
                .say(format!("kept: {} {reason}", b.settings.shown(&tree.dir)));
        }
        for path in entries(&path) {
            if path != tree.dir {
                remove(b, &path)?;
            }
        }
    }
    let cache = base::kdir_cache(b);
    if cache.is_dir() && !b.planning() {
        let _lock = base::lock(b, &cache)?;
        for path in kdir::unused(&cache) {
            remove(b, &path)?;
        }
    }
    Ok(())
}

/// Removes what a run that was killed has left in this base's folder. Nobody else is at work in
/// it: the caller holds the lock.
pub(crate) fn tidy(b: &Builder) -> Result<()> {
    for path in entries(&b.settings.base_build()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(".tmp.") {
            remove(b, &path)?;
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.path()).collect();

    paths.sort();
    paths
}

fn remove(b: &Builder, path: &Path) -> Result<()> {
    let shown = b.settings.shown(path);

    b.quick(&format!("remove {shown}"), || {
        let removed = match path.is_dir() && !path.is_symlink() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
        removed.or_say(|| format!("cannot remove {shown}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use crate::tree::branches::Branches;
    use crate::tree::toy::{put, Project};

    #[test]
    fn what_was_built_goes_and_edits_stay() {
        let project = Project::new();
        let build = project.top.join("build");
        let edited = |args: &mut Args| args.force = Some("1".into());
        put(&build.join("lock"), "");
        put(&build.join(".tmp.abc/file"), "");
        put(&build.join("6.18/.tmp.abc/file"), "");

        for (reason, arguments) in [
            (
                "has commits that are not in patches/ yet",
                &["commit", "-qm", "x"][..],
            ),
            ("has stashed edits", &["stash", "-q"]),
        ] {
            project.git(&["reset", "-q", "--hard", "refs/workbench/written"]);
            project.write("mm/x.c", reason);
            project.git(&["add", "-A"]);
            let said = project.run(run).expect("clean");
            assert_eq!(said, "kept: build/6.18/linux has uncommitted edits\n");
            project.git(arguments);
            let said = project.run(run).expect("clean");
            assert_eq!(said, format!("kept: build/6.18/linux {reason}\n"));
        }
        let left: Vec<_> = entries(&build.join("6.18"));
        assert_eq!(left, [build.join("6.18/linux")]);
        assert!(!build.join(".tmp.abc").exists() && build.join("lock").exists());
        project.git(&["stash", "drop", "-q"]);
        project.git(&["branch", "idea"]);
        assert_eq!(project.run(run).expect("clean"), "");
        assert_eq!(entries(&build), [build.join("lock")]);

        project.run(crate::tree::make_tree::run).expect("a tree");
        project.write("mm/x.c", "");
        assert_eq!(project.run_with(edited, run).expect("clean"), "");
        assert_eq!(entries(&build), [build.join("lock")]);
        assert!(project.cache().join("linux-6.18.15.git").exists());
    }

    #[test]
    fn an_imported_tree_stays_while_somebody_borrows_it() {
        let project = Project::new();
        let tree = tempfile::tempdir().expect("a folder");
        for (path, text) in [
            ("Makefile", "VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 20\n"),
            ("Kbuild", ""),
            ("mm/mmap.c", &crate::tree::toy::lines("mmap")),
            ("mm/vma.c", &crate::tree::toy::lines("vma")),
            ("lib/Makefile", &crate::tree::toy::lines("lib")),
            ("tools/testing/kunit/kunit.py", ""),
        ] {
            put(&tree.path().join(path), text);
        }
        let kdir = |args: &mut Args| args.kdir = Some(tree.path().display().to_string());
        let b = project.builder(kdir);
        let repository = b.ensure(Branches).expect("branches");
        assert_eq!(repository.source.version().ok().as_deref(), Some("6.18.20"));
        let imported = entries(&repository.source.dir);
        assert_eq!(imported.len(), 2, "{imported:?}");

        tidy(&b).expect("tidy");
        assert_eq!(kdir::unused(&repository.source.dir), Vec::<PathBuf>::new());
        project.run(run).expect("clean");
        let left = entries(&repository.source.dir);
        assert_eq!(left, [repository.source.dir.join("lock")]);
    }
}
