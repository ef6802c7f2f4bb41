// SPDX-License-Identifier: GPL-2.0

//! The series as mails: one thread for the fix, one for what improves it, one for the facility, one
//! for the tests, one for what they have found elsewhere, each with a cover letter, as they are for
//! different lists.
//!
//! `git format-patch` and `git range-diff` write them, `git send-email` sends them, and `b4 am`
//! receives them in [`loopback`]. `b4 prep` does not write them: it tracks one series per branch of
//! a clone with a work tree, where here up to five series are one branch of a bare repository, and it
//! sends all mails of a series to the same people, where each patch here has its own. It also has
//! no name for a base that is a tarball, and keeps what was sent as tags, which a fresh clone of
//! this project has none of.
//!
//! ```text
//! build/BASE/outgoing/SECTION/         the mails, with To and Cc, the cover letter first
//! build/BASE/outgoing/SECTION.json     what they were made from
//! patches/BASE/sent/SECTION-vN/        what was sent as version N
//! ```

mod commits;
mod cover;
mod length;
pub(crate) mod loopback;
mod outbox;
mod public;
mod recipients;
pub(crate) mod send;
mod sender;
mod sent;
pub(crate) mod series;
mod upstream;

#[cfg(test)]
mod attribution;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod toy;

use crate::builder::Builder;
use crate::error::{Error, Result};
use crate::git::Git;
use crate::settings::Settings;
use crate::tree::branches::{Branch, Repository};
use crate::tree::series::{FIX, SECTIONS};

/// A section. Each is mailed as a thread of its own.
#[derive(Clone, Debug)]
struct Section {
    name: &'static str,
    /// As they are mailed: those of the facility are on the base itself.
    commits: Vec<String>,
    /// The git tree with all sections up to this one.
    tree: String,
}

/// The series as the patches have it now.
#[derive(Clone, Debug)]
struct Series {
    git: Git,
    /// The release that it is on, such as `6.18.15`.
    version: String,
    /// The tip: which patches there are, and on which base.
    commit: String,
    /// The git tree of the tip, by which results of tests know what was tested.
    tree: String,
    sections: Vec<Section>,
}

impl Series {
    /// Whether there is a fix: newer bases have it themselves.
    fn has_fix(&self) -> bool {
        self.sections.iter().any(|section| section.name == FIX.name)
    }

    fn of(repository: &Repository) -> Result<Series> {
        let git = repository.git();
        let mut sections = Vec::new();

        for section in SECTIONS {
            let name = section.name;
            let fixed = repository.section(name, Branch::Fixed.name())?;
            if let Some(last) = fixed.last() {
                sections.push(Section {
                    name,
                    commits: repository.section(name, Branch::of(section).name())?,
                    tree: git.id(&format!("{last}^{{tree}}"))?,
                });
            }
        }
        Ok(Series {
            version: repository.source.version()?,
            commit: git.id(Branch::Fixed.name())?,
            tree: repository.tree(Branch::Fixed)?,
            git,
            sections,
        })
    }

    /// Those sections that the user wants: `SECTION`, or all there are.
    fn chosen(&self, settings: &Settings) -> Result<Vec<&Section>> {
        let known: Vec<&str> = self.sections.iter().map(|section| section.name).collect();

        if known.is_empty() {
            let patches = settings.shown(&settings.patches());
            return Err(Error::usage(format!(
                "{patches} has no patches to be mailed"
            )));
        }
        let Some(wanted) = &settings.section else {
            return Ok(self.sections.iter().collect());
        };
        match self.sections.iter().find(|section| section.name == wanted) {
            Some(section) => Ok(vec![section]),
            None => Err(Error::usage(format!(
                "no section {wanted} of linux {}: known are {}",
                settings.base,
                known.join(" ")
            ))),
        }
    }
}

/// Who sends: whom git knows, in this project.
fn sender(b: &Builder) -> Result<sender::Sender> {
    sender::Sender::find(&Git::tree(&b.settings.dirs.top).with_users_settings())
}
