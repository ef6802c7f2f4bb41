// SPDX-License-Identifier: GPL-2.0

//! Who sends the mails.

use crate::error::{Error, Result};
use crate::git::{Git, Person};
use crate::toolchain::Toolbox;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) name: String,
    pub(super) email: String,
    /// When: seconds since 1970 and the time zone, as git writes them.
    pub(super) date: String,
}

impl Sender {
    /// Whom git has been told of, by its configuration or environment. A name that git would make
    /// up from the machine's does not count.
    pub(super) fn find(git: &Git) -> Result<Sender> {
        let known = git.read(["-c", "user.useConfigOnly=true", "var", "GIT_AUTHOR_IDENT"]);

        known
            .ok()
            .and_then(|ident| Sender::parse(&ident))
            .ok_or_else(|| {
                Error::usage(
                    "git does not know who you are: git config --global user.name and user.email",
                )
            })
    }

    /// `NAME <EMAIL> SECONDS ZONE`
    fn parse(ident: &str) -> Option<Sender> {
        let (name, rest) = ident.split_once(" <")?;
        let (email, date) = rest.split_once("> ")?;

        Some(Sender {
            name: name.to_string(),
            email: email.to_string(),
            date: date.trim().to_string(),
        })
        .filter(|sender| !sender.email.is_empty())
    }

    pub(super) fn address(&self) -> String {
        format!("{} <{}>", self.name, self.email)
    }

    pub(super) fn signoff(&self) -> String {
        format!("Signed-off-by: {}", self.address())
    }

    fn person(&self) -> Person {
        Person {
            name: self.name.clone().into(),
            email: self.email.clone().into(),
        }
    }

    /// Git with the sender as the author and committer.
    pub(super) fn as_author(&self, git: &Git) -> Git {
        git.clone().author(self.person(), format!("@{}", self.date))
    }

    /// Tools in which git knows the sender.
    pub(super) fn introduce(&self, tools: &Toolbox) -> Toolbox {
        let mut tools = tools.clone();

        for role in ["AUTHOR", "COMMITTER"] {
            tools = tools
                .env(&format!("GIT_{role}_NAME"), &self.name)
                .env(&format!("GIT_{role}_EMAIL"), &self.email);
        }
        tools
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_names_the_sender() {
        let dir = tempfile::tempdir().expect("a folder");
        let git = Git::tree(dir.path());
        git.run(["init", "-q"]).expect("a repository");

        git.run(["config", "user.name", "Jörg Tester"])
            .expect("a name");
        git.run(["config", "user.email", "tester@example.org"])
            .expect("an address");
        let sender = Sender::find(&git).expect("a sender");
        assert_eq!(sender.address(), "Jörg Tester <tester@example.org>");
        assert!(sender.date.ends_with('0'), "{}", sender.date);
    }

    #[test]
    fn a_name_made_up_by_git_does_not_count() {
        let dir = tempfile::tempdir().expect("a folder");
        let git = Git::tree(dir.path());
        git.run(["init", "-q"]).expect("a repository");
        // Whoever runs this may have told git by the environment.
        if std::env::vars().any(|(name, _)| name.starts_with("GIT_AUTHOR") || name == "EMAIL") {
            return;
        }

        let error = Sender::find(&git).expect_err("nobody");
        assert!(error.message().starts_with("git does not know who you are"));
    }
}
