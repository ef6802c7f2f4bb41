// SPDX-License-Identifier: GPL-2.0

//! `make lint`: what reviewers' tools would say. Two tables, of each patch by itself and of all
//! patches of a section at once, also in `build/BASE/lint.txt` (with QUICK=1 in
//! `lint-quick.txt`); details in the logs.
//!
//! A field "-" means that there is nothing of that kind in the patch, "ok*" that there is something
//! which `patches/BASE/lint` explains.

mod analysers;
mod check;
pub(crate) mod checkpatch;
mod coccinelle;
pub(crate) mod complaints;
pub(crate) mod explained;
mod kernel_doc;
mod known;
mod patch;
mod section;
mod style;
mod tables;

pub(crate) use style::style;

use crate::build::kbuild::Work;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::Result;
use crate::git::Git;
use crate::outcome::{self, Outcome, Tested};
use crate::settings::Arch;
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::run_tree::RunTree;
use crate::tree::series::{Section, Series};
use crate::tree::suites::Suites;
use check::Change;
use explained::Explained;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use tables::{Row, Tables};

/// What is looked at, and with what.
struct Lint<'a> {
    b: &'a Builder,
    repository: Repository,
    toolbox: Toolbox,
    /// There for checks of sections only.
    mail: Option<Toolbox>,
    /// The whole series.
    tree: PathBuf,
    explained: Explained,
    sections: Vec<Section>,
}

pub(crate) fn lint(b: &Builder) -> Result<Outcome> {
    let lint = Lint {
        b,
        sections: Series::new(&b.settings).chosen_sections()?,
        toolbox: b.ensure(Sysroot(Tools::Build))?,
        mail: match b.settings.quick {
            true => None,
            false => Some(b.ensure(Sysroot(Tools::Mail))?),
        },
        repository: b.ensure(Branches)?,
        tree: b.ensure(RunTree {
            branch: Branch::Fixed,
        })?,
        explained: Explained::read(&b.settings),
    };
    let outcome = outcome::test(
        b,
        "checks of reviewers' tools",
        &lint.name(),
        || lint.tested(),
        || lint.run(),
    )?;

    if outcome.reused {
        b.console.say(read_lossy(&lint.table()));
    }
    Ok(outcome)
}

impl Lint<'_> {
    /// The name of the result: a part of the checks does not replace that of all.
    fn name(&self) -> String {
        let settings = &self.b.settings;
        let mut name = "lint".to_string();

        if settings.quick {
            name.push_str("-quick");
        }
        if let Some(section) = &settings.section {
            name = format!("{name}-{section}");
        }
        name
    }

    fn table(&self) -> PathBuf {
        let name = format!("{}.txt", self.name());

        self.b.settings.base_build().join(name)
    }

    /// What is added to the options that suites ask for.
    fn suites_configs(&self) -> [PathBuf; 2] {
        Suites::ALL.map(|suites| suites.config(&self.b.settings, Arch::Um))
    }

    /// The options of all suites, so that there is a configuration for each file of the series.
    fn config(&self, git: &Git) -> Result<String> {
        let mut config = String::new();

        for (suites, added) in Suites::ALL.iter().zip(self.suites_configs()) {
            let asked = format!("fixed:{}/.kunitconfig", suites.folder());
            if git.find(&asked)?.is_some() {
                config += &git.read(["show", &asked])?;
                config.push('\n');
                config += &read_lossy(&added);
            }
        }
        // It makes no difference to what is said, only to the time that it takes.
        config.push_str("# CONFIG_KASAN is not set\n");
        Ok(config)
    }

    fn tested(&self) -> Result<Tested> {
        let settings = &self.b.settings;

        let inputs = Inputs::default()
            .add("fixed", self.repository.git().id("fixed")?.as_bytes())
            .add_file(&settings.patches().join("lint"));

        Ok(Tested {
            inputs: self
                .suites_configs()
                .iter()
                .fold(inputs, |inputs, file| inputs.add_file(file)),
            tree: self.repository.tree(Branch::Fixed)?,
        })
    }

    /// What the tools are: of the kernel's own, those that the tree has.
    fn tools(&self) -> Result<Inputs> {
        let git = self.repository.git();
        let mut inputs = Inputs::default();

        for path in ["scripts", "MAINTAINERS", ".rustfmt.toml"] {
            let id = git.find(&format!("fixed:{path}"))?.unwrap_or_default();
            inputs = inputs.add(path, id.as_bytes());
        }
        Ok(inputs)
    }

    fn run(&self) -> Result<Outcome> {
        let git = self.repository.git();
        let mut tables = Tables::new(self.b, &git, &self.explained);

        self.patches(&mut tables)?;
        if let Some(mail) = &self.mail {
            tables.table.line("");
            self.sections(mail, &mut tables)?;
        }
        for line in self.explained.lines() {
            tables.table.line(&line);
        }
        for trouble in self.unknown()? {
            let file = self.b.settings.patches().join("lint");
            let shown = self.b.settings.shown(&file);
            tables.table.line(&format!("{shown}: {trouble}"));
            tables.failed += 1;
        }
        tables.table.keep(&self.table())?;
        Ok(Outcome {
            passed: tables.passed,
            failed: tables.failed,
            text: tables.verdict(),
            letter: letter(),
            files: vec![self.table()],
            ..Outcome::default()
        })
    }

    /// Explanations that no check would ever look at.
    fn unknown(&self) -> Result<Vec<String>> {
        let git = self.repository.git();
        let mut known = Vec::new();

        for section in Series::new(&self.b.settings).sections() {
            known.push((section.name.to_string(), &analysers::EXPLAINED[..]));
            for commit in self.repository.section(section.name, "fixed")? {
                let slug = git.read(["log", "-1", "--format=%f", &commit])?;
                known.push((slug, &patch::EXPLAINED[..]));
            }
        }
        Ok(self.explained.unknown(&known))
    }

    fn patches(&self, tables: &mut Tables<'_>) -> Result<()> {
        let git = self.repository.git();
        let tools = self.tools()?;

        tables.header(&patch::checks(), "patch");
        for section in &self.sections {
            let commits = self.repository.section(section.name, "fixed")?;
            for (number, commit) in (section.first..).zip(commits) {
                let subject = git.read(["log", "-1", "--format=%s", &commit])?;
                let patch = patch::Patch {
                    b: self.b,
                    git: &git,
                    toolbox: &self.toolbox,
                    tree: &self.tree,
                    explained: &self.explained,
                    slug: git.read(["log", "-1", "--format=%f", &commit])?,
                    change: Change {
                        before: git.id(&format!("{commit}^"))?,
                        after: commit,
                    },
                };
                let row = Row {
                    name: format!("{number:04}"),
                    about: &patch.slug,
                    change: &patch.change,
                    text: &subject,
                    inputs: &tools,
                    announced: false,
                };
                tables.row(&row, &patch::checks(), &patch)?;
            }
        }
        Ok(())
    }

    fn sections(&self, mail: &Toolbox, tables: &mut Tables<'_>) -> Result<()> {
        let git = self.repository.git();
        let work = Work::new(&self.b.settings, "lint", &self.repository, &self.toolbox);
        let said = RefCell::new(HashMap::new());
        let config = self.config(&git)?;
        let tools = self.tools()?.add("config", config.as_bytes());

        tables.header(&analysers::checks(), "against the base");
        for section in &self.sections {
            let commits = self.repository.section(section.name, "fixed")?;
            let (Some(first), Some(last)) = (commits.first(), commits.last()) else {
                continue;
            };
            let checked = section::Section {
                git: &git,
                work: &work,
                mail,
                jobs: self.b.settings.jobs,
                change: Change {
                    before: git.id(&format!("{first}^"))?,
                    after: last.clone(),
                },
                suites_config: &config,
                name: section.name,
                explained: &self.explained,
                said: &said,
            };
            let row = Row {
                name: section.name.to_string(),
                about: section.name,
                change: &checked.change,
                text: &format!("{} patches", commits.len()),
                inputs: &tools,
                announced: true,
            };
            tables.row(&row, &analysers::checks(), &checked)?;
        }
        Ok(())
    }
}

/// What a cover letter says of it.
fn letter() -> String {
    "nothing new from checkpatch --strict, codespell, kernel-doc, rustfmt,\n  \
     sparse, W=1, coccicheck, clippy, rusttest and rustdoc\n"
        .to_string()
}
