// SPDX-License-Identifier: GPL-2.0

//! All mutants in one program: each function has a copy for each of them, and calls the one whose
//! number a variable has. So a program is built once for all, not once for each.

use super::mutant::{Function, Mutant};
use super::text;

/// The variable that says which mutant is run; 0 is none.
pub(super) const VARIABLE: &str = "fork_mutant";

/// The copy of a function that is as it was.
const UNCHANGED: usize = 0;

/// The name of a copy.
pub(super) fn copy_name(function: &str, number: usize) -> String {
    format!("{function}__{number}")
}

impl Function {
    fn copy(&self, file: &str, number: usize, mutant: Option<&Mutant>) -> String {
        let head = &file[self.extent.start..self.name_at.start];
        let mut rest = file[self.name_at.end..self.extent.end].to_string();
        let storage = if self.is_static { "" } else { "static " };

        if let Some(Mutant { edit, .. }) = mutant {
            let at = edit.extent.start - self.name_at.end..edit.extent.end - self.name_at.end;
            rest.replace_range(at, &edit.replacement);
        }
        format!(
            "__attribute__((__noinline__)) {storage}{head}{}{rest}\n",
            copy_name(&self.name, number)
        )
    }

    /// The copies and, last, the function that chooses among them.
    pub(super) fn copies(&self, file: &str, mutants: &[&Mutant]) -> String {
        let mut text = format!("extern int {VARIABLE};\n") + &self.copy(file, UNCHANGED, None);

        for mutant in mutants {
            text.push_str(&self.copy(file, mutant.number, Some(mutant)));
        }
        text + &self.chooser(file, mutants)
    }

    fn chooser(&self, file: &str, mutants: &[&Mutant]) -> String {
        let definition = &file[self.extent.clone()];
        let head = definition.split('{').next().unwrap_or(definition);
        let arguments = self.parameters.join(", ");
        let call = |number| {
            let name = copy_name(&self.name, number);
            match self.is_void {
                true => format!("{name}({arguments}); return;"),
                false => format!("return {name}({arguments});"),
            }
        };
        let mut text = format!("{head}{{\n\tswitch ({VARIABLE}) {{\n");

        for mutant in mutants {
            text.push_str(&format!(
                "\tcase {}: {}\n",
                mutant.number,
                call(mutant.number)
            ));
        }
        text.push_str(&format!("\tdefault: {}\n\t}}\n}}\n", call(UNCHANGED)));
        text
    }
}

/// The file with copies of its functions; these are in the order of the text.
pub(super) fn with_copies(file: &str, functions: &[(&Function, Vec<&Mutant>)]) -> String {
    let (mut text, mut at) = (String::new(), 0);

    for (function, mutants) in functions {
        text.push_str(&file[at..function.extent.start]);
        text.push_str(&function.copies(file, mutants));
        at = function.extent.end;
    }
    text.push_str(&file[at..]);
    text
}

/// The same with the lines of each copy numbered as those of the original: a warning has the number
/// of its line in its code, and copies are compared.
pub(super) fn with_lines(copied: &str, file: &str, functions: &[Function]) -> String {
    let mut text = String::with_capacity(copied.len());

    for line in copied.split_inclusive('\n') {
        let of = copy_of(line).and_then(|number| {
            let is = |one: &&Function| line.contains(&format!("{}(", copy_name(&one.name, number)));
            functions.iter().find(is)
        });
        if let Some(of) = of {
            let number = text::line_number(file, of.extent.start);
            text.push_str(&format!("#line {number}\n"));
        }
        text.push_str(line);
    }
    text
}

/// The mutants in whose copies a compiler has found errors. `name` is the end of the file's name
/// in its messages.
pub(super) fn refused(messages: &str, name: &str, file: &str) -> Vec<usize> {
    let lines: Vec<&str> = file.lines().collect();
    let mut numbers: Vec<usize> = messages
        .lines()
        .filter(|line| line.contains(" error: "))
        .filter_map(|line| {
            let (_, rest) = line.split_once(&format!("{name}:"))?;
            let at: usize = rest.split(':').next()?.parse().ok()?;
            let above = lines.get(..at)?.iter().rev();
            above.copied().find_map(copy_of)
        })
        .filter(|number| *number != UNCHANGED)
        .collect();

    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The number of the copy that begins with a line.
fn copy_of(line: &str) -> Option<usize> {
    let head = line.strip_prefix("__attribute__((__noinline__)) ")?;
    let name = head.split('(').next()?;

    name.rsplit_once("__")?.1.parse().ok()
}
