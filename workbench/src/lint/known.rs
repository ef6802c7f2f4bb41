// SPDX-License-Identifier: GPL-2.0

//! A mistake that is put in for a tool to find: if it does not, the tool does not work.

use crate::error::{Error, Result};
use std::path::Path;

pub(super) struct Known {
    /// Who has to find it.
    pub(super) tool: &'static str,
    /// A name that no file of the kernel has.
    pub(super) file: &'static str,
    pub(super) text: &'static str,
}

impl Known {
    pub(super) fn put_into(&self, dir: &Path) -> Result<()> {
        crate::stamp::write_whole(&dir.join(self.file), self.text.as_bytes())
    }

    /// The lines about other files than this one, which has to be among them.
    pub(super) fn others(&self, said: Vec<String>) -> Result<Vec<String>> {
        let own = format!("{}:", self.file);
        let (found, others): (Vec<String>, Vec<String>) =
            said.into_iter().partition(|line| line.contains(&own));

        match found.is_empty() {
            true => Err(Error::failed(format!(
                "{} did not report what was put in for it to find, but said: {}",
                self.tool,
                others.join("\n")
            ))),
            false => Ok(others),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_has_to_be_found() {
        let known = Known {
            tool: "a tool",
            file: "known.c",
            text: "a mistake\n",
        };
        let others =
            |said: &[&str]| known.others(said.iter().map(|line| line.to_string()).collect());

        for (found, other) in [
            ("known.c:4:2-7: WARNING: x", "mm/a.c:1:1-2: y"),
            ("Warning: known.c:4 x", "Warning: mm/a.c:1 y"),
        ] {
            assert_eq!(others(&[found, other]).expect("it works"), [other]);
            assert!(others(&[found]).expect("it works").is_empty());
            assert!(others(&[other]).is_err());
        }
        assert!(others(&[]).is_err());
        let trouble = others(&["env: 'a tool': No such file or directory"]).expect_err("no tool");
        assert!(trouble.to_string().contains("a tool did not report"));
        assert!(trouble.to_string().contains("No such file"));
    }
}
