// SPDX-License-Identifier: GPL-2.0

//! Makes the mutants of a base: has clang parse its files as the kernel compiles them, and leaves
//! those that do not compile, or compile to the same code.

use super::ast;
use super::mutant::{Function, Mutant};
use super::object;
use super::program::{refused, with_copies, with_lines};
use crate::build::kbuild::Work;
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Result};
use crate::process::{Cmd, Output};
use crate::run::kernel;
use crate::run::kunit_py::Kunit;
use crate::settings::Arch;
use crate::stamp::write_whole;
use crate::toolchain::Toolbox;
use crate::tree::branches::Repository;
use std::collections::BTreeSet;

/// What is changed, and in which files: not each base has each function in the same one.
pub(super) const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("kernel/fork.c", &["dup_mmap"]),
    (
        "mm/mmap.c",
        &["tear_down_vmas", "undo_dup_mmap", "exit_mmap", "dup_mmap"],
    ),
    ("mm/memory.c", &["free_pgtables", "unmap_vmas"]),
    ("mm/vma.c", &["unmap_region"]),
];

/// Where the recovery of dup_mmap() is not a function of its own, there is none of this name.
const OPTIONAL: &str = "undo_dup_mmap";

/// Whether a file defines a function.
fn defines(text: &str, name: &str) -> bool {
    let call = format!("{name}(");
    let word = |c: char| c.is_alphanumeric() || c == '_';

    text.match_indices(&call).any(|(at, _)| {
        let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
        let rest = &text[at..];
        let end = rest.find(['{', ';']).unwrap_or(rest.len());
        // A definition begins in the first column.
        text[line..].starts_with(word)
            && !text[..at].ends_with(word)
            && rest[end..].starts_with('{')
    })
}

/// A file and its functions.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: String,
    pub(super) functions: Vec<Function>,
}

/// All mutants of a base, by what compilers make of them.
#[derive(Default)]
pub(super) struct Generated {
    pub(super) files: Vec<File>,
    /// Numbers of those that do not compile.
    pub(super) refused: BTreeSet<usize>,
    /// Numbers of those whose code is the same.
    pub(super) same: BTreeSet<usize>,
}

impl File {
    /// The file with copies for those mutants that `wanted` lets through.
    pub(super) fn copied(&self, wanted: impl Fn(&Mutant) -> bool) -> String {
        let functions: Vec<(&Function, Vec<&Mutant>)> = self
            .functions
            .iter()
            .map(|one| (one, one.mutants.iter().filter(|m| wanted(m)).collect()))
            .collect();

        with_copies(&self.text, &functions)
    }
}

impl Generated {
    /// All of them, with their file and function.
    pub(super) fn all(&self) -> impl Iterator<Item = (&File, &Function, &Mutant)> {
        self.files.iter().flat_map(|file| {
            file.functions
                .iter()
                .flat_map(move |one| one.mutants.iter().map(move |mutant| (file, one, mutant)))
        })
    }

    /// Whether it can be told from what it was made of.
    pub(super) fn is_viable(&self, mutant: &Mutant) -> bool {
        !self.refused.contains(&mutant.number) && !self.same.contains(&mutant.number)
    }
}

/// The kernel that the files are compiled for.
pub(super) struct Compiler<'a> {
    pub(super) b: &'a Builder,
    pub(super) work: Work,
    pub(super) kunit: Kunit,
    pub(super) toolbox: Toolbox,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(
        b: &'a Builder,
        repository: &Repository,
        toolbox: &Toolbox,
        arch: Arch,
    ) -> Compiler<'a> {
        // One for this, make breakages and make coverage: there is little to build for the others.
        let work = Work::new(&b.settings, "changed", repository, toolbox);

        Compiler {
            b,
            kunit: work.kunit(arch),
            work,
            toolbox: toolbox.clone(),
        }
    }

    /// Configures a tree, and compiles the files once, for the commands that compile them.
    fn prepare(&self, repository: &Repository, log: &Log) -> Result<()> {
        self.work.check_out("fixed", log)?;
        kernel::configure(self.b, &self.kunit, repository, "fixed", log)?;
        let objects = FUNCTIONS.map(|(path, _)| path.replace(".c", ".o"));
        let arch = self.kunit.arch.name();

        log.run_checked(&self.work.make(arch, arch, objects))
    }

    /// The command that kbuild compiles a file with, for another source and other output.
    fn cmd(&self, path: &str, source: &str, output: &str) -> Result<Cmd> {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        let kept = self.kunit.objects.join(dir);
        let kept = kept.join(format!(".{}.cmd", name.replace(".c", ".o")));
        let command = command(&read_lossy(&kept), source, output)
            .ok_or_else(|| Error::failed(format!("{}: no command", kept.display())))?;

        Ok(self
            .toolbox
            .cmd("sh")
            .args(["-c", &command])
            .dir(&self.kunit.objects))
    }

    fn compile(&self, file: &File, text: &str, output: &str) -> Result<Output> {
        let source = self
            .work
            .out(&format!("mutants-{}", file.path.replace('/', "-")));

        write_whole(&source, text.as_bytes())?;
        self.cmd(file.path, &source.to_string_lossy(), output)?
            .output()
    }

    /// A file and its mutants, numbered from `next` on.
    fn parse(&self, path: &'static str, names: &[&str], next: &mut usize) -> Result<File> {
        let source = self.kunit.tree.join(path);
        let text = std::fs::read_to_string(&source)
            .or_say(|| format!("cannot read {path} of the series"))?;
        let mut functions: Vec<Function> = Vec::new();

        for name in names.iter().filter(|name| defines(&text, name)) {
            let dump =
                format!("-fsyntax-only -Xclang -ast-dump=json -Xclang -ast-dump-filter={name}");
            let json = self.cmd(path, &source.to_string_lossy(), &dump)?.read()?;
            let node = ast::definition(&json, name)?;
            let function = Function::new(path, &text, &node, *next)
                .ok_or_else(|| Error::failed(format!("{path}: {name}() is in a macro")))?;
            *next += function.mutants.len();
            functions.push(function);
        }
        functions.sort_by_key(|one| one.extent.start);
        Ok(File {
            path,
            text,
            functions,
        })
    }

    /// All mutants.
    pub(super) fn generate(&self, repository: &Repository, log: &Log) -> Result<Generated> {
        let mut all = Generated::default();
        let mut next = 1;

        self.prepare(repository, log)?;
        for (path, names) in FUNCTIONS {
            let file = self.parse(path, names, &mut next)?;
            if !file.functions.is_empty() {
                all.files.push(file);
            }
        }
        for name in FUNCTIONS.iter().flat_map(|(_, names)| *names) {
            let functions = all.files.iter().flat_map(|file| &file.functions);
            let found = functions.filter(|one| one.name == *name).count();
            if found != 1 && (found != 0 || *name != OPTIONAL) {
                return Err(Error::failed(format!(
                    "{found} definitions of {name}() in the files that can have it"
                )));
            }
        }
        Ok(all)
    }

    /// Finds those that are none.
    pub(super) fn sort_out(&self, all: &mut Generated, log: &Log) -> Result<()> {
        for file in &all.files {
            let mut refused_here = BTreeSet::new();
            let copied =
                |refused: &BTreeSet<usize>| file.copied(|mutant| !refused.contains(&mutant.number));
            loop {
                let text = copied(&refused_here);
                let said = self.compile(file, &text, "-fsyntax-only -ferror-limit=0")?;
                if said.status.success() {
                    break;
                }
                let name = format!("mutants-{}", file.path.replace('/', "-"));
                let more = refused(&said.error_text(), &name, &text);
                if more.is_empty() {
                    log.say(said.error_text());
                    return Err(Error::failed(format!(
                        "{} does not compile with copies of its functions",
                        file.path
                    )));
                }
                refused_here.extend(more);
            }
            let object = self.work.out("mutants.o");
            let output = format!("-c -o {}", object.display());
            let text = with_lines(&copied(&refused_here), &file.text, &file.functions);
            let said = self.compile(file, &text, &output)?;
            if !said.status.success() {
                log.say(said.error_text());
                return Err(Error::failed(format!("{} does not compile", file.path)));
            }
            all.refused.extend(refused_here);
            all.same
                .extend(object::same(&self.toolbox, &object, &file.functions)?);
        }
        Ok(())
    }
}

/// A command of kbuild with another source and output, without the cache and without warnings.
fn command(kept: &str, source: &str, output: &str) -> Option<String> {
    let line = kept.lines().next()?.split_once(" := ")?.1;
    let line = line.split(" ; ").next()?.trim_start_matches("ccache ");
    let (options, _) = line.split_once(" -c -o ")?;
    let options: Vec<&str> = options
        .split_whitespace()
        .filter(|word| !word.starts_with("-Wp,-MMD"))
        .collect();

    Some(format!("{} -w {output} {source}", options.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_declarations_are_no_definitions() {
        let text =
            "int f(int a);\nstatic int g(int a,\n\t\tint b)\n{\n\tf(a);\n}\nint a_h(void) {}\n";

        assert_eq!(
            ["f", "g", "h"].map(|name| defines(text, name)),
            [false, true, false]
        );
    }

    #[test]
    fn the_kernels_command_is_used() {
        let kept = "savedcmd_mm/x.o := ccache clang -Wp,-MMD,mm/.x.o.d -O2 -D'A=\"b\"'  -c -o \
                    mm/x.o /src/mm/x.c ; tool mm/x.o\n\nsource_mm/x.o := x\n";

        assert_eq!(
            command(kept, "y.c", "-fsyntax-only").as_deref(),
            Some("clang -O2 -D'A=\"b\"' -w -fsyntax-only y.c")
        );
        assert_eq!(command("", "y.c", ""), None);
    }
}
