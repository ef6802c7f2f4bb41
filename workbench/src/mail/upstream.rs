// SPDX-License-Identifier: GPL-2.0

//! Whose a patch is. A backport has the author, subject, text and tags of the commit in mainline
//! that it is of. Its text is not this project's to copy, so it is not in `patches/`: there the
//! subject is that of the commit, and the body begins with the line
//!
//! ```text
//! Equivalent of upstream commit 0123456789abcdef0123456789abcdef01234567.
//! ```
//!
//! The rest of the body is a note of ours: what is different, and why. The rest is taken from
//! mainline when the mails are written, out of a clone that the user names by `UPSTREAM=`. A patch
//! without that line is our own, and mailed as it is.

use super::sender::Sender;
use crate::error::{Error, Result};
use crate::git::{Git, Person};
use crate::judge::wrap;
use crate::settings::Settings;

const EQUIVALENT: &str = "Equivalent of upstream commit ";

/// Lines of a changelog are not wider.
const WIDTH: usize = 72;

/// A patch that is the equivalent of a commit of mainline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Backport {
    subject: String,
    /// 40 hexadecimal digits.
    commit: String,
    /// The rest of the body.
    note: String,
}

impl Backport {
    /// Of a message; nothing if the patch is our own.
    pub(super) fn of(message: &str) -> Result<Option<Backport>> {
        let (_, body) = parts(message);
        if let Some(line) = body.lines().find(|line| says_it_is_upstream(line)) {
            return Err(Error::usage(format!(
                "\"{line}\" would claim that the text is upstream's: write \"{EQUIVALENT}\" and \
                 the commit"
            )));
        }
        let first = body.lines().next().unwrap_or_default();
        if first.starts_with(EQUIVALENT.trim_end())
            && Backport::after(message, EQUIVALENT, ".").is_none()
        {
            return Err(Error::usage(format!(
                "\"{first}\" does not name a commit by 40 digits, with a full stop after them"
            )));
        }
        Ok(Backport::after(message, EQUIVALENT, "."))
    }

    /// Of a message that was sent with the text of the commit; see [`Backport::record`].
    pub(super) fn of_record(message: &str) -> Option<Backport> {
        Backport::after(message, "commit ", " upstream.")
    }

    fn after(message: &str, before: &str, after: &str) -> Option<Backport> {
        let (subject, body) = parts(message);
        let (first, note) = body.split_once('\n').unwrap_or((body, ""));
        let commit = first.strip_prefix(before)?.strip_suffix(after)?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);

        (commit.len() == 40 && commit.bytes().all(is_hex)).then(|| Backport {
            subject: subject.to_string(),
            commit: commit.to_string(),
            note: note.trim().to_string(),
        })
    }

    /// What is kept of the body after it was sent: nothing that is upstream's.
    pub(super) fn record(&self) -> String {
        format!("commit {} upstream.\n\n{}", self.commit, self.note)
            .trim_end()
            .to_string()
    }
}

/// Subject and body of a message, the body without empty lines around it.
fn parts(message: &str) -> (&str, &str) {
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));

    (subject.trim(), body.trim())
}

fn says_it_is_upstream(line: &str) -> bool {
    (line.starts_with("commit ") && line.ends_with(" upstream."))
        || line.to_ascii_lowercase().starts_with("[ upstream commit ")
}

/// A patch as it is mailed, with what is upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attributed {
    pub(super) author: Person,
    /// As git takes it: `@SECONDS ZONE`.
    pub(super) date: String,
    pub(super) message: String,
}

/// A clone of mainline.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    git: Git,
    /// As the user names it.
    shown: String,
}

impl Upstream {
    /// What `UPSTREAM=` names, if it is set.
    pub(super) fn find(settings: &Settings) -> Result<Option<Upstream>> {
        let Some(path) = &settings.mail.upstream else {
            return Ok(None);
        };
        let git = Git::tree(path);
        let shown = format!("UPSTREAM={}", path.display());

        match path.is_dir() && git.succeeds(["rev-parse", "--git-dir"])? {
            true => Ok(Some(Upstream { git, shown })),
            false => Err(Error::usage(format!(
                "{shown} is no git repository: name a clone of mainline, or leave it out"
            ))),
        }
    }

    /// The author and message of a backport: what is upstream's, and what the submitter changed.
    pub(super) fn attribute(&self, backport: &Backport, sender: &Sender) -> Result<Attributed> {
        let Upstream { git, shown } = self;
        let commit = &backport.commit;

        if !git.succeeds(["cat-file", "-e", &format!("{commit}^{{commit}}")])? {
            return Err(Error::usage(format!(
                "{shown} has no commit {commit}: git fetch there"
            )));
        }
        let said = git.read([
            "-c",
            "i18n.logOutputEncoding=UTF-8",
            "log",
            "-1",
            "--date=raw",
            "--format=%an%n%ae%n%ad%n%s%n%n%b",
            commit,
        ])?;
        let mut lines = said.splitn(4, '\n');
        let mut next = || lines.next().unwrap_or_default().to_string();
        let (name, email, date, message) = (next(), next(), next(), next());
        let (subject, body) = parts(&message);
        if subject != backport.subject {
            return Err(Error::usage(format!(
                "the subject of commit {commit} is \"{subject}\", not \"{}\"",
                backport.subject
            )));
        }
        Ok(Attributed {
            author: Person {
                name: name.into(),
                email: email.into(),
            },
            date: format!("@{date}"),
            message: message_of(backport, subject, body, &sender.name),
        })
    }
}

/// As stable wants it: the commit first, then its text, then what is different in brackets.
fn message_of(backport: &Backport, subject: &str, body: &str, submitter: &str) -> String {
    let commit = &backport.commit;
    let mut message = format!("{subject}\n\ncommit {commit} upstream.\n");
    let (note, own) = split_tags(&backport.note);
    // Theirs may have remarks in brackets between them.
    let last = body.rsplit("\n\n").next().unwrap_or_default();
    let theirs: Vec<&str> = last.lines().filter(|line| is_tag(line)).collect();
    let note = bracketed(note, submitter);

    if !body.is_empty() {
        message.push_str(&format!("\n{body}\n"));
    }
    if !note.is_empty() {
        // A short note goes among the tags, for the sign-off to follow. A long one takes room.
        if theirs.is_empty() || note.contains("\n\n") {
            message.push('\n');
        }
        message.push_str(&note);
    }
    let own: Vec<&&str> = own.iter().filter(|tag| !theirs.contains(tag)).collect();
    if !own.is_empty() && (note.contains("\n\n") || (note.is_empty() && theirs.is_empty())) {
        message.push('\n');
    }
    for tag in own {
        message.push_str(&format!("{tag}\n"));
    }
    message
}

fn is_tag(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| {
        let by = name.ends_with("-by") && !name.contains(' ');
        by || ["Fixes", "Link", "Closes", "Cc"].contains(&name)
    })
}

/// A text and the tags at its end.
fn split_tags(text: &str) -> (&str, Vec<&str>) {
    let (before, last) = text.rsplit_once("\n\n").unwrap_or(("", text));

    match !last.is_empty() && last.lines().all(is_tag) {
        true => (before.trim_end(), last.lines().collect()),
        false => (text, Vec::new()),
    }
}

/// `[ SUBMITTER: TEXT ]`, of several paragraphs if need be. Lists and what is indented stay as they
/// are.
fn bracketed(note: &str, submitter: &str) -> String {
    let inner = note
        .strip_prefix("[ ")
        .and_then(|note| note.strip_suffix(" ]"));
    let note = match inner {
        // Its lines are indented as the bracket is.
        Some(inner) if !inner.contains('[') => inner.replace("\n  ", "\n"),
        _ => note.to_string(),
    };
    let mut text = String::new();

    for paragraph in note.split("\n\n").map(|text| text.trim_matches('\n')) {
        let begin = match text.is_empty() {
            true => format!("[ {submitter}: "),
            false => "\n".to_string(),
        };
        let laid_out = paragraph
            .lines()
            .any(|line| line.starts_with([' ', '\t', '-', '*', '|']));
        match (paragraph.is_empty(), laid_out) {
            (true, _) => (),
            (false, false) if text.is_empty() => {
                let wrapped = wrap(&format!("{begin}{paragraph}"), WIDTH, "  ");
                text.push_str(wrapped.trim_start());
            }
            (false, false) => text.push_str(&(begin + &wrap(paragraph, WIDTH, "  "))),
            (false, true) => {
                text.push_str(begin.trim_end_matches(' '));
                if begin != "\n" {
                    text.push('\n');
                }
                for line in paragraph.lines() {
                    text.push_str(&format!("  {line}\n"));
                }
            }
        }
    }
    match text.is_empty() {
        true => text,
        false => text.trim_end().to_string() + " ]\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    fn backport(note: &str) -> Backport {
        let message = format!("mm: x\n\n{EQUIVALENT}{HEX}.\n\n{note}\n");
        let backport = Backport::of(&message).expect("a message");

        backport.expect("a backport")
    }

    fn mailed(note: &str, body: &str) -> String {
        let message = message_of(&backport(note), "mm: x", body, "J. T.");
        let begin = format!("mm: x\n\ncommit {HEX} upstream.\n\n");

        message.strip_prefix(&begin).expect("the begin").to_string()
    }

    #[test]
    fn the_first_line_tells_whose_it_is() {
        assert_eq!(backport("Why.").note, "Why.");
        assert_eq!(backport("").record(), format!("commit {HEX} upstream."));
        assert_eq!(Backport::of("mm: x\n\nWhy.\n").ok(), Some(None));
        assert_eq!(Backport::of("mm: x\n").ok(), Some(None));
        // Not the first line: it only speaks of one.
        let text = format!("mm: x\n\nWhy.\n\n{EQUIVALENT}{HEX}.\n");
        assert_eq!(Backport::of(&text).ok(), Some(None));
        let record = format!("mm: x\n\n{}", backport("Why.").record());
        assert_eq!(Backport::of_record(&record), Some(backport("Why.")));
    }

    #[test]
    fn a_line_that_is_nearly_right_is_wrong() {
        let message = |first: &str| {
            let error = Backport::of(&format!("mm: x\n\n{first}\n\nWhy.\n")).expect_err("wrong");
            error.message().to_string()
        };

        for first in [
            format!("{EQUIVALENT}{HEX}"),
            format!("{EQUIVALENT}{}.", &HEX[1..]),
            format!("{EQUIVALENT}{}.", HEX.to_uppercase()),
            format!("{EQUIVALENT}{HEX} and more."),
            EQUIVALENT.trim_end().to_string(),
        ] {
            assert!(message(&first).contains("by 40 digits"), "{first}");
        }
        for first in [
            format!("commit {HEX} upstream."),
            format!("[ Upstream commit {HEX} ]"),
        ] {
            assert!(message(&first).contains("would claim"), "{first}");
        }
    }

    #[test]
    fn a_short_note_is_among_the_tags() {
        assert_eq!(
            mailed("Another file.", "Theirs.\n\nLink: u\nReviewed-by: A <a@b>"),
            "Theirs.\n\nLink: u\nReviewed-by: A <a@b>\n[ J. T.: Another file. ]\n"
        );
        assert_eq!(
            mailed("[ Another\n  file. ]", "Theirs."),
            "Theirs.\n\n[ J. T.: Another file. ]\n"
        );
        assert_eq!(mailed("", "Theirs.\n\nLink: u"), "Theirs.\n\nLink: u\n");
        assert_eq!(mailed("Why.", ""), "[ J. T.: Why. ]\n");
    }

    #[test]
    fn tags_of_ours_are_added_to_theirs() {
        let theirs = "Theirs.\n\nFixes: 12 (\"x\")\nAcked-by: A <a@b>";

        assert_eq!(
            mailed("Why.\n\nFixes: 12 (\"x\")\nTested-by: J <j@k>", theirs),
            format!("{theirs}\n[ J. T.: Why. ]\nTested-by: J <j@k>\n")
        );
        assert_eq!(
            mailed("Tested-by: J <j@k>", "Theirs."),
            "Theirs.\n\nTested-by: J <j@k>\n"
        );
        assert_eq!(split_tags("Note: this is text").1, Vec::<&str>::new());
    }

    #[test]
    fn a_long_note_keeps_its_paragraphs() {
        let long = "word ".repeat(30);
        let note = format!("{long}\n\n- one\n  more\n- two\n\nEnd.\n\nTested-by: J <j@k>");
        let text = mailed(&note, "Theirs.\n\nLink: u");

        assert!(
            text.starts_with("Theirs.\n\nLink: u\n\n[ J. T.: word "),
            "{text}"
        );
        assert!(
            text.ends_with(
                "word\n\n  - one\n    more\n  - two\n\n  End. ]\n\nTested-by: J <j@k>\n"
            ),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= WIDTH + 2), "{text}");
        assert_eq!(
            mailed("- one\n- two", "Theirs."),
            "Theirs.\n\n[ J. T.:\n  - one\n  - two ]\n"
        );
    }
}
