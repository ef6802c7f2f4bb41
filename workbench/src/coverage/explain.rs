// SPDX-License-Identifier: GPL-2.0

//! Why something need not be reached: the files `workbench/coverage/*.unreached`.

use super::measure::{Unreached, What};
use crate::error::{Error, Result};

/// What somebody has said about something unreached.
#[derive(Debug)]
pub(super) struct Explained<'a> {
    pub(super) function: &'a str,
    pub(super) what: What,
    pub(super) source: &'a str,
    below: Option<&'a str>,
    pub(super) reason: String,
    /// Whether it was found to be so.
    pub(super) used: bool,
}

impl<'a> Explained<'a> {
    /// `FUNCTION WHAT SOURCE`, or `FUNCTION WHAT SOURCE => LINE BELOW`
    fn parse(line: &'a str) -> Option<Explained<'a>> {
        let mut words = line.splitn(3, ' ');
        let function = words.next()?;
        let what = What::parse(words.next()?)?;
        let source = words.next()?;
        let (source, below) = match source.split_once(" => ") {
            Some((source, below)) => (source, Some(below.trim())),
            None => (source, None),
        };
        Some(Explained {
            function,
            what,
            source: source.trim(),
            below,
            reason: String::new(),
            used: false,
        })
    }

    fn is_about(&self, function: &str, unreached: &Unreached) -> bool {
        self.function == function
            && self.what == unreached.what
            && self.source == unreached.source
            && self.below.is_none_or(|below| below == unreached.below)
    }
}

/// All that is said. Each explanation is good for one thing, once.
#[derive(Debug)]
pub(super) struct Explanations<'a>(Vec<Explained<'a>>);

impl<'a> Explanations<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Explanations<'a>> {
        let mut list: Vec<Explained<'a>> = Vec::new();
        let mut begun = 0;
        for (number, line) in text.lines().enumerate() {
            let bad = |what: &str| {
                Err(Error::failed(format!(
                    "line {}: {what}: {}",
                    number + 1,
                    line.trim()
                )))
            };
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with(char::is_whitespace) {
                if begun == list.len() {
                    return bad("a reason for nothing");
                }
                for explained in &mut list[begun..] {
                    if !explained.reason.is_empty() {
                        explained.reason.push(' ');
                    }
                    explained.reason.push_str(line.trim());
                }
                continue;
            }
            // A new group begins after a reason.
            if list.last().is_some_and(|last| !last.reason.is_empty()) {
                begun = list.len();
            }
            let Some(explained) = Explained::parse(line) else {
                return bad("not a function, then line, true, false or macro, then source");
            };
            list.push(explained);
        }
        match list.iter().find(|explained| explained.reason.is_empty()) {
            Some(explained) => Err(Error::failed(format!(
                "no reason for: {} {}",
                explained.function, explained.source
            ))),
            None => Ok(Explanations(list)),
        }
    }

    /// Uses up the first explanation there is for it.
    pub(super) fn reason(&mut self, function: &str, unreached: &Unreached) -> Option<&str> {
        let explained = self
            .0
            .iter_mut()
            .find(|explained| !explained.used && explained.is_about(function, unreached))?;
        explained.used = true;
        Some(&explained.reason)
    }

    /// Those of what was reached after all.
    pub(super) fn stale(&self) -> impl Iterator<Item = &Explained<'a>> {
        self.0.iter().filter(|explained| !explained.used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreached(what: What, source: &str, below: &str) -> Unreached {
        Unreached {
            line: 1,
            what,
            source: source.into(),
            below: below.into(),
        }
    }

    #[test]
    fn a_reason_is_for_all_above_it() -> Result<()> {
        let text = "# comment\n\nf line a;\nf true b\n\tOne,\n\ttwo.\ng macro c\n  Three.\n";
        let mut said = Explanations::parse(text)?;

        assert_eq!(
            said.reason("f", &unreached(What::Line, "a;", "")),
            Some("One, two.")
        );
        assert_eq!(
            said.reason("f", &unreached(What::True, "b", "x")),
            Some("One, two.")
        );
        assert_eq!(said.stale().count(), 1);
        assert_eq!(
            said.reason("g", &unreached(What::Macro, "c", "")),
            Some("Three.")
        );
        assert_eq!(said.stale().count(), 0);
        Ok(())
    }

    #[test]
    fn each_is_good_once() -> Result<()> {
        let mut said = Explanations::parse("f true a => x;\nf true a => x;\n\tWhy.\n")?;
        let (x, y) = (
            unreached(What::True, "a", "x;"),
            unreached(What::True, "a", "y;"),
        );

        assert!(said.reason("f", &y).is_none());
        assert!(said.reason("g", &x).is_none());
        assert!(said.reason("f", &x).is_some());
        assert!(said.reason("f", &x).is_some());
        assert!(said.reason("f", &x).is_none());
        Ok(())
    }

    #[test]
    fn the_lists_of_the_project_can_be_read() -> Result<()> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("coverage");
        let mut lists = 0;

        for entry in std::fs::read_dir(folder).expect("workbench/coverage") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|name| name == "unreached") {
                Explanations::parse(&std::fs::read_to_string(path).expect("a list"))?;
                lists += 1;
            }
        }
        assert!(lists > 0);
        Ok(())
    }
}
