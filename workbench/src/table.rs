// SPDX-License-Identifier: GPL-2.0

//! Tables of results: a row is shown as soon as it is known, and the whole is kept as a file.

use crate::console::Console;
use crate::error::Result;
use crate::stamp::write_whole;
use std::fmt;
use std::path::Path;

/// What a check of a patch came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Ok,
    /// What it found is as it should be, and explained.
    Explained,
    /// After that many seconds.
    Took(u64),
    /// There is nothing of that kind.
    Nothing,
    Failed,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Ok => f.write_str("ok"),
            Cell::Explained => f.write_str("ok*"),
            Cell::Took(seconds) => write!(f, "ok {seconds}s"),
            Cell::Nothing => f.write_str("-"),
            Cell::Failed => f.write_str("FAILED"),
        }
    }
}

impl Cell {
    pub(crate) fn parse(text: &str) -> Option<Cell> {
        match text {
            "ok" => Some(Cell::Ok),
            "ok*" => Some(Cell::Explained),
            "-" => Some(Cell::Nothing),
            "FAILED" => Some(Cell::Failed),
            _ => {
                let seconds = text.strip_prefix("ok ")?.strip_suffix('s')?;
                seconds.parse().ok().map(Cell::Took)
            }
        }
    }
}

/// How wide a column is. The last one, a text, is as wide as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    Left(usize),
    /// To the right, two spaces after it.
    Right(usize),
}

pub(crate) struct Table<'a> {
    console: &'a Console,
    columns: Vec<Column>,
    text: String,
}

impl<'a> Table<'a> {
    pub(crate) fn new(console: &'a Console, columns: Vec<Column>) -> Table<'a> {
        Table {
            console,
            columns,
            text: String::new(),
        }
    }

    /// A row: a word for each column, and the text.
    pub(crate) fn row<S: AsRef<str>>(&mut self, words: &[S]) {
        self.line(&row(&self.columns, words));
    }

    /// A line between rows.
    pub(crate) fn line(&mut self, line: &str) {
        self.console.say(line);
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// From here on with other columns.
    pub(crate) fn columns(&mut self, columns: Vec<Column>) {
        self.columns = columns;
    }

    pub(crate) fn keep(&self, file: &Path) -> Result<()> {
        write_whole(file, self.text.as_bytes())
    }
}

fn row<S: AsRef<str>>(columns: &[Column], words: &[S]) -> String {
    let mut line = String::new();

    for (index, word) in words.iter().enumerate() {
        let word = word.as_ref();
        match columns.get(index) {
            Some(Column::Left(width)) => {
                // A word that is too wide does not touch the next one.
                let width = width.saturating_sub(1);
                line.push_str(&format!("{word:width$} "));
            }
            Some(Column::Right(width)) => line.push_str(&format!("{word:>width$}  ")),
            None => line.push_str(word),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_they_are_written() {
        let cells = [
            (Cell::Ok, "ok"),
            (Cell::Explained, "ok*"),
            (Cell::Took(12), "ok 12s"),
            (Cell::Nothing, "-"),
            (Cell::Failed, "FAILED"),
        ];
        for (cell, text) in cells {
            assert_eq!(cell.to_string(), text);
            assert_eq!(Cell::parse(text), Some(cell));
        }
        for text in ["", "ok ", "ok s", "ok 12", "failed"] {
            assert_eq!(Cell::parse(text), None, "{text}");
        }
    }

    #[test]
    fn rows_are_aligned() {
        let columns = [Column::Left(6), Column::Right(5)];

        assert_eq!(row(&columns, &["a", "12 s", "text"]), "a      12 s  text");
        assert_eq!(row(&columns, &["", "", ""]), "");
        assert_eq!(row(&columns, &["too wide", "1", "x"]), "too wide     1  x");
    }

    #[test]
    fn what_is_shown_is_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let console = Console::quiet();
        let mut table = Table::new(&console, vec![Column::Left(4)]);

        table.row(&["", "patch"]);
        table.line("");
        table.columns(vec![]);
        table.row(&["x"]);
        table.keep(&dir.path().join("table")).expect("written");
        let text = std::fs::read_to_string(dir.path().join("table")).expect("a file");
        assert_eq!(text, "    patch\n\nx\n");
        assert_eq!(console.kept(), text);
    }
}
