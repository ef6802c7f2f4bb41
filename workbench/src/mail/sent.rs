// SPDX-License-Identifier: GPL-2.0

//! A version that was sent, as commits again, for the range-diff in the next one's cover letter.

use super::commits;
use super::outbox::{is_cover, mails_in};
use super::sender::Sender;
use super::upstream::{Backport, Upstream};
use crate::error::{Context, Error, Result};
use crate::git::Git;
use std::fs;
use std::path::Path;

/// What it takes to make commits of mails.
pub(super) struct Sent<'a> {
    pub(super) git: &'a Git,
    pub(super) sender: &'a Sender,
    pub(super) upstream: Option<&'a Upstream>,
    /// For files of its own.
    pub(super) work: &'a Path,
}

impl Sent<'_> {
    /// The mails of `dir` as commits on top of `parent`. Returns the last one.
    ///
    /// What was sent with text of upstream is kept without. It gets that back, so that the
    /// range-diff tells of nothing but our changes.
    pub(super) fn commits(&self, dir: &Path, parent: &str) -> Result<String> {
        let Sent { sender, work, .. } = *self;
        let git = sender.as_author(self.git).index(work.join("sent.index"));
        let mut parent = git.id(parent)?;

        git.run(["read-tree", &parent])?;
        for mail in mails_in(dir)?.iter().filter(|mail| !is_cover(mail)) {
            let name = mail
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let unreadable = || format!("cannot read {}", mail.display());
            let (body, patch) = (work.join("body"), work.join("patch"));
            let text = fs::read(mail).or_say(unreadable)?;
            let info = git
                .cmd(["mailinfo", "-b", "--encoding=UTF-8"])
                .args([&body, &patch])
                .input(text)
                .read()?;
            let applied = git
                .cmd(["apply", "--cached", "--whitespace=nowarn"])
                .arg(&patch)
                .output()?;
            if !applied.status.success() {
                let said = applied.error_text();
                let said = said.lines().next().unwrap_or_default();
                return Err(Error::failed(format!("{name} does not apply: {said}")));
            }
            let subject = info.lines().find_map(|line| line.strip_prefix("Subject: "));
            let body = fs::read_to_string(&body).or_say(unreadable)?;
            // The new version's is added when its mails are written.
            let body = body.trim_end();
            let body = body
                .strip_suffix(&sender.signoff())
                .unwrap_or(body)
                .trim_end();
            let message = format!("{}\n\n{body}", subject.unwrap_or_default());
            let attributed = match (self.upstream, Backport::of_record(&message)) {
                (Some(upstream), Some(backport)) => Some(upstream.attribute(&backport, sender)?),
                _ => None,
            };
            let tree = git.read(["write-tree"])?;
            parent = commits::add(&git, sender, &tree, &parent, &message, attributed.as_ref())?;
        }
        Ok(parent)
    }
}

/// The message id of the cover letter.
pub(super) fn cover_id(dir: &Path) -> Option<String> {
    let mails = mails_in(dir).ok()?;
    let cover = mails.iter().find(|mail| is_cover(mail))?;

    header(&fs::read_to_string(cover).ok()?, "message-id")
}

/// A field of a mail's header, as it is in the first line that has it.
pub(super) fn header(mail: &str, name: &str) -> Option<String> {
    mail.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            let same = found.eq_ignore_ascii_case(name);
            same.then(|| value.trim().to_string())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_header() {
        let mail = "Message-ID: <a@b>\nTo: c\n\nCc: d\n";

        assert_eq!(header(mail, "message-id").as_deref(), Some("<a@b>"));
        assert_eq!(header(mail, "cc"), None);
    }
}
