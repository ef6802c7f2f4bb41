// SPDX-License-Identifier: GPL-2.0

//! The matrix as text. A row or column that is empty for one reason is a sentence below the table,
//! and what stands for other reasons is explained there.

use super::matrix::{Cell, Matrix};
use super::wrap;
use std::fmt::Write as _;

/// No line is wider.
const WIDTH: usize = 100;

/// Names of kinds are cut here.
const KIND_WIDTH: usize = 40;

const HEADING: &str = "failure points by kind of VMA and way to fail; a cell adds up whole forks \
    (kinds, refused_kinds) and dup_mmap() alone (tree_of_kinds, tree_of_refused_kinds)";

/// Rows or columns that leave the table, each with its reason.
type Leaving<'a> = Vec<(&'a str, usize)>;

/// The table; empty if there are no kinds.
pub(crate) fn text(matrix: &Matrix) -> String {
    if matrix.rows.is_empty() {
        return String::new();
    }
    let (rows, absent) = split(matrix.rows.len(), |row| {
        one_reason(matrix.cells[row].iter())
    });
    let columns = if rows.is_empty() {
        0
    } else {
        matrix.columns.len()
    };
    let (columns, unswept) = split(columns, |column| {
        one_reason(rows.iter().map(|row| &matrix.cells[*row][column]))
    });
    let mut legend = Legend::default();
    let columns: Vec<Column<'_>> = columns
        .into_iter()
        .map(|column| Column::of(matrix, &rows, column, &mut legend))
        .collect();
    let kinds: Vec<String> = rows
        .iter()
        .map(|row| matrix.rows[*row].chars().take(KIND_WIDTH).collect())
        .collect();
    let mut text = wrap(HEADING, WIDTH, "");

    let kind_width = widest(kinds.iter().map(String::as_str));
    for block in blocks(&columns, kind_width) {
        text.push_str(&grid(&kinds, kind_width, block));
    }
    for (sign, why) in &legend.0 {
        text.push_str(&hanging(&format!("{sign}: {why}")));
    }
    for (why, columns) in grouped(unswept) {
        let names: Vec<&str> = columns.iter().map(|at| &*matrix.columns[*at]).collect();

        text.push_str(&hanging(&format!("{}: not swept: {why}", names.join(", "))));
    }
    for (why, rows) in grouped(absent) {
        let names: Vec<&str> = rows.iter().map(|at| &*matrix.rows[*at]).collect();
        let names = names.join("; ");

        text.push_str(&hanging(&format!("not in this kernel ({why}): {names}")));
    }
    text
}

/// A column as it is printed.
struct Column<'a> {
    heading: &'a str,
    cells: Vec<String>,
    width: usize,
}

impl<'a> Column<'a> {
    fn of(matrix: &'a Matrix, rows: &[usize], column: usize, legend: &mut Legend) -> Column<'a> {
        let heading = matrix.columns[column].as_str();
        let cells = || rows.iter().map(|row| &matrix.cells[*row][column]);
        let empty = cells().filter(|cell| matches!(cell, Cell::Empty(_)));
        let has_one_reason = one_reason(empty).is_some();
        let cells: Vec<String> = cells()
            .map(|cell| match cell {
                Cell::Points(points) => points.to_string(),
                Cell::Empty(why) if has_one_reason => legend.dash(heading, why),
                Cell::Empty(why) => legend.letter(why),
                Cell::Unexplained => "?".into(),
            })
            .collect();
        let width = widest(cells.iter().map(String::as_str).chain([heading])) + 2;

        Column {
            heading,
            cells,
            width,
        }
    }
}

/// Columns that fit side by side.
fn blocks<'a, 'b>(columns: &'a [Column<'b>], kind_width: usize) -> Vec<&'a [Column<'b>]> {
    let mut blocks = Vec::new();
    let mut rest = columns;

    while !rest.is_empty() {
        let mut used = kind_width;
        let fitting = rest.iter().take_while(|column| {
            used += column.width;
            used <= WIDTH
        });
        let (block, further) = rest.split_at(fitting.count().max(1));

        blocks.push(block);
        rest = further;
    }
    blocks
}

fn grid(kinds: &[String], kind_width: usize, columns: &[Column<'_>]) -> String {
    let mut text = format!("{:kind_width$}", "");

    for Column { heading, width, .. } in columns {
        let _ = write!(text, "{heading:>width$}");
    }
    text.push('\n');
    for (row, kind) in kinds.iter().enumerate() {
        let _ = write!(text, "{kind:kind_width$}");
        for Column { cells, width, .. } in columns {
            let _ = write!(text, "{:>width$}", cells[row]);
        }
        text.push('\n');
    }
    text
}

/// What stands for reasons in the table, with the reasons: a dash in a column that has but one,
/// else letters.
#[derive(Default)]
struct Legend(Vec<(String, String)>);

impl Legend {
    fn dash(&mut self, column: &str, why: &str) -> String {
        self.add(format!("- in column {column}"), why);
        "-".into()
    }

    fn letter(&mut self, why: &str) -> String {
        let letters = || self.0.iter().filter(|(sign, _)| !sign.starts_with('-'));
        let known = letters().find(|(_, known)| known == why);
        let letter = match known {
            Some((letter, _)) => letter.clone(),
            None => letter(letters().count()),
        };

        self.add(letter.clone(), why);
        letter
    }

    fn add(&mut self, sign: String, why: &str) {
        let line = (sign, why.to_string());

        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }
}

/// `a` to `z`, then `aa` and so on.
pub(crate) fn letter(index: usize) -> String {
    let last = char::from(b'a' + u8::try_from(index % 26).unwrap_or(0));

    match index / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letter(more - 1)),
    }
}

fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// The reason for all of these cells to be empty, if there is but one.
fn one_reason<'a>(mut cells: impl Iterator<Item = &'a Cell>) -> Option<&'a str> {
    let Some(Cell::Empty(why)) = cells.next() else {
        return None;
    };

    cells
        .all(|cell| matches!(cell, Cell::Empty(other) if other == why))
        .then_some(why)
}

/// Tells those that stay in the table from those that have a reason to leave it.
fn split<'a>(
    number: usize,
    reason: impl Fn(usize) -> Option<&'a str>,
) -> (Vec<usize>, Leaving<'a>) {
    let (mut staying, mut leaving) = (Vec::new(), Vec::new());

    for at in 0..number {
        match reason(at) {
            Some(why) => leaving.push((why, at)),
            None => staying.push(at),
        }
    }
    (staying, leaving)
}

/// Those with the same reason together, in the order in which the reasons first came.
fn grouped(leaving: Leaving<'_>) -> Vec<(&str, Vec<usize>)> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();

    for (why, at) in leaving {
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, members)) => members.push(at),
            None => groups.push((why, vec![at])),
        }
    }
    groups
}

/// A paragraph whose first line is further out than the others.
fn hanging(text: &str) -> String {
    let wrapped = wrap(text, WIDTH, "    ");

    // The first line has two less in front, so no line gets wider.
    wrapped.strip_prefix("  ").unwrap_or(&wrapped).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::sweeps::Sweeps;
    use super::*;

    fn of(log: &str) -> String {
        text(&Matrix::of(&Sweeps::of(log)))
    }

    fn swept(kind: &str, mode: &str, points: u64) -> String {
        format!("# a: fault-sweep: kinds/{kind} mode={mode} points={points} failed=0 tolerated=0\n")
    }

    fn none(kind: &str, mode: &str, why: &str) -> String {
        format!("# a: fault-sweep: kinds/{kind} mode={mode} none: {why}\n")
    }

    /// What follows the heading.
    fn body(log: &str) -> String {
        let text = of(log);

        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        text.strip_prefix(&wrap(HEADING, WIDTH, ""))
            .expect("the heading")
            .to_string()
    }

    #[test]
    fn one_reason_is_a_sentence() {
        let log = [
            swept("anonymous, written", "once", 12345),
            none("anonymous, written", "pool", "no CONFIG_HUGETLB_PAGE"),
            none("anonymous, written", "busy", "no CONFIG_HUGETLB_PAGE"),
            none("huge, private", "any", "no CONFIG_HUGETLB_PAGE"),
            none("with a policy", "any", "no CONFIG_NUMA"),
            none("huge", "any", "no CONFIG_HUGETLB_PAGE"),
        ];

        assert_eq!(
            body(&log.concat()),
            "                     once\n\
             anonymous, written  12345\n  \
               pool, busy: not swept: no CONFIG_HUGETLB_PAGE\n  \
               not in this kernel (no CONFIG_HUGETLB_PAGE): huge, private; huge\n  \
               not in this kernel (no CONFIG_NUMA): with a policy\n"
        );
    }

    #[test]
    fn other_reasons_have_a_sign() {
        let log = [
            swept("a", "once", 3),
            swept("a", "pair", 0),
            none("a", "commit", "nothing is accounted"),
            swept("b", "once", 5),
            swept("b", "pair", 4),
            swept("b", "commit", 2),
            swept("c", "once", 7),
            none("c", "pair", "too many points to try each two of them"),
            swept("c", "commit", 0),
        ];

        assert_eq!(
            body(&log.concat()),
            "   once  pair  commit\n\
             a     3     a       -\n\
             b     5     4       2\n\
             c     7     b       ?\n  \
               a: no second point: the first failure ends the fork\n  \
               b: too many points to try each two of them\n  \
               - in column commit: nothing is accounted\n"
        );
    }

    #[test]
    fn no_table_is_too_wide() {
        let kind = "a kind of VMA with a name that is longer than there is any room for";
        let mut log = none(kind, "busy", &"no end of words ".repeat(20));

        for nr in 0..20 {
            log += &swept(kind, &format!("mode{nr}"), 1_234_567);
        }
        for nr in 0..30 {
            log += &none(&format!("{kind} {nr}"), "any", "no CONFIG_X");
        }
        let body = body(&log);

        assert_eq!(body.matches("1234567").count(), 20);
        assert!(body.contains("\n  busy: not swept: no end"));
    }

    #[test]
    fn a_kernel_without_any_of_them_has_no_table() {
        assert_eq!(of(""), "");
        assert_eq!(
            body(&none("huge", "any", "no CONFIG_X")),
            "  not in this kernel (no CONFIG_X): huge\n"
        );
    }

    #[test]
    fn letters_do_not_run_out() {
        let letters = ["a", "z", "aa", "az", "ba"];
        assert_eq!([0, 25, 26, 51, 52].map(letter), letters);
    }
}
