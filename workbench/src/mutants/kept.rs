// SPDX-License-Identifier: GPL-2.0

//! What is known of each mutant, a file for each and each layer. So a run that was interrupted goes
//! on, and the files of several machines are one result.

use crate::error::Result;
use crate::stamp::write_whole;
use std::path::PathBuf;
use std::time::Duration;

/// How long a layer took, and what it has found, if it has killed the mutant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) took: Duration,
    pub(super) by: Option<String>,
}

pub(super) struct Kept {
    pub(super) dir: PathBuf,
    /// A hash of what the results are of, all other mutants among it.
    pub(super) inputs: String,
}

impl Kept {
    fn file(&self, layer: &str, id: &str) -> PathBuf {
        self.dir.join(format!("{layer}-{id}"))
    }

    pub(super) fn get(&self, layer: &str, id: &str) -> Option<Known> {
        let text = std::fs::read_to_string(self.file(layer, id)).ok()?;
        let mut lines = text.lines();

        if lines.next()? != self.inputs {
            return None;
        }
        let seconds = lines.next()?.parse().ok()?;
        Some(Known {
            took: Duration::try_from_secs_f64(seconds).ok()?,
            by: lines.next().map(str::to_string),
        })
    }

    pub(super) fn put(&self, layer: &str, id: &str, known: &Known) -> Result<()> {
        let by = known.by.as_deref().unwrap_or_default().replace('\n', " ");
        let text = format!("{}\n{:.3}\n{by}", self.inputs, known.took.as_secs_f64());

        write_whole(&self.file(layer, id), text.trim_end().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let kept = |inputs: &str| Kept {
            dir: dir.path().to_owned(),
            inputs: inputs.to_string(),
        };

        for by in [Some("x: y".to_string()), None] {
            let took = Duration::from_millis(734);
            let known = Known { took, by };
            kept("one").put("um", "m", &known).expect("written");
            assert_eq!(kept("one").get("um", "m"), Some(known));
            assert_eq!(kept("one").get("quick", "m"), None);
            assert_eq!(kept("two").get("um", "m"), None);
        }
    }
}
