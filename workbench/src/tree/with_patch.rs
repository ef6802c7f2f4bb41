// SPDX-License-Identifier: GPL-2.0

//! The series with something changed: a patch that breaks it or measures it, or another commit.

use super::assemble::apply_trouble;
use super::branches::{Branch, Branches, Repository};
use super::checkout::Checkout;
use super::run_tree::{check_out, SOURCES};
use crate::builder::{Builder, Step};
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::process::Cmd;
use std::path::{Path, PathBuf};

/// The tree of branch `fixed` with patches applied, and a file added, if one is given with its path
/// there. In a plan it has no name yet.
pub(crate) fn tree_with(
    b: &Builder,
    repository: &Repository,
    patches: &[&Path],
    added: Option<(&Path, &str)>,
) -> Result<String> {
    if b.planning() {
        return Ok(String::new());
    }
    let scratch = b.temporary_dir()?;
    let git = branch_in(scratch.path(), repository, Branch::Fixed)?;

    for patch in patches {
        apply(b, repository, &git, patch)?;
    }
    if let Some((file, path)) = added {
        let store = git.cmd(["hash-object", "-w", "--no-filters", "--"]);
        put(&git, path, &store.arg(file))?;
    }
    git.read(["write-tree"])
}

/// The tree of branch `fixed` with some files, each a path and its text, in place of what they
/// were.
pub(crate) fn tree_with_texts(
    b: &Builder,
    repository: &Repository,
    texts: Vec<(&str, String)>,
) -> Result<String> {
    let scratch = b.temporary_dir()?;
    let git = branch_in(scratch.path(), repository, Branch::Fixed)?;

    for (path, text) in texts {
        let store = git.cmd(["hash-object", "-w", "--stdin"]).input(text);
        put(&git, path, &store)?;
    }
    git.read(["write-tree"])
}

/// The tree of a branch with a patch applied. In a plan it has no name yet.
pub(crate) fn branch_with(
    b: &Builder,
    repository: &Repository,
    branch: Branch,
    patch: &Path,
) -> Result<String> {
    if b.planning() {
        return Ok(String::new());
    }
    let scratch = b.temporary_dir()?;
    let git = branch_in(scratch.path(), repository, branch)?;

    apply(b, repository, &git, patch)?;
    git.read(["write-tree"])
}

/// A branch in an index of its own, in a folder.
fn branch_in(dir: &Path, repository: &Repository, branch: Branch) -> Result<Git> {
    let git = repository.git().index(dir.join("index"));

    git.run(["read-tree", branch.name()])?;
    Ok(git)
}

/// Stores a file, and has the index name it.
fn put(git: &Git, path: &str, store: &Cmd) -> Result<()> {
    let entry = format!("100644,{},{path}", store.read()?);

    git.run(["update-index", "--add", "--cacheinfo", &entry])
}

/// Applies a patch to an index of the series.
fn apply(b: &Builder, repository: &Repository, git: &Git, patch: &Path) -> Result<()> {
    let shown = b.settings.shown(patch);
    let text = std::fs::read(patch).or_say(|| format!("cannot read {shown}"))?;
    let apply = git.cmd(["apply", "--cached", "--whitespace=nowarn", "-"]);
    let applied = apply.input(text).output()?;

    match applied.status.success() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "{shown} does not apply to the series for linux {}: {}; make it anew, nothing was \
             built",
            repository.source.version()?,
            apply_trouble(&applied.error_text())
        ))),
    }
}

/// Those files of branch `fixed` that some patches change: enough to see whether they apply, and
/// read in no time.
pub(crate) struct PatchedFiles<'a> {
    b: &'a Builder,
    repository: &'a Repository,
    scratch: tempfile::TempDir,
}

impl<'a> PatchedFiles<'a> {
    pub(crate) fn new(
        b: &'a Builder,
        repository: &'a Repository,
        patches: &[PathBuf],
    ) -> Result<PatchedFiles<'a>> {
        let scratch = b.temporary_dir()?;
        let files = PatchedFiles {
            b,
            repository,
            scratch,
        };
        let git = repository.git();
        let changed = git.cmd(["apply", "--numstat", "--"]).args(patches).read()?;
        // Lines added, lines removed, and the file.
        let paths = changed.lines().filter_map(|line| line.split('\t').nth(2));
        let entries = git.cmd(["ls-tree", "-r", "fixed", "--"]).args(paths);
        let index = git.index(files.index("all"));

        index
            .cmd(["update-index", "--index-info"])
            .input(entries.read()? + "\n")
            .checked()?;
        Ok(files)
    }

    /// The name of their tree with a patch applied, if one is given.
    pub(crate) fn tree(&self, patch: Option<&Path>) -> Result<String> {
        let index = self.index("one");
        let git = self.repository.git().index(&index);

        std::fs::copy(self.index("all"), &index).or_say(|| "cannot copy an index")?;
        if let Some(patch) = patch {
            apply(self.b, self.repository, &git, patch)?;
        }
        git.read(["write-tree"])
    }

    fn index(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }
}

/// A tree or commit of the repository as files, in `build/BASE/NAME/run`. Unchanged files stay as
/// they are, so that little is built again; edits are undone.
#[derive(Clone, Debug)]
pub(crate) struct ChangedTree {
    pub(crate) name: String,
    /// As git names it.
    pub(crate) tree: String,
    /// The repository that it is in.
    pub(crate) repository: PathBuf,
}

impl ChangedTree {
    pub(crate) fn new(repository: &Repository, name: &str, tree: &str) -> ChangedTree {
        ChangedTree {
            name: name.to_string(),
            tree: tree.to_string(),
            repository: repository.dir.clone(),
        }
    }
}

impl Step for ChangedTree {
    type Output = PathBuf;

    fn run(&self, b: &Builder) -> Result<PathBuf> {
        let work = b.settings.base_build().join(&self.name);
        let dir = work.join(SOURCES);
        let git = Git::bare(&self.repository);
        let checkout = Checkout {
            repository: &git,
            dir: &dir,
            index: &work.join("index"),
            without: &[],
        };

        let title = format!("source tree, {}", self.name);
        let log = format!("checkout-{}", self.name);
        checkout.ensure(b, &title, &log, || {
            git.id(&format!("{}^{{tree}}", self.tree))
        })?;
        Ok(dir)
    }

    /// Another tree may take its place.
    fn lasts(&self) -> bool {
        false
    }
}

/// The folder that kernels are built from, as a branch with a patch on top.
#[derive(Clone, Debug)]
pub(crate) struct PatchedRunTree {
    pub(crate) branch: Branch,
    pub(crate) patch: PathBuf,
    /// What the patch is called.
    pub(crate) name: &'static str,
}

impl Step for PatchedRunTree {
    type Output = PathBuf;

    fn run(&self, b: &Builder) -> Result<PathBuf> {
        let repository = b.ensure(Branches)?;
        let name = format!("{}, {}", self.branch.name(), self.name);

        check_out(b, &repository, &name, || {
            branch_with(b, &repository, self.branch, &self.patch)
        })
    }

    /// The branches have the same folder.
    fn lasts(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::toy::{put as put_file, Project};

    #[test]
    fn a_patch_and_a_file_make_another_tree() {
        let project = Project::new();
        let b = project.builder(|_| ());
        let repository = b.ensure(Branches).expect("branches");
        let patch = project.top.join("workbench/breakages/6.18/01-x.patch");
        let text = "What is broken.\n---\ndiff --git a/mm/vma.c b/mm/vma.c\n--- a/mm/vma.c\n\
                    +++ b/mm/vma.c\n@@ -2,3 +2,3 @@\n int vma_2;\n-int vma_3; /* destroy */\n\
                    +int vma_3;\n int vma_4;\n";
        put_file(&patch, text);
        let file = project.top.join("extra.c");
        put_file(&file, "extra\n");
        let patches = [patch.clone()];
        let files = PatchedFiles::new(&b, &repository, &patches).expect("files");
        let without = files.tree(None).expect("a tree");
        assert_ne!(Some(&without), files.tree(Some(&patch)).ok().as_ref());
        assert_eq!(Some(&without), files.tree(None).ok().as_ref());

        let broken = tree_with(&b, &repository, &[&patch], None).expect("a tree");
        assert_ne!(Some(&broken), repository.tree(Branch::Fixed).ok().as_ref());
        let same = tree_with(&b, &repository, &[], None).expect("a tree");
        assert_eq!(Some(&same), repository.tree(Branch::Fixed).ok().as_ref());
        let extra = Some((file.as_path(), "mm/extra.c"));
        let texts = vec![("mm/extra.c", "extra\n".to_string())];
        let text_added = tree_with_texts(&b, &repository, texts).expect("a tree");
        let file_added = Some((file.as_path(), "mm/extra.c"));
        let added = tree_with(&b, &repository, &[], file_added).expect("a tree");
        assert_eq!(text_added, added);
        let more = tree_with(&b, &repository, &[&patch], extra).expect("a tree");
        let dir = b
            .ensure(ChangedTree::new(&repository, "changed", &more))
            .expect("a folder");
        assert_eq!(dir, project.top.join("build/6.18/changed/run"));
        assert!(dir.join("mm/extra.c").is_file());
        b.ensure(ChangedTree::new(&repository, "changed", &broken))
            .expect("a folder");
        assert!(!dir.join("mm/extra.c").exists());

        let patched = PatchedRunTree {
            branch: Branch::Fixed,
            patch: patch.clone(),
            name: "x",
        };
        let run = b.ensure(patched).expect("a folder").join("mm/vma.c");
        let text_of_run = std::fs::read_to_string(run).expect("a file");
        assert!(!text_of_run.contains("destroy"));

        put_file(&patch, &text.replace(" int vma_2", " int vma_x"));
        let error = tree_with(&b, &repository, &[&patch], None).expect_err("no");
        assert_eq!(
            error.message(),
            "workbench/breakages/6.18/01-x.patch does not apply to the series for linux 6.18.15: \
             mm/vma.c, hunk at line 2; make it anew, nothing was built"
        );
        let again = files.tree(Some(&patch)).expect_err("no");
        assert_eq!(again.message(), error.message());
    }
}
