// SPDX-License-Identifier: GPL-2.0

//! What was swept, by the kind of VMA and the way to fail: a table of the tests whose name ends in
//! `kinds`. Each empty cell has a reason.

use super::sweep::Sweep;
use super::sweeps::{ByMode, Sweeps};
use serde::Serialize;

/// The mode of what cannot be swept in any.
const ANY: &str = "any";

const NO_SECOND_POINT: &str = "no second point: the first failure ends the fork";

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cell {
    /// More than none.
    Points(u64),
    /// Nothing was swept, and why.
    Empty(String),
    /// Nothing was swept, and nobody says why.
    Unexplained,
}

/// The whole table, one cell for each row and column, in the order of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Matrix {
    /// The kinds of VMA.
    pub(crate) rows: Vec<String>,
    /// The ways to fail.
    pub(crate) columns: Vec<String>,
    /// By row: each has as many as there are columns.
    pub(crate) cells: Vec<Vec<Cell>>,
}

/// What the log says of a kind.
#[derive(Default)]
struct Kind<'a> {
    name: &'a str,
    points: ByMode<'a>,
    missing: Vec<(&'a str, &'a str)>,
}

impl Kind<'_> {
    fn cell(&self, mode: &str) -> Cell {
        let of = |wanted: &str| self.missing.iter().find(|(known, _)| *known == wanted);

        match self.points.get(mode) {
            Some(points) if points > 0 => Cell::Points(points),
            // The golden table says whether there is to be one.
            Some(_) if mode == "pair" => Cell::Empty(NO_SECOND_POINT.into()),
            _ => match of(ANY).or(of(mode)) {
                Some((_, why)) => Cell::Empty((*why).into()),
                None => Cell::Unexplained,
            },
        }
    }
}

impl Matrix {
    pub(crate) fn of(sweeps: &Sweeps<'_>) -> Matrix {
        let mut kinds: Vec<Kind<'_>> = Vec::new();
        let mut columns: Vec<&str> = Vec::new();

        for (_, sweep) in &sweeps.all {
            let Sweep { scenario, mode, .. } = *sweep;

            if !sweep.test.ends_with("kinds") {
                continue;
            }
            if mode != ANY && !columns.contains(&mode) {
                columns.push(mode);
            }
            let at = kinds.iter().position(|kind| kind.name == scenario);
            let at = at.unwrap_or_else(|| {
                kinds.push(Kind {
                    name: scenario,
                    ..Kind::default()
                });
                kinds.len() - 1
            });

            match sweep.swept {
                Ok(swept) => kinds[at].points.add(mode, swept.points),
                Err(why) => kinds[at].missing.push((mode, why)),
            }
        }
        if columns.is_empty() && !kinds.is_empty() {
            columns.push(ANY);
        }
        Matrix {
            cells: kinds
                .iter()
                .map(|kind| columns.iter().map(|mode| kind.cell(mode)).collect())
                .collect(),
            rows: kinds.iter().map(|kind| kind.name.to_string()).collect(),
            columns: columns.iter().map(|mode| mode.to_string()).collect(),
        }
    }

    /// The cells that are empty although nobody says why.
    pub(crate) fn unexplained(&self) -> Vec<String> {
        let mut wrong = Vec::new();

        for (kind, cells) in self.rows.iter().zip(&self.cells) {
            for (mode, cell) in self.columns.iter().zip(cells) {
                if *cell == Cell::Unexplained {
                    wrong.push(format!("{kind}, {mode}: not swept, and no reason given"));
                }
            }
        }
        wrong
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::judge) const LOG: &str = "\
    # kinds: fault-sweep: kinds/written, mapped mode=once points=10 failed=9 tolerated=1 nofail=0
    # x: fault-sweep: tree_of_kinds/written, mapped mode=once points=5 failed=5 tolerated=0
    # kinds: fault-sweep: kinds/huge mode=any none: no CONFIG_HUGE
    # refused_kinds: fault-sweep: refused_kinds/written, mapped mode=pool none: no huge page
    # numbers: fault-sweep: numbers/3 mode=once points=7 failed=7 tolerated=0 nofail=0
";

    fn of(log: &str) -> Matrix {
        Matrix::of(&Sweeps::of(log))
    }

    #[test]
    fn cells_are_sums_or_reasons() {
        let matrix = of(LOG);
        let none = |why: &str| Cell::Empty(why.into());

        assert_eq!(matrix.rows, ["written, mapped", "huge"]);
        assert_eq!(matrix.columns, ["once", "pool"]);
        assert_eq!(matrix.cells[0], [Cell::Points(15), none("no huge page")]);
        assert_eq!(
            matrix.cells[1],
            [none("no CONFIG_HUGE"), none("no CONFIG_HUGE")]
        );
        assert_eq!(matrix.unexplained(), [""; 0]);
    }

    #[test]
    fn an_empty_cell_without_a_reason_is_wrong() {
        let log = LOG.replace(
            "pool none: no huge page",
            "pool points=0 failed=0 tolerated=0",
        );

        assert_eq!(
            of(&log).unexplained(),
            ["written, mapped, pool: not swept, and no reason given"]
        );
    }

    #[test]
    fn a_pair_needs_a_second_point() {
        let log = LOG.replace(
            "mode=pool none: no huge page",
            "mode=pair points=0 failed=0 tolerated=0",
        );
        let matrix = of(&log);

        assert_eq!(matrix.cells[0][1], Cell::Empty(NO_SECOND_POINT.into()));
        assert_eq!(matrix.unexplained(), [""; 0]);
    }

    #[test]
    fn other_tests_have_no_part_in_it() {
        assert_eq!(
            of(LOG.lines().last().unwrap_or_default()),
            Matrix::default()
        );
    }
}
