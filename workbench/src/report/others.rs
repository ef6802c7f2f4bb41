// SPDX-License-Identifier: GPL-2.0

//! Checks that have no section of their own: a line each, or that they were not run.

use crate::builder::Builder;
use crate::cli::Target;
use crate::console::Console;
use crate::run::verdict::no_sweeps;
use crate::selftest::{missing, no_control};
use crate::settings::{Arch, Settings};
use clap::ValueEnum;

/// Why a base, or a machine, has none.
type Missing = fn(&Builder) -> Option<String>;

/// Commands with a result for each machine, of the name of both.
const ON_MACHINES: [(Target, Missing); 8] = [
    (Target::Sweeps, no_sweeps),
    (Target::Selftest, missing),
    (Target::SelftestControl, no_control),
    (Target::Soak, missing),
    (Target::SoakControl, missing),
    (Target::Stress, no_control),
    (Target::Kcsan, no_control),
    (Target::KcsanControl, no_control),
];

/// Commands with one result.
const ON_NONE: [&str; 3] = ["bisect", "lint", "cost"];

/// What no command but `make check-all` leaves a result of.
const OF_LISTS: [&str; 4] = ["applies", "breakages-apply", "htmldocs", "mail"];

pub(super) struct Other {
    /// Of its result.
    pub(super) name: String,
    pub(super) what: String,
    pub(super) command: String,
}

/// All that this base can have.
pub(super) fn of(b: &Builder) -> Vec<Other> {
    let mut all = Vec::new();

    for (target, missing) in ON_MACHINES {
        let Some(value) = target.to_possible_value() else {
            continue;
        };
        let name = value.get_name();
        for arch in Arch::known_to(target) {
            let settings = Settings {
                arch: *arch,
                ..b.settings.clone()
            };
            if missing(&Builder::new(settings, Console::quiet())).is_none() {
                all.push(Other {
                    name: format!("{name}-{arch}"),
                    what: format!("{name}, {arch}"),
                    command: format!("make {name} ARCH={arch}"),
                });
            }
        }
    }
    for name in ON_NONE {
        all.push(Other {
            name: name.into(),
            what: name.into(),
            command: format!("make {name}"),
        });
    }
    for name in OF_LISTS {
        all.push(Other {
            name: name.into(),
            what: name.into(),
            command: format!("make check-all ONLY={}-{name}", b.settings.base),
        });
    }
    all
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::Args;
    use crate::settings::Dirs;
    use std::path::Path;

    /// This project, built elsewhere.
    pub(in super::super) fn project(base: &str, build: &Path) -> Builder {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
        let mut dirs = Dirs::new(top.expect("the project"), Path::new("/nonexistent/cache"));
        dirs.build = build.to_owned();
        let args = Args {
            base: Some(base.into()),
            ..Args::default()
        };
        let settings = Settings::read(&args, dirs).expect("settings");
        Builder::new(settings, Console::quiet())
    }

    fn names(base: &str) -> Vec<String> {
        let b = project(base, Path::new("/nonexistent/build"));

        of(&b).into_iter().map(|other| other.name).collect()
    }

    #[test]
    fn each_base_has_those_that_it_can_have() {
        let (of_6_18, of_7_2) = (names("6.18"), names("7.2"));
        let both = |name: &str| {
            (
                of_6_18.iter().any(|one| one == name),
                of_7_2.iter().any(|one| one == name),
            )
        };

        for name in ["selftest-ppc32", "soak-um", "sweeps-um", "lint", "mail"] {
            assert_eq!(both(name), (true, true), "{name}");
        }
        // These need a base without the fix.
        for name in ["stress-x86_64", "kcsan-x86_64", "selftest-control-um"] {
            assert_eq!(both(name), (true, false), "{name}");
        }
        assert_eq!(both("sweeps-x86_64"), (false, false));
    }
}
