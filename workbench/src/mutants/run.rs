// SPDX-License-Identifier: GPL-2.0

//! Runs the mutants, layer by layer, and says which have survived all.

use super::explained::{self, Explained};
use super::generate::{Compiler, File, Generated};
use super::harness::{Harness, Part};
use super::kept::{Kept, Known};
use super::kernel::Kernel;
use super::mutant::Mutant;
use super::sample::Sample;
use super::score::{score, Layer};
use super::sorted::{self, Sorted};
use super::written::{self, Verdict};
use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::judge::breakages::Caught;
use crate::outcome::{self, Outcome, Tested};
use crate::report::Mutants;
use crate::settings::Arch;
use crate::stamp::{write_whole, Inputs};
use crate::table::{Column, Table};
use crate::toolchain::{self, Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::with_patch::tree_with_texts;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// To be raised when mutants are judged in another way: what is kept is not taken then.
const JUDGE: &str = "3";

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let toolbox = b.ensure(Sysroot(Tools::Build))?;
    // QEMU.
    toolchain::of_machine(b, b.settings.arch)?;
    let repository = b.ensure(Branches)?;
    let sample = Sample::read(&b.settings)?;
    let name = ["mutants", "mutants-some"][usize::from(sample.is_part())];
    if b.settings.only.is_some() && !b.planning() {
        sample.check_line(&explained::files(&repository)?)?;
    }
    let explained = Explained::path(&b.settings);
    outcome::test(
        b,
        "mutants of the recovery",
        name,
        || {
            let tree = repository.tree(Branch::Fixed)?;
            Ok(Tested {
                inputs: Inputs::default()
                    .add("tree", tree.as_bytes())
                    .add("arch", b.settings.arch.name().as_bytes())
                    .add("sample", sample.said().as_bytes())
                    .add("quick", &[u8::from(b.settings.quick)])
                    .add_file(&explained),
                tree,
            })
        },
        || judge(b, &toolbox, &repository, &sample),
    )
}

fn judge(
    b: &Builder,
    toolbox: &Toolbox,
    repository: &Repository,
    sample: &Sample,
) -> Result<Outcome> {
    let compiler = Compiler::new(b, repository, toolbox, Arch::Um);
    let tree = repository.tree(Branch::Fixed)?;
    let inputs = Inputs::default()
        .add("tree", tree.as_bytes())
        .add("toolchain", b.settings.toolchain_identity.as_bytes())
        .add("judge", JUDGE.as_bytes());
    let (all, harness, key) = b.long("mutants", "mutants", |log| {
        let mut all = compiler.generate(repository, log)?;
        sample.check_id(all.all().map(|(_, _, one)| one.id.as_str()))?;
        let sorted = Sorted {
            file: b.settings.base_build().join("mutants/sorted"),
            key: sorted::key(inputs, &all),
        };
        if let Some([refused, same, without]) = sorted.known(b.settings.force)? {
            (all.refused, all.same) = (refused, same);
            return Ok((all, Harness::built(b, toolbox, without), sorted.key));
        }
        compiler.sort_out(&mut all, log)?;
        let harness = Harness::new(b, toolbox, repository, &all, log)?;
        sorted.write([&all.refused, &all.same, &harness.without])?;
        Ok((all, harness, sorted.key))
    })?;
    let mut run = Run {
        b,
        all: &all,
        kept: Kept {
            dir: b.settings.base_build().join("results/mutants"),
            inputs: key,
        },
        table: Table::new(&b.console, vec![Column::Left(58), Column::Right(6)]),
        killed: BTreeMap::new(),
        took: BTreeMap::new(),
        layers: Vec::new(),
    };

    run.all_layers(&compiler, repository, &harness, sample)
}

struct Run<'a> {
    b: &'a Builder,
    all: &'a Generated,
    kept: Kept,
    table: Table<'a>,
    /// By number: what has killed it.
    killed: BTreeMap<usize, String>,
    /// By number: how long the layers took that it was given to.
    took: BTreeMap<usize, Duration>,
    /// A line for each layer.
    layers: Vec<String>,
}

impl Run<'_> {
    fn all_layers(
        &mut self,
        compiler: &Compiler<'_>,
        repository: &Repository,
        harness: &Harness<'_>,
        sample: &Sample,
    ) -> Result<Outcome> {
        let settings = &self.b.settings;
        let ids: Vec<&str> = self
            .all
            .all()
            .filter(|(_, _, one)| self.all.is_viable(one))
            .map(|(_, _, one)| one.id.as_str())
            .collect();
        let chosen = sample.of(&ids);
        if chosen.is_empty() {
            return Err(sample.none());
        }

        self.table.line(&format!(
            "linux {}: {} mutants: {} do not compile, {} are the same code, {} can be told; \
             {}: {}",
            settings.base,
            self.all.all().count(),
            self.all.refused.len(),
            self.all.same.len(),
            ids.len(),
            sample.said(),
            chosen.len()
        ));
        let all = self.all;
        let chosen: Vec<&Mutant> = all
            .all()
            .map(|(_, _, one)| one)
            .filter(|one| chosen.contains(&one.id.as_str()))
            .collect();
        if settings.only.is_some() {
            for (file, _, one) in all.all().filter(|(_, _, one)| chosen.contains(one)) {
                self.b.console.say(diff(self.b, repository, file, one)?);
            }
        }

        self.ask_harness(harness, Part::Quick, &chosen)?;
        if !settings.quick {
            self.ask_harness(harness, Part::Rest, &chosen)?;
        }
        self.ask_kernel(compiler, repository, &chosen)?;
        if settings.arch == Arch::X86_64 {
            // The tools of that machine have no compilers.
            let compiler = Compiler::new(self.b, repository, &compiler.toolbox, Arch::X86_64);
            self.ask_kernel(&compiler, repository, &chosen)?;
        }
        self.end(&chosen, &ids, &repository.tree(Branch::Fixed)?)
    }

    fn ask_harness(&mut self, harness: &Harness<'_>, part: Part, chosen: &[&Mutant]) -> Result<()> {
        let limits = || harness.limits(part);

        self.layer(part.name(), chosen, limits, |limits, mutant| match harness
            .without
            .contains(&mutant.number)
        {
            true => Ok(Caught::Survived),
            false => harness.ask(mutant, part, limits),
        })
    }

    fn ask_kernel(
        &mut self,
        compiler: &Compiler<'_>,
        repository: &Repository,
        chosen: &[&Mutant],
    ) -> Result<()> {
        let all = self.all;
        let build = || Kernel::new(compiler, repository, all);

        self.layer(
            compiler.kunit.arch.name(),
            chosen,
            build,
            |kernel, mutant| kernel.ask(mutant.number, &mutant.id),
        )
    }

    /// Has a layer judge those that have survived so far. `prepare` is called if there is one that
    /// nothing is known of; its time is not that of a mutant.
    fn layer<T>(
        &mut self,
        name: &str,
        chosen: &[&Mutant],
        prepare: impl Fn() -> Result<T>,
        ask: impl Fn(&T, &Mutant) -> Result<Caught>,
    ) -> Result<()> {
        let (mut layer, mut prepared) = (Layer::default(), None);

        for mutant in chosen {
            if self.killed.contains_key(&mutant.number) {
                continue;
            }
            let kept = self.kept.get(name, &mutant.id);
            let known = match kept.filter(|_| !self.b.settings.force) {
                Some(known) => known,
                None => {
                    let prepared = match &prepared {
                        Some(prepared) => prepared,
                        None => prepared.insert(prepare()?),
                    };
                    let begun = Instant::now();
                    let by = match ask(prepared, mutant)? {
                        Caught::By { place, what } => Some(format!("{place}: {what}")),
                        Caught::Survived => None,
                        Caught::Undecided => {
                            return Err(Error::failed(format!(
                                "{}: {name} says nothing",
                                mutant.id
                            )))
                        }
                    };
                    let known = Known {
                        took: begun.elapsed(),
                        by,
                    };
                    self.kept.put(name, &mutant.id, &known)?;
                    known
                }
            };
            layer.tried += 1;
            layer.took += known.took;
            *self.took.entry(mutant.number).or_default() += known.took;
            let seconds = format!("{:.1} s", known.took.as_secs_f64());
            match known.by {
                Some(by) => {
                    layer.killed += 1;
                    self.table
                        .row(&[&mutant.id, &seconds, &format!("{name}: {by}")]);
                    self.killed.insert(mutant.number, by);
                }
                None => self
                    .b
                    .console
                    .say(format!("{}: survived {name}, {seconds}", mutant.id)),
            }
        }
        let line = layer.line(name);
        self.table.line(&line);
        self.layers.push(line);
        Ok(())
    }

    fn end(&mut self, chosen: &[&Mutant], ids: &[&str], tree: &str) -> Result<Outcome> {
        let settings = &self.b.settings;
        let explained = Explained::read(settings);
        let mut results = Vec::new();
        let mut bad = 0;

        for (file, _, mutant) in self.all.all() {
            if !chosen.iter().any(|one| one.number == mutant.number) {
                continue;
            }
            let why = explained.0.get(&mutant.id);
            let (verdict, said) = match (self.killed.get(&mutant.number), why) {
                (Some(by), None) => (Verdict::Killed, by.clone()),
                (Some(by), Some(_)) => (Verdict::Wrong, format!("explained, but killed: {by}")),
                (None, Some(why)) => (Verdict::Explained, why.clone()),
                (None, None) => (Verdict::Survived, format!("{}:{}", file.path, mutant.line)),
            };
            if matches!(verdict, Verdict::Wrong | Verdict::Survived) {
                bad += 1;
            }
            if verdict != Verdict::Killed {
                self.table
                    .row(&[mutant.id.as_str(), "", &format!("{verdict:?}: {said}")]);
            }
            results.push(written::Result {
                id: mutant.id.clone(),
                took: self.took.get(&mutant.number).copied().unwrap_or_default(),
                verdict,
                said,
            });
        }
        for id in explained.0.keys().filter(|id| !ids.contains(&id.as_str())) {
            self.table
                .line(&format!("{id}: explained, but no such mutant is generated"));
            bad += 1;
        }
        let count = |verdict| results.iter().filter(|one| one.verdict == verdict).count();
        let killed = count(Verdict::Killed);
        let score = score(&settings.base, &results);
        self.table.line(&score);
        let file = settings.base_build().join("mutants.txt");
        self.table.keep(&file)?;
        let xml = file.with_extension("xml");
        write_whole(&xml, written::junit(&settings.base, &results).as_bytes())?;
        let json = file.with_extension("json");
        let text = serde_json::to_string_pretty(&written::kcidb(&settings.base, tree, &results))
            .or_say(|| "cannot write results")?;
        write_whole(&json, text.as_bytes())?;
        let survivors = results
            .iter()
            .filter(|one| one.verdict == Verdict::Survived);
        let details = Mutants {
            score: score.clone(),
            layers: self.layers.clone(),
            survivors: survivors
                .map(|one| format!("{}: {}", one.id, one.said))
                .collect(),
            ..Mutants::default()
        };
        Ok(Outcome {
            details: serde_json::to_value(details).or_say(|| "cannot keep results")?,
            passed: killed as u64,
            failed: bad,
            skipped: count(Verdict::Explained) as u64,
            text: format!("{score}\n"),
            files: vec![file, xml, json],
            ..Outcome::default()
        })
    }
}

/// What a mutant changes.
fn diff(b: &Builder, repository: &Repository, file: &File, mutant: &Mutant) -> Result<String> {
    let texts = vec![(file.path, mutant.applied(&file.text))];
    let tree = tree_with_texts(b, repository, texts)?;

    repository.git().read(["diff", "fixed", &tree])
}
