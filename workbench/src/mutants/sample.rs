// SPDX-License-Identifier: GPL-2.0

//! Which mutants are run: a sample that a seed tells, all, one, and of these a part for each
//! machine.

use super::explained::{has_line, hashes};
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

    /// Whether `ONLY=` may be a mutant of these files: for that nothing need be built.
    pub(super) fn check_line(&self, files: &[String]) -> Result<()> {
        match &self.only {
            Some(only) if !has_line(only, &hashes(files)) => Err(no_mutant(only)),
            _ => Ok(()),
        }
    }

    /// Whether it is one. `ids` are all that there are.
    pub(super) fn check_id<'a>(&self, mut ids: impl Iterator<Item = &'a str>) -> Result<()> {
        match &self.only {
            Some(only) if !ids.any(|id| id == only) => Err(no_mutant(only)),
            _ => Ok(()),
        }
    }

    /// Why nothing is chosen.
    pub(super) fn none(&self) -> Error {
        Error::usage(match (&self.only, self.shard) {
            (Some(only), _) => format!(
                "ONLY={only} cannot be told from the series: it does not compile, or is the same \
                 code"
            ),
            (None, Some(shard)) => format!("SHARD={shard} is empty: there are fewer mutants"),
            (None, None) => format!("{}: no mutant is chosen", self.said()),
        })
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

fn no_mutant(only: &str) -> Error {
    Error::usage(format!(
        "ONLY={only} is no mutant: an id is FILE.FUNCTION.OPERATOR.LINE, as make mutants ALL=1 \
         prints it"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::mutant::line_hash;
    use super::*;

    #[test]
    fn only_has_to_be_a_mutant() {
        let of = |only: &str| Sample {
            only: Some(only.into()),
            ..Sample::default()
        };
        let files = ["int x;\n\tmm->count++;\n".to_string()];
        let id = format!("mmap.f.delete.{}", line_hash("mm->count++;"));
        let refused = |result: Result<()>| {
            let error = result.expect_err("refused");
            assert_eq!(error.exit_code(), 2);
            error.message().contains("is no mutant")
        };

        assert!(of(&id).check_line(&files).is_ok());
        assert!(of(&format!("{id}.2")).check_line(&files).is_ok());
        for typo in ["typo", "mmap.f.delete.0badbad0"] {
            assert!(refused(of(typo).check_line(&files)), "{typo}");
        }
        assert!(of(&id).check_id([id.as_str()].into_iter()).is_ok());
        assert!(refused(
            of(&format!("{id}.2")).check_id([id.as_str()].into_iter())
        ));
        assert!(Sample::default().check_line(&[]).is_ok());
    }

    #[test]
    fn a_part_may_be_empty() {
        let sample = Sample {
            count: Some(20),
            shard: Shard::parse("21/21"),
            ..Sample::default()
        };
        let ids: Vec<String> = (0..50).map(|n| format!("m{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();

        assert!(sample.of(&ids).is_empty());
        assert!(sample.none().message().starts_with("SHARD=21/21 is empty"));
    }

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
