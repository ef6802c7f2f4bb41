// SPDX-License-Identifier: GPL-2.0

//! Which mutants do not compile, are the same code, and do not compile in the harness, as it was
//! found before. All of it is by number, and so is the program that was built of them, so it is of
//! use only while all mutants are the same.

use super::generate::Generated;
use crate::error::Result;
use crate::stamp::{remove_file, write_whole, Inputs};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Numbers of those that do not compile, are the same code, and do not compile in the harness.
pub(super) type Lists = [BTreeSet<usize>; 3];

pub(super) struct Sorted {
    pub(super) file: PathBuf,
    /// A hash of what it is of.
    pub(super) key: String,
}

/// What all results are of: `inputs`, and each mutant with its number.
pub(super) fn key(inputs: Inputs, all: &Generated) -> String {
    all.all()
        .fold(inputs, |inputs, (_, _, one)| {
            inputs
                .add("mutant", one.id.as_bytes())
                .add("number", &one.number.to_le_bytes())
                .add("text", one.edit.replacement.as_bytes())
        })
        .hash()
}

impl Sorted {
    /// What is known. The file is removed if that is nothing, as the program of its numbers will
    /// be replaced.
    pub(super) fn known(&self, force: bool) -> Result<Option<Lists>> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let known = self.read(&text).filter(|_| !force);

        if known.is_none() {
            remove_file(&self.file)?;
        }
        Ok(known)
    }

    fn read(&self, text: &str) -> Option<Lists> {
        let mut lines = text.lines();

        if lines.next()? != self.key {
            return None;
        }
        let mut list = || -> Option<BTreeSet<usize>> {
            let words = lines.next()?.split_whitespace();
            words.map(|word| word.parse().ok()).collect()
        };
        Some([list()?, list()?, list()?])
    }

    pub(super) fn write(&self, lists: [&BTreeSet<usize>; 3]) -> Result<()> {
        let text = format!("{}\n{}\n", self.key, lists.map(numbers).join("\n"));

        write_whole(&self.file, text.as_bytes())
    }
}

fn numbers(list: &BTreeSet<usize>) -> String {
    let words: Vec<String> = list.iter().map(ToString::to_string).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::generate::File;
    use super::super::tests::toy;
    use super::*;

    /// The mutants of a function; `change` is one of them.
    fn all(change: impl FnOnce(&mut Vec<super::super::mutant::Mutant>)) -> Generated {
        let mut function = toy();
        change(&mut function.mutants);
        Generated {
            files: vec![File {
                path: "mm/toy.c",
                text: String::new(),
                functions: vec![function],
            }],
            ..Generated::default()
        }
    }

    fn sorted(dir: &tempfile::TempDir, all: &Generated) -> Sorted {
        Sorted {
            file: dir.path().join("sorted"),
            key: key(Inputs::default().add("tree", b"t"), all),
        }
    }

    fn written(dir: &tempfile::TempDir) -> Sorted {
        let sorted = sorted(dir, &all(|_| ()));
        let lists = [BTreeSet::from([1, 2]), BTreeSet::new(), BTreeSet::from([3])];
        sorted
            .write([&lists[0], &lists[1], &lists[2]])
            .expect("written");
        assert_eq!(sorted.known(false).ok(), Some(Some(lists)));
        sorted
    }

    #[test]
    fn they_are_those_of_the_same_mutants() {
        let dir = tempfile::tempdir().expect("a folder");

        for other in [
            all(|mutants| {
                // As a new operator does, which may well have been given an id that was there.
                let first = mutants[0].clone();
                mutants.insert(0, first);
                for (at, one) in mutants.iter_mut().enumerate() {
                    one.number = at + 1;
                }
            }),
            all(|mutants| mutants.swap(0, 1)),
            all(|mutants| mutants[0].edit.replacement.push(';')),
        ] {
            let first = written(&dir);
            assert_eq!(sorted(&dir, &other).known(false).ok(), Some(None));
            assert!(!first.file.exists(), "its program is replaced");
        }
    }

    #[test]
    fn they_are_sorted_again_by_force() {
        let dir = tempfile::tempdir().expect("a folder");
        let sorted = written(&dir);

        assert_eq!(sorted.known(true).ok(), Some(None));
        assert!(!sorted.file.exists());
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        let sorted = Sorted {
            file: PathBuf::new(),
            key: "one".into(),
        };

        assert!(sorted.read("one\n1 2\n\n3\n").is_some());
        assert!(sorted.read("two\n1 2\n\n3\n").is_none());
        assert!(sorted.read("one\n1 2\n").is_none());
    }
}
