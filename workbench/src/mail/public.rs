// SPDX-License-Identifier: GPL-2.0

//! What reproduces the defect stays out of public mails until its security team and maintainers
//! were told: Documentation/process/security-bugs.rst. Which section has or describes a
//! reproducer is written down in `patches/BASE/reproducers`, a line for each section:
//!
//! ```text
//! fix: the cover letter tells which system calls it takes
//! improve: none
//! ```

use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::tree::series::{section_names, Section};
use std::path::PathBuf;

/// What the file says about a section that has none.
const NONE: &str = "none";

fn file(settings: &Settings) -> PathBuf {
    settings.patches().join("reproducers")
}

/// What of a section is a reproducer; nothing if nothing is. A section that nobody has decided on
/// is an error.
pub(super) fn reproducer(settings: &Settings, section: &str) -> Result<Option<String>> {
    let file = file(settings);
    let shown = settings.shown(&file);
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut found = None;

    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, what) = line.split_once(':').unwrap_or((line, ""));
        if Section::named(name).is_none() || what.trim().is_empty() {
            return Err(Error::usage(format!(
                "{shown}: line {number} is not \"SECTION: WHAT\"; sections are {}",
                section_names()
            )));
        }
        if name == section {
            found = Some(what.trim().to_string());
        }
    }
    let Some(what) = found else {
        return Err(Error::usage(format!(
            "{shown} does not say whether section {section} has or describes a reproducer: add \
             \"{section}: none\" or what it is"
        )));
    };
    Ok((what != NONE).then_some(what))
}

/// Fails for a section that has a reproducer, unless the user has said that it may be public.
pub(super) fn check(settings: &Settings, section: &str) -> Result<()> {
    match reproducer(settings, section)? {
        Some(what) if !settings.mail.public => Err(Error::usage(format!(
            "section {section} would make a reproducer public ({what}): have you followed \
             Documentation/process/security-bugs.rst, as HACKING.md says? Then PUBLIC=yes"
        ))),
        _ => Ok(()),
    }
}
