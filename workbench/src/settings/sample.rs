// SPDX-License-Identifier: GPL-2.0

//! Which part of the tests and which mutants are run, and for how long a soak runs.

use super::{given, number};
use crate::cli::Args;
use crate::error::{Error, Result};
use std::fmt;

/// One of equal parts of a list, for several machines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shard {
    /// From 1 to `parts`, inclusive.
    part: usize,
    parts: usize,
}

impl Shard {
    /// `text` is `i/n`.
    pub(crate) fn parse(text: &str) -> Option<Shard> {
        let (part, parts) = text.split_once('/')?;
        let (part, parts): (usize, usize) = (part.parse().ok()?, parts.parse().ok()?);

        (1..=parts).contains(&part).then_some(Shard { part, parts })
    }

    /// Those of the list that are in this part: every n-th.
    pub(crate) fn of<T>(self, all: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        all.skip(self.part - 1).step_by(self.parts)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.parts)
    }
}

/// As the user says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SampleSettings {
    pub(crate) all: bool,
    pub(crate) count: Option<String>,
    pub(crate) seed: Option<String>,
    pub(crate) shard: Option<Shard>,
    /// Of a soak.
    pub(crate) minutes: Option<u64>,
}

impl SampleSettings {
    pub(super) fn read(args: &Args) -> Result<SampleSettings> {
        let text = |value| given(value).map(str::to_string);

        let shard = match given(&args.shard) {
            None => None,
            Some(text) => Some(Shard::parse(text).ok_or_else(|| {
                Error::usage(format!(
                    "SHARD={text} is no part: 2/3 is the second of three"
                ))
            })?),
        };

        Ok(SampleSettings {
            all: given(&args.all).is_some(),
            count: text(&args.count),
            seed: text(&args.seed),
            shard,
            minutes: number("MINUTES", &args.minutes, "a number of minutes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_one_of_its_number() {
        let of = |text| Shard::parse(text).map(|shard| shard.of(0..7).collect::<Vec<_>>());

        assert_eq!(of("1/1"), Some((0..7).collect()));
        assert_eq!(of("2/3"), Some(vec![1, 4]));
        assert_eq!(of("8/8"), Some(vec![]));
        for none in ["0/2", "3/2", "2", "a/b", "-1/2", "/"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
