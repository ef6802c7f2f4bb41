// SPDX-License-Identifier: GPL-2.0

//! Which mutants are run: a sample that a seed tells, all, one, and of these a part for each
//! machine.

use crate::error::{Error, Result};
use crate::settings::{Settings, Shard};
use crate::stamp::Inputs;

#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    only: Option<String>,
    /// `None` is all.
    count: Option<usize>,
    seed: u64,
    shard: Option<Shard>,
}

/// How many are run if the user says nothing.
const COUNT: usize = 20;

impl Sample {
    /// As `ONLY=`, `ALL=`, `COUNT=`, `SEED=` and `SHARD=i/n` have it.
    pub(super) fn read(settings: &Settings) -> Result<Sample> {
        let said = &settings.sample;
        let bad = |name: &str, text: &str| Error::usage(format!("{name}={text} makes no sense"));
        let number = |name: &str, given: &Option<String>| match given {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| bad(name, text)),
        };

        Ok(Sample {
            only: settings.only.clone(),
            count: match said.all {
                true => None,
                false => {
                    Some(number("COUNT", &said.count)?.map_or(COUNT, |count: u64| count as usize))
                }
            },
            seed: number("SEED", &said.seed)?.unwrap_or(1),
            shard: said.shard,
        })
    }

    /// The chosen ones. Which these are does not depend on how many others there are.
    pub(super) fn of<'a>(&self, ids: &[&'a str]) -> Vec<&'a str> {
        if let Some(only) = &self.only {
            return ids.iter().copied().filter(|id| id == only).collect();
        }
        let mut order: Vec<(String, &str)> = ids.iter().map(|id| (self.rank(id), *id)).collect();

        order.sort();
        order.truncate(self.count.unwrap_or(usize::MAX));
        let ids = order.iter().map(|(_, id)| *id);
        match self.shard {
            None => ids.collect(),
            Some(shard) => shard.of(ids).collect(),
        }
    }

    fn rank(&self, id: &str) -> String {
        let inputs = Inputs::default().add("seed", &self.seed.to_le_bytes());
        inputs.add("id", id.as_bytes()).hash()
    }

    /// Whether its result is not that of the base: one of some machines, or a single one.
    pub(super) fn is_part(&self) -> bool {
        self.only.is_some() || self.shard.is_some()
    }

    pub(super) fn said(&self) -> String {
        let what = match (&self.only, self.count) {
            (Some(only), _) => return format!("ONLY={only}"),
            (None, None) => "ALL=1".to_string(),
            (None, Some(count)) => format!("COUNT={count} SEED={}", self.seed),
        };
        match self.shard {
            None => what,
            Some(shard) => format!("{what} SHARD={shard}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        let ids: Vec<String> = (0..50).map(|n| format!("m{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let sample = |part: Option<&str>| Sample {
            count: Some(20),
            seed: 7,
            shard: part.and_then(Shard::parse),
            ..Sample::default()
        };
        let whole = sample(None).of(&ids);
        let mut parts = sample(Some("1/3")).of(&ids);

        assert_eq!(whole.len(), 20);
        parts.extend(sample(Some("2/3")).of(&ids));
        parts.extend(sample(Some("3/3")).of(&ids));
        parts.sort_unstable();
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        assert_eq!(parts, sorted);
        let other = Sample {
            seed: 8,
            ..sample(None)
        };
        assert_ne!(other.of(&ids), whole);
    }
}
