// SPDX-License-Identifier: GPL-2.0

//! The mutants of a small function, from what clang has printed of it.

use super::ast::definition;
use super::mutant::Function;
use super::program::{refused, with_copies, with_lines};

const FILE: &str = include_str!("../../tests/data/toy.c");
const TREE: &str = include_str!("../../tests/data/toy.json");

pub(super) fn toy() -> Function {
    let node = definition(TREE, "toy").expect("a definition");
    Function::new("mm/toy.c", FILE, &node, 1).expect("a function")
}

/// What a mutant is called without its line, and what it makes of its first line.
fn said(function: &Function) -> Vec<String> {
    let lines = function.mutants.iter().map(|mutant| {
        let changed = mutant.applied(FILE);
        let line = changed.lines().nth(mutant.line - 1).unwrap_or_default();
        let operator = &mutant.edit.operator;
        format!("{} {operator}: {}", mutant.line, line.trim())
    });
    lines.collect()
}

#[test]
fn a_function_has_these_mutants() {
    let expected = include_str!("../../tests/data/toy.mutants");
    let found = said(&toy()).join("\n") + "\n";

    assert_eq!(found, expected);
}

#[test]
fn ids_are_unique_and_stay_when_lines_move() {
    let function = toy();
    let mut ids: Vec<&str> = function.mutants.iter().map(|m| m.id.as_str()).collect();

    assert!(ids[0].starts_with("toy.toy."), "{}", ids[0]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), function.mutants.len());
}

#[test]
fn copies_are_chosen_by_number_and_errors_are_theirs() {
    let function = toy();
    let mutants: Vec<_> = function.mutants.iter().take(2).collect();
    let text = with_copies(FILE, &[(&function, mutants)]);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("toy__2("))
        .expect("a copy");
    let message = |line| format!("x/toy.c:{line}:3: error: expected ';'\n");

    assert!(
        text.contains("\tcase 1: return toy__1(mm, old);\n"),
        "{text}"
    );
    assert!(text.contains("\tdefault: return toy__0(mm, old);\n"));
    assert_eq!(refused(&message(line + 3), "toy.c", &text), [2]);
    assert_eq!(refused(&message(1), "toy.c", &text), [0; 0]);
    let numbered = with_lines(&text, FILE, std::slice::from_ref(&function));
    assert_eq!(numbered.matches("#line 11\n__attribute__").count(), 3);
}
