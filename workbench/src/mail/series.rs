// SPDX-License-Identifier: GPL-2.0

//! `make series`: the mails, ready to be read once more and sent, in `build/BASE/outgoing`. Each
//! section gets a cover letter with the numbers of what was run, and a range-diff against the
//! version that was sent last, if one was.

use super::commits::Commits;
use super::cover::{self, Letter, Values};
use super::outbox::{self, is_cover, mails_in, Outbox, State};
use super::recipients::{Maintainers, Recipients};
use super::sender::Sender;
use super::sent::{self, Sent};
use super::upstream::Upstream;
use super::{length, Section, Series};
use crate::builder::Builder;
use crate::error::{Context, Error, Result};
use crate::git::Git;
use crate::lint::explained::Explained;
use crate::settings::{MailSettings, Settings};
use crate::toolchain::{Sysroot, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::run_tree::RunTree;
use crate::tree::series::FIX;
use std::fs;
use std::path::Path;

pub(crate) fn run(b: &Builder) -> Result<()> {
    let repository = b.ensure(Branches)?;
    let mut ready = None;

    b.quick("numbers for the cover letters", || {
        let series = Series::of(&repository)?;
        series.chosen(&b.settings)?;
        let sender = super::sender(b)?;
        let upstream = Upstream::find(&b.settings)?;
        let values = Values::of_last_runs(b, &series)?;
        ready = Some((series, sender, upstream, values));
        Ok(())
    })?;
    let maintainers = Maintainers {
        tree: b.ensure(RunTree {
            branch: Branch::Fixed,
        })?,
        tools: b.ensure(Sysroot(Tools::Build))?,
    };
    let outbox = Outbox::new(&b.settings);
    let mut said = Vec::new();

    b.work("mails, and who gets them", "series", |_| {
        let Some((series, sender, upstream, values)) = &ready else {
            return Ok(());
        };
        let writer = Writer {
            settings: &b.settings,
            mail: &b.settings.mail,
            series,
            sender,
            outbox: &outbox,
            values,
            recipients: &|section, mail| maintainers.of(section, mail),
            upstream: upstream.as_ref(),
        };
        said = writer.write(b)?;
        if !b.settings.mail.signoff {
            said.push(format!(
                "without a Signed-off-by: SIGNOFF=1 adds that of {}",
                sender.address()
            ));
        }
        Ok(())
    })?;
    for line in said {
        b.console.say(line);
    }
    Ok(())
}

/// Writes the mails of all sections.
pub(super) struct Writer<'a> {
    pub(super) settings: &'a Settings,
    pub(super) mail: &'a MailSettings,
    pub(super) series: &'a Series,
    pub(super) sender: &'a Sender,
    pub(super) outbox: &'a Outbox,
    pub(super) values: &'a Values,
    /// Who gets a mail of a section.
    pub(super) recipients: &'a dyn Fn(&str, &Path) -> Result<Recipients>,
    pub(super) upstream: Option<&'a Upstream>,
}

impl Writer<'_> {
    /// All or nothing. Returns what there is to tell.
    pub(super) fn write(&self, b: &Builder) -> Result<Vec<String>> {
        let work = b.temporary_dir()?;
        let new = Outbox {
            dir: work.path().join("outgoing"),
            sent: self.outbox.sent.clone(),
        };
        let mut said = Vec::new();

        // A letter that is missing is found before anything takes its time.
        let letters = self
            .series
            .sections
            .iter()
            .map(|section| Ok((section, self.letter(section)?)))
            .collect::<Result<Vec<(&Section, Letter)>>>()?;
        for (section, letter) in letters {
            let name = section.name;
            let commits = Commits::new(self.series, section, self.sender, self.upstream)?;
            said.extend(self.mails(name, &commits, &letter, &new.section(name), work.path())?);
            let letter = outbox::letter(self.settings, name);
            let state = State {
                records: commits.records,
                ..State::new(self.series, &letter, self.mail.version)
            };
            new.set_state(name, &state)?;
            said.push(format!(
                "  {}: {} mails",
                self.settings.shown(&self.outbox.section(name)),
                mails_in(&new.section(name))?.len()
            ));
            if commits.unattributed > 0 {
                said.push(format!(
                    "  {} of them name a commit of mainline, with none of its text: UPSTREAM=path \
                     of a clone takes author, text and tags from there",
                    commits.unattributed
                ));
            }
        }
        self.outbox.replace_by(&new.dir)?;
        Ok(said)
    }

    fn letter(&self, section: &Section) -> Result<Letter> {
        let path = outbox::letter(self.settings, section.name);
        let shown = self.settings.shown(&path);
        let template = fs::read_to_string(&path).map_err(|_| {
            Error::usage(format!(
                "{shown} is missing: write the cover letter, a Subject line and a text"
            ))
        })?;

        // Only stable counts lines.
        if section.name != FIX.name {
            return cover::fill(&template, &shown, self.values);
        }
        let lint = Explained::read(self.settings);
        let long = length::in_words(self.series, section, &lint, &self.settings.base)?;

        cover::fill(&template, &shown, &self.values.with("LONG", long))
    }

    /// The mails of a section into a folder. Returns what there is to tell.
    fn mails(
        &self,
        name: &str,
        commits: &Commits,
        letter: &Letter,
        to: &Path,
        work: &Path,
    ) -> Result<Vec<String>> {
        let git = &self.series.git;
        let Commits { begin, tip, .. } = commits;
        let branch = format!("outgoing-{name}");
        let mut options = Vec::new();
        let mut said = Vec::new();
        let last = self.outbox.last_sent(name);

        git.run(["update-ref", &format!("refs/heads/{branch}"), tip])?;
        if self.mail.version > 1 {
            options.push(format!("--reroll-count={}", self.mail.version));
        }
        if self.mail.signoff {
            options.push("--signoff".into());
        }
        if let Some(id) = &self.mail.in_reply_to {
            options.push(format!("--in-reply-to={id}"));
        }
        if let Some(last) = last {
            let sent = self.outbox.sent_as(name, last);
            let sent_commits = Sent {
                git,
                sender: self.sender,
                upstream: self.upstream,
                work,
            };
            match sent_commits.commits(&sent, begin) {
                Ok(previous) => {
                    // Kept, so that the user can look at it, too.
                    let kept = format!("refs/sent/{name}-v{last}");
                    git.run(["update-ref", &kept, &previous])?;
                    options.push(format!("--range-diff={begin}..{kept}"));
                }
                Err(error) => said.push(format!(
                    "  no range-diff against version {last}: linux {}, {}: {error}",
                    self.series.version,
                    self.settings.shown(&sent)
                )),
            }
        }
        let description = format!(
            "branch.{branch}.description={}\n\n{}\n",
            letter.subject, letter.text
        );
        self.sender
            .as_author(git)
            .cmd(["-c", "format.useAutoBase=false", "-c", &description])
            .args(["format-patch", "-q", "--cover-letter", "-o"])
            .arg(to)
            .args(["--cover-from-description=subject", "--thread=shallow"])
            .arg(format!("--subject-prefix={}", self.prefix(name)))
            .arg("--base=base")
            .args(&options)
            .arg(format!("{begin}..refs/heads/{branch}"))
            .checked()?;
        self.finish(name, to, last)?;
        Ok(said)
    }

    /// As the stable team wants it: the tree that the fix is for. The other sections go to mainline
    /// first, which has the fix; where it is missing they name the base. Older git forgets the
    /// prefix at `--rfc`.
    fn prefix(&self, section: &str) -> String {
        let base = &self.settings.base;
        let rfc = if self.mail.rfc { "RFC " } else { "" };

        match section {
            section if section == FIX.name => format!("{rfc}PATCH {base}.y"),
            _ if self.series.has_fix() => format!("{rfc}PATCH {base}"),
            _ => format!("{rfc}PATCH"),
        }
    }

    /// What format-patch cannot know: how others know the base, which version the range-diff is
    /// against, and who gets each mail.
    fn finish(&self, section: &str, dir: &Path, last: Option<u32>) -> Result<()> {
        let mut each = Vec::new();
        let rewrite = |mail: &Path, change: &dyn Fn(String) -> String| {
            let cannot = || format!("cannot write {}", mail.display());
            let text = fs::read_to_string(mail).or_say(cannot)?;
            fs::write(mail, change(text)).or_say(cannot)
        };
        let (covers, mails): (Vec<_>, Vec<_>) =
            mails_in(dir)?.into_iter().partition(|mail| is_cover(mail));
        let base = base_line(self.settings, self.series)?;
        let last = last.map(|version| Previous {
            version,
            id: sent::cover_id(&self.outbox.sent_as(section, version)),
        });

        for mail in &mails {
            let recipients = (self.recipients)(section, mail)?;
            rewrite(mail, &|text| recipients.address(&text))?;
            each.push(recipients);
        }
        let all = Recipients::all(&each);
        for cover in &covers {
            rewrite(cover, &|text| {
                let text = correct_cover(&text, &base, self.mail.version, last.as_ref());
                all.address(&text)
            })?;
        }
        Ok(())
    }
}

/// The version that was sent last, and the message id of its cover letter.
struct Previous {
    version: u32,
    id: Option<String>,
}

fn correct_cover(text: &str, base: &str, version: u32, last: Option<&Previous>) -> String {
    let mut corrected = String::new();
    // Git takes it for granted that the version before this one was sent.
    let taken = format!("Range-diff against v{}:", version.saturating_sub(1));

    for line in text.lines() {
        let empty = line
            .strip_prefix("prerequisite-patch-id: ")
            .is_some_and(|id| id.bytes().all(|digit| digit == b'0'));
        // The mark of a section is a commit without a patch.
        if empty {
            continue;
        }
        match last {
            _ if line.starts_with("base-commit: ") => corrected.push_str(base),
            Some(Previous { version, id }) if line == taken => {
                if let Some(id) = id {
                    let id = id.trim_matches(['<', '>']);
                    corrected.push_str(&format!("v{version}: https://lore.kernel.org/r/{id}\n\n"));
                }
                corrected.push_str(&format!("Range-diff against v{version}:"));
            }
            _ => corrected.push_str(line),
        }
        corrected.push('\n');
    }
    corrected
}

/// The base as the receiver can know it. A tarball is no commit of anybody's, but its tree has
/// the same name everywhere.
fn base_line(settings: &Settings, series: &Series) -> Result<String> {
    let tree = series.git.id("base^{tree}")?;
    let version = &series.version;

    let what = match &settings.kdir {
        None => format!("linux-{version}.tar.xz"),
        Some(kdir) => {
            let theirs = Git::tree(&kdir.path);
            let commit = match kdir.path.join(".git").exists() {
                true => theirs.find("HEAD")?,
                false => None,
            };
            if let Some(commit) = commit {
                if theirs.find("HEAD^{tree}")?.as_ref() == Some(&tree) {
                    return Ok(format!("base-commit: {commit}"));
                }
            }
            format!("linux-{version} with changes")
        }
    };
    Ok(format!("base-tree: {tree} (git tree of {what})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cover_letter_tells_of_what_others_can_know() {
        let text = "Range-diff against v2:\nbase-commit: 12\nprerequisite-patch-id: \
                    00\nprerequisite-patch-id: 30\n";

        let sent = Previous {
            version: 1,
            id: Some("<x@y>".into()),
        };
        assert_eq!(
            correct_cover(text, "base-tree: 7", 3, Some(&sent)),
            "v1: https://lore.kernel.org/r/x@y\n\nRange-diff against v1:\nbase-tree: \
             7\nprerequisite-patch-id: 30\n"
        );
        assert!(correct_cover(text, "base-tree: 7", 3, None).starts_with("Range-diff against v2"));
    }
}
