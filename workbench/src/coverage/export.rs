// SPDX-License-Identifier: GPL-2.0

//! What `llvm-cov export -format=text` writes, as far as it is needed.
//!
//! Places and counts are arrays there, so they are tuples here. An array of another length is
//! refused: what LLVM has added to it might change what the rest means.

use crate::error::{Error, Result};
use serde::Deserialize;

/// Line and column, from 1 on; columns are bytes.
pub(super) type Place = (u64, u64);

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from: Place,
    pub(super) to: Place,
}

#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

/// One programme.
#[derive(Deserialize)]
pub(super) struct Data {
    #[serde(default)]
    pub(super) files: Vec<File>,
    #[serde(default)]
    pub(super) functions: Vec<Function>,
}

/// A source file, and how often its lines ran.
#[derive(Deserialize)]
pub(super) struct File {
    pub(super) filename: String,
    pub(super) segments: Vec<Segment>,
}

/// A function, and how often its parts ran.
#[derive(Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    /// File 0 is that of the function, others are of macros that it expands.
    pub(super) filenames: Vec<String>,
    pub(super) regions: Vec<Region>,
    #[serde(default)]
    pub(super) branches: Vec<Branch>,
}

impl Function {
    /// Whether it is the one of that name: static ones have their file's name in front.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.rsplit([':', ';']).next() == Some(name)
    }
}

/// `[line, column, count, has a count, is the entry of a region, is a gap]`
type RawSegment = (u64, u64, u64, bool, bool, bool);

/// A point in a file from which on lines have another count.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "RawSegment")]
pub(super) struct Segment {
    pub(super) at: Place,
    pub(super) count: u64,
    pub(super) counted: bool,
    pub(super) entry: bool,
    pub(super) gap: bool,
}

impl From<RawSegment> for Segment {
    fn from((line, column, count, counted, entry, gap): RawSegment) -> Segment {
        Segment {
            at: (line, column),
            count,
            counted,
            entry,
            gap,
        }
    }
}

/// `[line, column, line, column, count, file, expanded file, kind]`
type RawRegion = (u64, u64, u64, u64, u64, u64, u64, u64);

/// A part of a function that runs as a whole, or a macro in it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "RawRegion")]
pub(super) struct Region {
    pub(super) span: Span,
    pub(super) file: u64,
    /// The file of what a macro expands to.
    pub(super) expands_to: u64,
    kind: u64,
}

impl Region {
    const EXPANSION: u64 = 1;

    pub(super) fn is_expansion(&self) -> bool {
        self.kind == Region::EXPANSION
    }
}

impl From<RawRegion> for Region {
    fn from(raw: RawRegion) -> Region {
        let (line, column, end_line, end_column, _count, file, expands_to, kind) = raw;
        Region {
            span: Span {
                from: (line, column),
                to: (end_line, end_column),
            },
            file,
            expands_to,
            kind,
        }
    }
}

/// `[line, column, line, column, true, false, file, expanded file, kind]`
type RawBranch = (u64, u64, u64, u64, u64, u64, u64, u64, u64);

/// A condition, and how often it was true and false.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(from = "RawBranch")]
pub(super) struct Branch {
    pub(super) span: Span,
    pub(super) were_true: u64,
    pub(super) were_false: u64,
    pub(super) file: u64,
}

impl From<RawBranch> for Branch {
    fn from(raw: RawBranch) -> Branch {
        let (line, column, end_line, end_column, were_true, were_false, file, _, _) = raw;
        Branch {
            span: Span {
                from: (line, column),
                to: (end_line, end_column),
            },
            were_true,
            were_false,
            file,
        }
    }
}

/// Reads the export of one programme.
pub(super) fn read(text: &str) -> Result<Data> {
    let export: Export = serde_json::from_str(text)
        .map_err(|error| Error::failed(format!("llvm-cov's export is unreadable: {error}")))?;
    let data = export.data.into_iter().next();
    data.ok_or_else(|| Error::failed("llvm-cov's export has no data"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = r#"{"data": [{"files": [{"filename": "/src/f.c", "branches": [],
          "segments": [[2, 1, 7, true, true, false]], "summary": {}}],
        "functions": [{"name": "f.c:f", "count": 7, "filenames": ["/src/f.c", "/src/bug.h"],
          "regions": [[2, 1, 9, 2, 7, 0, 0, 0], [3, 2, 3, 9, 7, 0, 1, 1]],
          "branches": [[3, 6, 3, 7, 0, 7, 1, 0, 4]]}], "totals": {}}],
        "type": "llvm.coverage.json.export", "version": "2.0.1"}"#;

    #[test]
    fn arrays_get_names() -> Result<()> {
        let data = read(EXPORT)?;
        let segment = data.files[0].segments[0];
        let function = &data.functions[0];
        let branch = function.branches[0];

        assert_eq!((segment.at, segment.count), ((2, 1), 7));
        assert_eq!(
            (segment.counted, segment.entry, segment.gap),
            (true, true, false)
        );
        assert!(!function.regions[0].is_expansion() && function.regions[1].is_expansion());
        assert_eq!(function.regions[1].expands_to, 1);
        assert_eq!(
            function.regions[0].span,
            Span {
                from: (2, 1),
                to: (9, 2)
            }
        );
        assert_eq!(
            (branch.were_true, branch.were_false, branch.file),
            (0, 7, 1)
        );
        Ok(())
    }

    #[test]
    fn static_functions_have_a_file_in_front() -> Result<()> {
        let mut function = read(EXPORT)?.functions.remove(0);

        for name in ["f", "f.c:f", "mm/f.c;f"] {
            function.name = name.into();
            assert!(function.is_called("f"), "{name}");
        }
        function.name = "ff".into();
        assert!(!function.is_called("f"));
        Ok(())
    }

    #[test]
    fn another_format_is_refused() {
        let refused = |text: &str| read(text).map(|_| ()).expect_err("read").to_string();

        assert!(refused("").starts_with("llvm-cov's export is unreadable: EOF"));
        assert!(refused("{}").contains("missing field `data`"));
        assert_eq!(refused(r#"{"data": []}"#), "llvm-cov's export has no data");
        assert!(refused(&EXPORT.replace(", 1, 0, 4]", ", 1]")).contains("invalid length 7"));
        assert!(refused(&EXPORT.replace("true, true,", "true, 1,")).contains("line 2"));
    }
}
