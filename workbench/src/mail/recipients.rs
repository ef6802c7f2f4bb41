// SPDX-License-Identifier: GPL-2.0

//! Who gets a mail, as `scripts/get_maintainer.pl` of the tree says. Maintainers are To, reviewers
//! and lists Cc. The section `fix` is for the stable team, so that is To, and all others are Cc. The
//! cover letter goes to all who get any of the patches. It is written into the mails, where it can be
//! read and changed before they are sent.

use crate::error::{Error, Result};
use crate::toolchain::Toolbox;
use crate::tree::series::FIX;
use std::path::{Path, PathBuf};

/// Who merges the fix.
pub(super) const STABLE: &str = "stable@vger.kernel.org";

/// Addresses, each with a name if it has one, in the order of get_maintainer.pl.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recipients {
    pub(super) to: Vec<String>,
    pub(super) cc: Vec<String>,
}

/// Where it is looked up.
#[derive(Clone, Debug)]
pub(super) struct Maintainers {
    pub(super) tools: Toolbox,
    /// The kernel tree, with the series.
    pub(super) tree: PathBuf,
}

impl Maintainers {
    /// Who gets this mail of a section.
    pub(super) fn of(&self, section: &str, mail: &Path) -> Result<Recipients> {
        let said = self
            .tools
            .cmd("perl")
            .dir(&self.tree)
            .args(["scripts/get_maintainer.pl", "--nogit", "--nogit-fallback"])
            .args(["--nofixes", "--rolestats"])
            .arg(mail)
            .read()?;
        let found = Recipients::parse(&said);

        if found == Recipients::default() {
            let mail = mail.file_name().unwrap_or_default().to_string_lossy();
            return Err(Error::failed(format!(
                "get_maintainer.pl names nobody for {mail}: see MAINTAINERS of the tree"
            )));
        }
        Ok(found.for_section(section))
    }
}

impl Recipients {
    /// Reads lines `ADDRESS (ROLE)`, what `--rolestats` prints.
    fn parse(said: &str) -> Recipients {
        let mut found = Recipients::default();

        for line in said.lines() {
            let (address, role) = match line.split_once("> (") {
                Some((address, role)) => (format!("{address}>"), role),
                None => match line.split_once(" (") {
                    Some((address, role)) => (address.to_string(), role),
                    None => continue,
                },
            };
            let decides = ["maintainer", "supporter", "chief penguin"]
                .iter()
                .any(|known| role.starts_with(known));
            match decides {
                true => found.to.push(address),
                false => found.cc.push(address),
            }
        }
        found
    }

    /// The fix is in mainline already. What improves it goes there first, as the tests do: there
    /// is nothing for the stable team to take yet.
    fn for_section(self, section: &str) -> Recipients {
        match section == FIX.name {
            true => self.by_way_of_stable(),
            false => self,
        }
    }

    fn by_way_of_stable(self) -> Recipients {
        let mut cc = self.to;

        cc.extend(self.cc);
        cc.retain(|address| address != STABLE);
        Recipients {
            to: vec![STABLE.to_string()],
            cc,
        }
    }

    /// For the cover letter: all of a section's. Who is To for one patch is To.
    pub(super) fn all(each: &[Recipients]) -> Recipients {
        let mut all = Recipients::default();
        let add = |list: &mut Vec<String>, address: &String| {
            if !list.contains(address) {
                list.push(address.clone());
            }
        };

        for one in each {
            one.to.iter().for_each(|address| add(&mut all.to, address));
            one.cc.iter().for_each(|address| add(&mut all.cc, address));
        }
        all.cc.retain(|address| !all.to.contains(address));
        all
    }

    /// The mail with its recipients at the end of its header.
    pub(super) fn address(&self, mail: &str) -> String {
        let mut header = String::new();

        for (name, list) in [("To", &self.to), ("Cc", &self.cc)] {
            if !list.is_empty() {
                header.push_str(&format!("{name}: {}\n", list.join(",\n    ")));
            }
        }
        match mail.split_once("\n\n") {
            Some((head, body)) => format!("{head}\n{header}\n{body}"),
            None => format!("{mail}{header}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
Andrew Morton <akpm@linux-foundation.org> (maintainer:MEMORY MANAGEMENT)
\"Liam R. Howlett\" <Liam.Howlett@oracle.com> (reviewer:MEMORY MAPPING)
\"Björn Roy Baron\" <bjorn3_gh@protonmail.com> (reviewer:RUST)
linux-mm@kvack.org (open list:MEMORY MANAGEMENT)
Linus Torvalds <torvalds@linux-foundation.org> (chief penguin:THE REST)
linux-kernel@vger.kernel.org (open list)
MEMORY MAPPING status: Maintained
";

    #[test]
    fn roles_make_the_difference() {
        let found = Recipients::parse(SAID);

        assert_eq!(
            found.to,
            [
                "Andrew Morton <akpm@linux-foundation.org>",
                "Linus Torvalds <torvalds@linux-foundation.org>"
            ]
        );
        assert_eq!(found.cc.len(), 4);
        assert_eq!(found.cc[0], "\"Liam R. Howlett\" <Liam.Howlett@oracle.com>");
        assert_eq!(found.cc[3], "linux-kernel@vger.kernel.org");
    }

    #[test]
    fn the_fix_is_for_the_stable_team_and_no_other_section() {
        let found = Recipients::parse(SAID);
        let fix = found.clone().for_section("fix");

        assert_eq!(fix.to, [STABLE]);
        assert_eq!(fix.cc.len(), 6);
        assert_eq!(found.clone().for_section("improve"), found);
        assert_eq!(found.clone().for_section("tests"), found);
    }

    #[test]
    fn the_cover_letter_is_for_all() {
        let people = |to: &[&str], cc: &[&str]| Recipients {
            to: to.iter().map(|name| name.to_string()).collect(),
            cc: cc.iter().map(|name| name.to_string()).collect(),
        };

        assert_eq!(
            Recipients::all(&[people(&["a"], &["b", "c"]), people(&["b"], &["a", "d"])]),
            people(&["a", "b"], &["c", "d"])
        );
    }

    #[test]
    fn the_mail_names_them() {
        let recipients = Recipients {
            to: vec!["a@b".into()],
            cc: vec!["c@d".into(), "e@f".into()],
        };

        assert_eq!(
            recipients.address("Subject: x\n\ntext\n\nmore\n"),
            "Subject: x\nTo: a@b\nCc: c@d,\n    e@f\n\ntext\n\nmore\n"
        );
    }
}
