// SPDX-License-Identifier: GPL-2.0

//! What is to be run: which tests of the table, for which bases.

use super::table::{Scope, Test, TESTS, WITHOUT_TREE};
use crate::builder::Builder;
use crate::error::Result;
use crate::harness::seed;
use crate::outcome::Outcome;
use crate::settings::{base, Arch, Settings, DEFAULT_BASE};

/// A test of a base, on a machine.
pub(super) struct Item {
    test: Test,
    base: String,
}

/// All that are to be run: of all bases unless one was named, the default one first.
pub(super) fn of(b: &Builder, all: bool) -> Result<Vec<Item>> {
    let mut bases = match b.settings.base_named {
        true => vec![b.settings.base.clone()],
        false => b.settings.dirs.bases(),
    };
    bases.sort_by_key(|base| base != DEFAULT_BASE);
    let first = bases.first().cloned().unwrap_or_default();
    let mut items = Vec::new();

    for (number, base) in bases.iter().enumerate() {
        let given = b.settings.kdir.is_some();
        if !given && base::only_by_kdir(&b.settings.dirs, base)?.is_some() {
            items.extend(WITHOUT_TREE.map(|test| Item {
                test,
                base: base.clone(),
            }));
            continue;
        }
        for test in TESTS {
            let once = test.scope == Scope::Project && number > 0;
            let other = *base != first && test.others_in_all_only;
            if !once && (all || !test.in_all_only && !other) {
                items.push(Item {
                    test,
                    base: base.clone(),
                });
            }
        }
    }
    Ok(items)
}

impl Item {
    pub(super) fn name(&self) -> String {
        match self.test.scope {
            Scope::Project => self.test.name.to_string(),
            Scope::Base => format!("{}-{}", self.base, self.test.name),
            Scope::Machine(arch) => format!("{}-{}-{arch}", self.base, self.test.name),
        }
    }

    /// Whether `ONLY=` names it, as a whole or by its beginning.
    pub(super) fn is_meant_by(&self, only: &str) -> bool {
        self.name().starts_with(only)
    }

    pub(super) fn settings(&self, settings: &Settings) -> Settings {
        let mut mine = settings.for_base(&self.base);

        mine.only = None;
        mine.section = None;
        mine.sample.shard = None;
        if !self.test.any_seed && mine.sample.seed.as_deref() == Some(seed::ANY) {
            mine.sample.seed = None;
        }
        mine.quick = self.test.quick;
        mine.arch = match self.test.scope {
            Scope::Machine(arch) => arch,
            Scope::Project | Scope::Base => Arch::Um,
        };
        mine
    }

    pub(super) fn missing(&self, b: &Builder) -> Option<String> {
        let inner = Builder::new(self.settings(&b.settings), crate::console::Console::quiet());

        (self.test.missing)(&inner)
    }

    pub(super) fn run(&self, b: &Builder) -> Result<Outcome> {
        (self.test.run)(b)
    }

    /// What is worth seeing although all is as it should be: how the control fails.
    pub(super) fn worth_seeing<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let shown = if self.test.name == "control" { 8 } else { 0 };

        text.lines().take(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;

    fn seed(said: &str, name: &str) -> Option<String> {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |args| args.seed = Some(said.into()));
        let items = of(&b, true).expect("a list");
        let item = items.iter().find(|item| item.name() == name);

        item.expect("a test").settings(&b.settings).sample.seed
    }

    #[test]
    fn mutants_take_no_random_seed() {
        assert_eq!(seed("random", "6.18-mutants"), None);
        assert_eq!(seed("7", "6.18-mutants").as_deref(), Some("7"));
        let random = seed("random", "6.18-fork-harness");
        assert_eq!(random.as_deref(), Some("random"));
    }
}
