// SPDX-License-Identifier: GPL-2.0

//! Which mutants are run, and for how long a soak runs.

use super::{given, number};
use crate::cli::Args;
use crate::error::Result;

/// As the user says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SampleSettings {
    pub(crate) all: bool,
    pub(crate) count: Option<String>,
    pub(crate) seed: Option<String>,
    pub(crate) shard: Option<String>,
    /// Of a soak.
    pub(crate) minutes: Option<u64>,
}

impl SampleSettings {
    pub(super) fn read(args: &Args) -> Result<SampleSettings> {
        let text = |value| given(value).map(str::to_string);

        Ok(SampleSettings {
            all: given(&args.all).is_some(),
            count: text(&args.count),
            seed: text(&args.seed),
            shard: text(&args.shard),
            minutes: number("MINUTES", &args.minutes, "a number of minutes")?,
        })
    }
}
