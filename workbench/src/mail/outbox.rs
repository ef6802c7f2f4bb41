// SPDX-License-Identifier: GPL-2.0

//! Where mails wait, and where it is noted what was sent.

use super::Series;
use crate::error::{Context, Error, Result};
use crate::settings::Settings;
use crate::stamp::{write_whole, Inputs};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub(super) struct Outbox {
    pub(super) dir: PathBuf,
    pub(super) sent: PathBuf,
}

/// What the mails of a section were made from, in a file beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) made_from: String,
    pub(super) version: u32,
    /// For each patch, what of its body is kept after it was sent, if that is not all of it.
    #[serde(default)]
    pub(super) records: Vec<Option<String>>,
}

impl State {
    /// `letter` is the cover letter's template.
    pub(super) fn new(series: &Series, letter: &Path, version: u32) -> State {
        let inputs = Inputs::default()
            .add("series", series.commit.as_bytes())
            .add("letter", &fs::read(letter).unwrap_or_default());

        State {
            made_from: inputs.hash(),
            version,
            records: Vec::new(),
        }
    }
}

/// The template of a section's cover letter.
pub(super) fn letter(settings: &Settings, section: &str) -> PathBuf {
    settings.patches().join(format!("cover-{section}"))
}

/// Whether this is a cover letter, `[vN-]0000-cover-letter.patch`.
pub(super) fn is_cover(mail: &Path) -> bool {
    mail.file_name()
        .is_some_and(|name| name.to_string_lossy().ends_with("0000-cover-letter.patch"))
}

/// The mails of a folder in their order, the cover letter first.
pub(super) fn mails_in(dir: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read {}", dir.display());
    let mut mails = Vec::new();

    for entry in fs::read_dir(dir).or_say(cannot)? {
        let path = entry.or_say(cannot)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "patch")
        {
            mails.push(path);
        }
    }
    mails.sort();
    Ok(mails)
}

impl Outbox {
    pub(super) fn new(settings: &Settings) -> Outbox {
        Outbox {
            dir: settings.base_build().join("outgoing"),
            sent: settings.patches().join("sent"),
        }
    }

    /// The mails of a section.
    pub(super) fn section(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn state_file(&self, section: &str) -> PathBuf {
        self.dir.join(format!("{section}.json"))
    }

    /// What the mails that are there were made from.
    pub(super) fn state(&self, section: &str) -> Option<State> {
        let text = fs::read_to_string(self.state_file(section)).ok()?;

        serde_json::from_str(&text).ok()
    }

    pub(super) fn set_state(&self, section: &str, state: &State) -> Result<()> {
        let text = serde_json::to_string(state).or_say(|| "cannot note a state")?;

        write_whole(&self.state_file(section), text.as_bytes())
    }

    /// Takes the place of what is there.
    pub(super) fn replace_by(&self, new: &Path) -> Result<()> {
        let cannot = || format!("cannot write {}", self.dir.display());

        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).or_say(cannot)?;
        }
        fs::rename(new, &self.dir).or_say(cannot)
    }

    pub(super) fn sent_as(&self, section: &str, version: u32) -> PathBuf {
        self.sent.join(format!("{section}-v{version}"))
    }

    /// The version of a section that was sent last.
    pub(super) fn last_sent(&self, section: &str) -> Option<u32> {
        let prefix = format!("{section}-v");

        fs::read_dir(&self.sent)
            .ok()?
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                name.to_string_lossy().strip_prefix(&prefix)?.parse().ok()
            })
            .max()
    }

    /// Keeps what was sent, without texts that are upstream's.
    pub(super) fn note_sent(&self, section: &str, version: u32) -> Result<PathBuf> {
        let to = self.sent_as(section, version);
        let cannot = || {
            format!(
                "cannot write {}: copy the mails there yourself",
                to.display()
            )
        };

        fs::create_dir_all(&self.sent).or_say(cannot)?;
        let aside = tempfile::Builder::new()
            .prefix(".tmp.")
            .tempdir_in(&self.sent)
            .or_say(cannot)?;
        // A temporary folder is the owner's alone, one in it is not.
        let new = aside.path().join(section);
        fs::create_dir(&new).or_say(cannot)?;
        let state = self.state(section);
        let records = state.map(|state| state.records).unwrap_or_default();
        let (covers, mails): (Vec<_>, Vec<_>) = mails_in(&self.section(section))?
            .into_iter()
            .partition(|mail| is_cover(mail));
        let mut texts = Vec::new();

        for (n, mail) in mails.iter().enumerate() {
            let text = fs::read_to_string(mail).or_say(cannot)?;
            texts.push(match records.get(n) {
                Some(Some(record)) => (mail, with_body(&text, record)),
                _ => (mail, text),
            });
        }
        for cover in &covers {
            let text = fs::read_to_string(cover).or_say(cannot)?;
            texts.push(match records.iter().any(Option::is_some) {
                true => (cover, without_range_diff(&text)),
                false => (cover, text),
            });
        }
        for (mail, text) in texts {
            fs::write(new.join(mail.file_name().unwrap_or_default()), text).or_say(cannot)?;
        }
        fs::rename(&new, &to).or_say(cannot)?;
        Ok(to)
    }

    /// Fails unless the mails are there and of the present state of the series. Returns their
    /// version.
    pub(super) fn check_fresh(
        &self,
        settings: &Settings,
        series: &Series,
        section: &str,
    ) -> Result<u32> {
        let base = &settings.base;
        let there = self.state(section).ok_or_else(|| {
            Error::usage(format!(
                "there are no mails in {}: make series BASE={base} first",
                settings.shown(&self.section(section))
            ))
        })?;
        let version = there.version;

        let now = State::new(series, &letter(settings, section), version);

        if there.made_from != now.made_from {
            return Err(Error::usage(format!(
                "the patches or the cover letter changed since make series: make series \
                 BASE={base} VERSION={version} again"
            )));
        }
        Ok(version)
    }
}

/// A mail with another text in front of its patch.
fn with_body(mail: &str, body: &str) -> String {
    let header = mail.split_once("\n\n").map_or("", |(header, _)| header);
    let patch = mail.split_once("\n---\n").map_or("", |(_, patch)| patch);

    format!("{header}\n\n{body}\n---\n{patch}")
}

/// A cover letter without what may quote the patches.
fn without_range_diff(mail: &str) -> String {
    let mut text = String::new();
    let mut left_out = false;

    for line in mail.lines() {
        left_out |= line.starts_with("Range-diff against ");
        left_out &= !line.starts_with("base-");
        if !left_out {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_another_text() {
        let mail = "Subject: s\nTo: a\n\nTheir text.\n\nMore.\n---\n a | 2 +-\n\ndiff\n---\n";

        assert_eq!(
            with_body(mail, "Our note."),
            "Subject: s\nTo: a\n\nOur note.\n---\n a | 2 +-\n\ndiff\n---\n"
        );
    }

    #[test]
    fn a_cover_letter_is_kept_without_its_range_diff() {
        let mail =
            "Subject: s\n\nText.\n\nRange-diff against v1:\n1: their text\n\nbase-tree: 12\n-- \n";

        assert_eq!(
            without_range_diff(mail),
            "Subject: s\n\nText.\n\nbase-tree: 12\n-- \n"
        );
        assert_eq!(without_range_diff("a\n"), "a\n");
    }
}
