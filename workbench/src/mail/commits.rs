// SPDX-License-Identifier: GPL-2.0

//! A section as the commits that are mailed: by the sender, or if the user has mainline at hand, by
//! the authors of what is backported.

use super::sender::Sender;
use super::upstream::{Attributed, Backport, Upstream};
use super::{Section, Series};
use crate::error::{Error, Result};
use crate::git::Git;

/// What is to be mailed.
#[derive(Clone, Debug)]
pub(super) struct Commits {
    /// What is before the first one.
    pub(super) begin: String,
    /// The last one.
    pub(super) tip: String,
    /// For each, what is kept of its body after it was sent, if that is not all of it.
    pub(super) records: Vec<Option<String>>,
    /// How many only name the commit that they are the equivalent of.
    pub(super) unattributed: usize,
}

impl Commits {
    pub(super) fn new(
        series: &Series,
        section: &Section,
        sender: &Sender,
        upstream: Option<&Upstream>,
    ) -> Result<Commits> {
        let git = &series.git;
        let first = section.commits.first().map_or("", String::as_str);
        let begin = git.id(&format!("{first}^"))?;
        let mut commits = Commits {
            tip: begin.clone(),
            begin,
            records: Vec::new(),
            unattributed: 0,
        };

        for (n, commit) in section.commits.iter().enumerate() {
            let tree = git.id(&format!("{commit}^{{tree}}"))?;
            let message = git.read(["log", "-1", "--format=%B", commit])?;
            let patch = |error: Error| {
                let (name, number) = (section.name, n + 1);
                Error::usage(format!(
                    "section {name}, patch {number}: {}",
                    error.message()
                ))
            };
            let backport = Backport::of(&message).map_err(patch)?;
            let mut attributed = None;
            match (upstream, &backport) {
                (Some(upstream), Some(backport)) => {
                    attributed = Some(upstream.attribute(backport, sender).map_err(patch)?);
                    commits.records.push(Some(backport.record()));
                }
                (_, backport) => {
                    commits.unattributed += usize::from(backport.is_some());
                    commits.records.push(None);
                }
            }
            commits.tip = add(
                git,
                sender,
                &tree,
                &commits.tip,
                &message,
                attributed.as_ref(),
            )?;
        }
        Ok(commits)
    }
}

/// A commit with a message, or with what is upstream's.
pub(super) fn add(
    git: &Git,
    sender: &Sender,
    tree: &str,
    parent: &str,
    message: &str,
    attributed: Option<&Attributed>,
) -> Result<String> {
    let commit = sender
        .as_author(git)
        .cmd(["commit-tree", tree, "-p", parent]);

    match attributed {
        None => commit.input(message).read(),
        Some(Attributed {
            author,
            date,
            message,
        }) => commit
            .env("GIT_AUTHOR_NAME", author.name.as_ref())
            .env("GIT_AUTHOR_EMAIL", author.email.as_ref())
            .env("GIT_AUTHOR_DATE", date)
            .input(message.as_str())
            .read(),
    }
}
