// SPDX-License-Identifier: GPL-2.0

//! The tree the suites are built from, `build/BASE/run`. Only files that differ are written, so
//! that a build after it does no more than it has to; edits in it are undone.

use super::branches::{Branch, Branches, Repository};
use super::checkout::Checkout;
use crate::builder::{Builder, Step};
use crate::error::Result;
use std::path::PathBuf;

/// The folder of the sources, beside those of the objects, of each tree that is built. ccache
/// compares paths from one to the other, so what one tree has compiled serves the others.
pub(crate) const SOURCES: &str = "run";

/// What no kernel has that is built here, half of all files. Kconfig and Makefile stay.
const WITHOUT: [&str; 23] = [
    "/arch/a*[!4]/**/*.[chS]",
    "/arch/[c-o]*/**/*.[chS]",
    "/arch/parisc/**/*.[chS]",
    "/arch/[r-t]*/**/*.[chS]",
    "/arch/xtensa/**/*.[chS]",
    "/arch/**/*.dts",
    "/arch/**/*.dtsi",
    "/arch/**/*.dtso",
    "/drivers/gpu/drm/amd/**/*.[ch]",
    "/drivers/gpu/drm/i915/**/*.[ch]",
    "/drivers/gpu/drm/nouveau/**/*.[ch]",
    "/drivers/gpu/drm/radeon/**/*.[ch]",
    "/drivers/gpu/drm/xe/**/*.[ch]",
    "/drivers/infiniband/**/*.[ch]",
    "/drivers/media/**/*.[ch]",
    "/drivers/net/ethernet/**/*.[ch]",
    "/drivers/net/wireless/**/*.[ch]",
    "/drivers/scsi/*/**/*.[ch]",
    "/drivers/staging/**/*.[ch]",
    "/sound/pci/**/*.[ch]",
    "/sound/soc/*/**/*.[ch]",
    "/tools/perf/**/*.[ch]",
    "/tools/perf/**/*.json",
];

#[derive(Clone, Copy, Debug)]
pub(crate) struct RunTree {
    pub(crate) branch: Branch,
}

impl Step for RunTree {
    type Output = PathBuf;

    fn run(&self, b: &Builder) -> Result<PathBuf> {
        let repository = b.ensure(Branches)?;

        check_out(b, &repository, self.branch.name(), || {
            repository.tree(self.branch)
        })
    }

    /// The other branch has the same folder.
    fn lasts(&self) -> bool {
        false
    }
}

/// Makes the folder what a tree is.
pub(super) fn check_out(
    b: &Builder,
    repository: &Repository,
    name: &str,
    tree: impl FnOnce() -> Result<String>,
) -> Result<PathBuf> {
    let dir = b.settings.base_build().join(SOURCES);
    let checkout = Checkout {
        repository: &repository.git(),
        dir: &dir,
        index: &b.settings.base_build().join("run.index"),
        without: &WITHOUT,
    };

    checkout.ensure(b, &format!("source tree, {name}"), "checkout", tree)?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::toy::{edit, put, Project};
    use std::os::unix::fs::MetadataExt;

    fn checked_out(project: &Project, branch: Branch) -> String {
        let make = |b: &Builder| b.ensure(RunTree { branch }).map(drop);

        project.run(make).expect("a tree")
    }

    #[test]
    fn the_folder_is_what_the_branch_is() {
        let project = Project::new();
        let run = project.top.join("build/6.18/run");
        let text = |path: &str| std::fs::read_to_string(run.join(path)).unwrap_or_default();
        let inode = |path: &str| std::fs::metadata(run.join(path)).expect("a file").ino();

        let said = checked_out(&project, Branch::Fixed);
        assert!(said.contains("source tree, fixed: "));
        assert!(text("mm/vma.c").contains("destroy") && text("lib/kunit/fault.c").contains("toy"));
        // What other machines have is left out, but for what Kconfig reads.
        let there = |path: &str| run.join(path).exists();
        assert!(there("arch/um/kernel/mem.c") && there("arch/arm/Kconfig"));
        assert!(!there("arch/arm/mm/mmap.c"));
        // Nothing is written that is the same.
        let (same, other) = (inode("mm/mmap.c"), inode("mm/vma.c"));
        assert_eq!(checked_out(&project, Branch::Fixed), "");
        checked_out(&project, Branch::Unfixed);
        assert!(!text("mm/vma.c").contains("destroy"));
        assert_eq!(inode("lib/Makefile"), inode("lib/Makefile"));
        assert_ne!(inode("mm/vma.c"), other);
        assert_ne!(inode("mm/mmap.c"), same);
    }

    #[test]
    fn edits_are_undone_and_named() {
        let project = Project::new();
        let run = project.top.join("build/6.18/run");
        checked_out(&project, Branch::Fixed);
        edit(&run.join("mm/vma.c"), "destroy", "d3stroy");
        put(&run.join("mm/new.c"), "");
        put(&run.join("mm/left.o"), "");

        let said = checked_out(&project, Branch::Fixed);
        assert!(
            said.starts_with(
                "build/6.18/run is only for builds: undoing the edit of mm/vma.c and 1 more; to \
                 edit: make tree\n"
            ),
            "{said}"
        );
        let text = std::fs::read_to_string(run.join("mm/vma.c")).expect("a file");
        assert!(text.contains("destroy"));
        assert!(!run.join("mm/new.c").exists() && !run.join("mm/left.o").exists());
        // What programs leave is removed without a word.
        put(&run.join("mm/left.o"), "");
        std::fs::remove_file(project.top.join("build/6.18/run.index.lock")).ok();
        assert_eq!(checked_out(&project, Branch::Fixed), "");
        assert!(!run.join("mm/left.o").exists());
        // So are traces of a run that was killed.
        put(&project.top.join("build/6.18/run.index.lock"), "");
        std::fs::remove_file(run.join("mm/vma.c")).expect("a file");
        checked_out(&project, Branch::Fixed);
        assert!(run.join("mm/vma.c").exists());
    }

    #[test]
    fn one_run_may_have_one_branch_after_the_other() {
        let project = Project::new();
        let b = project.builder(|_| ());
        let vma = project.top.join("build/6.18/run/mm/vma.c");

        for (branch, fixed) in [
            (Branch::Fixed, true),
            (Branch::Unfixed, false),
            (Branch::Fixed, true),
        ] {
            b.ensure(RunTree { branch }).expect("a tree");
            let text = std::fs::read_to_string(&vma).expect("a file");
            assert_eq!(text.contains("destroy"), fixed);
        }
    }
}
