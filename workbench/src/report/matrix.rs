// SPDX-License-Identifier: GPL-2.0

//! The matrix of kinds and ways to fail as a heat map: how dark a cell is, and which letter stands
//! for the reason why it is empty.

use crate::judge::matrix_text::letter;
use serde::Serialize;

/// How many shades there are, beside that of an empty cell.
const SHADES: u32 = 6;

/// A kind of memory by a way to fail.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// How many points were swept.
    Points(u64),
    /// None, and why.
    None(String),
    /// None, and nobody has said why.
    Unexplained,
}

/// One kind of memory; a cell for each mode.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) cells: Vec<Cell>,
}

/// What was swept, by kind and mode.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(into = "View")]
pub(crate) struct Matrix {
    pub(crate) modes: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// What the template makes a table of.
#[derive(Serialize)]
struct View {
    modes: Vec<String>,
    rows: Vec<RowView>,
    legend: Vec<Reason>,
    most: u64,
    /// The least number of points that has a shade, for each of them.
    shades: Vec<Shade>,
}

#[derive(Serialize)]
struct RowView {
    kind: String,
    total: u64,
    cells: Vec<CellView>,
}

#[derive(Serialize, Default)]
struct CellView {
    points: Option<u64>,
    /// 1 is the lightest.
    shade: u32,
    letter: Option<String>,
    why: Option<String>,
}

#[derive(Serialize)]
struct Reason {
    letter: String,
    why: String,
    cells: usize,
}

#[derive(Serialize)]
struct Shade {
    shade: u32,
    least: u64,
}

/// Equal steps of the logarithm: from 3 to 30 is as far as from 300 to 3000.
fn shade(points: u64, most: u64) -> u32 {
    if most <= 1 || points <= 1 {
        return 1;
    }
    let part = (points as f64).ln() / (most as f64).ln();
    (1 + (part * f64::from(SHADES)) as u32).min(SHADES)
}

impl From<Matrix> for View {
    fn from(matrix: Matrix) -> View {
        let cells = matrix.rows.iter().flat_map(|row| &row.cells);
        let points = cells.filter_map(|cell| match cell {
            Cell::Points(points) => Some(*points),
            _ => None,
        });
        let most = points.max().unwrap_or(0);
        let mut legend: Vec<Reason> = Vec::new();
        let rows = matrix.rows.into_iter().map(|row| {
            let cells: Vec<CellView> = row
                .cells
                .into_iter()
                .map(|cell| view(cell, most, &mut legend))
                .collect();
            RowView {
                kind: row.kind,
                total: cells.iter().filter_map(|cell| cell.points).sum(),
                cells,
            }
        });
        View {
            modes: matrix.modes,
            rows: rows.collect(),
            legend,
            most,
            shades: shades(most),
        }
    }
}

fn view(cell: Cell, most: u64, legend: &mut Vec<Reason>) -> CellView {
    let why = match cell {
        Cell::Unexplained => return CellView::default(),
        Cell::Points(points) => {
            return CellView {
                points: Some(points),
                shade: shade(points, most),
                ..CellView::default()
            }
        }
        Cell::None(why) => why,
    };
    let known = legend.iter().position(|reason| reason.why == why);
    let at = known.unwrap_or(legend.len());
    if known.is_none() {
        legend.push(Reason {
            letter: letter(at),
            why: why.clone(),
            cells: 0,
        });
    }
    legend[at].cells += 1;
    CellView {
        letter: Some(legend[at].letter.clone()),
        why: Some(why),
        ..CellView::default()
    }
}

/// Where the shades begin; those that no number has are left out.
fn shades(most: u64) -> Vec<Shade> {
    let mut list: Vec<Shade> = Vec::new();
    for points in 1..=most {
        let shade = shade(points, most);
        if list.last().is_none_or(|last| last.shade != shade) {
            list.push(Shade {
                shade,
                least: points,
            });
        }
        if shade == SHADES {
            break;
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view_of(cells: Vec<Cell>) -> View {
        Matrix {
            modes: vec!["once".into(); cells.len()],
            rows: vec![Row {
                kind: "anonymous".into(),
                cells,
            }],
        }
        .into()
    }

    #[test]
    fn the_most_is_darkest() {
        let view = view_of([1, 2, 30, 100].map(Cell::Points).to_vec());
        let shades: Vec<u32> = view.rows[0].cells.iter().map(|cell| cell.shade).collect();

        assert_eq!(shades, [1, 1, 5, SHADES]);
        assert_eq!((view.rows[0].total, view.most), (133, 100));
        assert_eq!(view.shades[0].least, 1);
        assert!(view
            .shades
            .windows(2)
            .all(|two| two[0].least < two[1].least));
        for shown in &view.shades {
            assert_eq!(shade(shown.least, 100), shown.shade);
        }
    }

    #[test]
    fn nothing_to_compare_is_light() {
        assert_eq!((shade(0, 0), shade(1, 1), shade(1, 9)), (1, 1, 1));
        assert!(view_of(vec![Cell::Unexplained]).shades.is_empty());
    }

    #[test]
    fn a_reason_has_one_letter() {
        let none = |why: &str| Cell::None(why.into());
        let view = view_of(vec![none("x"), none("y"), none("x"), Cell::Unexplained]);
        let cells = &view.rows[0].cells;

        assert_eq!(cells[0].letter.as_deref(), Some("a"));
        assert_eq!(cells[1].letter.as_deref(), Some("b"));
        assert_eq!(cells[2].letter.as_deref(), Some("a"));
        assert!(cells[3].letter.is_none() && cells[3].points.is_none());
        assert_eq!((view.legend.len(), view.legend[0].cells), (2, 2));
    }
}
