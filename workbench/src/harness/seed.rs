// SPDX-License-Identifier: GPL-2.0

//! `SEED=`: the number from which the random address spaces of `tools/testing/vma/fork` follow, and
//! what a soak does.

use crate::clock;
use crate::error::{Error, Result};

/// Another one each time.
pub(crate) const ANY: &str = "random";

/// The number, if it is not the harness's own. `said` is what the user has said.
pub(crate) fn read(said: Option<&str>) -> Result<Option<u64>> {
    match said {
        None => Ok(None),
        Some(ANY) => Ok(Some(clock::now())),
        Some(number) => number
            .parse()
            .map(Some)
            .map_err(|_| Error::usage(format!("SEED={number} is neither a number nor \"{ANY}\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_number_or_random() -> Result<()> {
        assert_eq!(read(None)?, None);
        assert_eq!(read(Some("7"))?, Some(7));
        assert!(read(Some("random"))?.is_some_and(|number| number > 7));
        let refused = read(Some("x7")).expect_err("refused").to_string();
        assert!(refused.contains("SEED=x7 is neither"));
        Ok(())
    }
}
