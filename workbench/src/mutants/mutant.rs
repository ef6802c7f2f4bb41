// SPDX-License-Identifier: GPL-2.0

//! A mutant: a function of the kernel with one edit, and a name that stays while its line does.

use super::ast::{Extent, Node};
use super::operators::{edits, Edit};
use super::text;
use crate::stamp::Inputs;
use std::collections::HashMap;

/// A function that is changed, of a file.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// The definition in the file.
    pub(super) extent: Extent,
    /// Its name in there.
    pub(super) name_at: Extent,
    pub(super) parameters: Vec<String>,
    pub(super) is_static: bool,
    pub(super) is_void: bool,
    pub(super) mutants: Vec<Mutant>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mutant {
    /// `FILE.FUNCTION.OPERATOR.LINE`, the line as a hash of its text; with a number if there are
    /// several.
    pub(super) id: String,
    /// Unique in a run: which copy of the function it is.
    pub(super) number: usize,
    pub(super) line: usize,
    pub(super) edit: Edit,
}

/// A line of code as it is in an id: indentation does not matter.
pub(super) fn line_hash(line: &str) -> String {
    let mut hash = Inputs::default().add("line", line.trim().as_bytes()).hash();
    hash.truncate(8);
    hash
}

/// The file's name in an id.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".c").unwrap_or(name)
}

impl Function {
    /// All mutants of a function, numbered from `first`. `None` if its definition is not where it
    /// can be copied.
    pub(super) fn new(path: &str, file: &str, node: &Node, first: usize) -> Option<Function> {
        let extent = node.extent(file)?;
        let name_at = node.name_at()?;
        let parameters = node.children.iter().filter(|one| one.is("ParmVarDecl"));
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut mutants = Vec::new();

        for edit in edits(file, node) {
            if file[edit.extent.clone()] == edit.replacement {
                continue;
            }
            let hash = line_hash(text::line(file, edit.extent.start));
            let mut id = format!("{}.{}.{}.{hash}", stem(path), node.name, edit.operator);
            let seen = known.entry(id.clone()).or_default();
            *seen += 1;
            if *seen > 1 {
                id = format!("{id}.{seen}");
            }
            mutants.push(Mutant {
                id,
                number: first + mutants.len(),
                line: text::line_number(file, edit.extent.start),
                edit,
            });
        }
        Some(Function {
            name: node.name.clone(),
            extent,
            name_at,
            parameters: parameters.map(|one| one.name.clone()).collect(),
            is_static: node.storage_class == "static",
            is_void: node.type_name().starts_with("void ("),
            mutants,
        })
    }
}

impl Mutant {
    /// The file with the edit.
    pub(super) fn applied(&self, file: &str) -> String {
        let Extent { start, end } = self.edit.extent;
        format!(
            "{}{}{}",
            &file[..start],
            self.edit.replacement,
            &file[end..]
        )
    }
}
