// SPDX-License-Identifier: GPL-2.0

//! `make send`: what git send-email would send, and to whom, of the mails that `make series` has
//! written. With `SEND=yes` it sends them, with this machine's git send-email and its user's
//! settings, and notes them in `patches/BASE/sent`.

use super::outbox::{is_cover, mails_in, Outbox};
use super::public;
use super::sender::Sender;
use super::sent::header;
use super::Series;
use crate::builder::Builder;
use crate::console::read_lossy;
use crate::error::{Context, Error, Result};
use crate::process::Cmd;
use crate::settings::{Settings, Toolchain};
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::Branches;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn run(b: &Builder) -> Result<()> {
    let repository = b.ensure(Branches)?;
    let outbox = Outbox::new(&b.settings);
    let really = b.settings.mail.send;

    if b.planning() {
        let title = if really {
            "send the mails"
        } else {
            "dry run of sending"
        };
        return b.quick(title, || Ok(()));
    }
    let series = Series::of(&repository)?;
    let sender = super::sender(b)?;
    let versions = check(&b.settings, &series, &outbox, &sender)?;
    let program = SendEmail::find(b, really)?;

    for (section, version) in versions {
        match really {
            false => b
                .console
                .say(dry_run(b, &program, &outbox, &sender, section)?),
            true => send(b, &program, &outbox, &sender, section, version)?,
        }
    }
    if !really {
        for section in series.chosen(&b.settings)? {
            let name = section.name;
            if let Some(what) = public::reproducer(&b.settings, name)? {
                b.console.say(format!(
                    "section {name} has or describes a reproducer ({what}): SEND=yes asks for \
                     PUBLIC=yes, see HACKING.md"
                ));
            }
        }
        b.console.say(format!(
            "nothing was sent: SEND=yes does, after you have read {}",
            b.settings.shown(&outbox.dir)
        ));
    }
    Ok(())
}

/// Whether the mails are those of the series as it is, and if they are really sent, whether they
/// are fit for that. Returns the sections chosen, each with its version.
pub(super) fn check<'a>(
    settings: &Settings,
    series: &'a Series,
    outbox: &Outbox,
    sender: &Sender,
) -> Result<Vec<(&'a str, u32)>> {
    let mut versions = Vec::new();

    for section in series.chosen(settings)? {
        let version = outbox.check_fresh(settings, series, section.name)?;
        if settings.mail.send {
            check_ready(settings, outbox, sender, section.name, version)?;
            public::check(settings, section.name)?;
        }
        versions.push((section.name, version));
    }
    Ok(versions)
}

/// What must not go out by mistake.
fn check_ready(
    settings: &Settings,
    outbox: &Outbox,
    sender: &Sender,
    section: &str,
    version: u32,
) -> Result<()> {
    let base = &settings.base;
    let signoff = sender.signoff();

    for mail in mails_in(&outbox.section(section))? {
        let text = read_lossy(&mail);
        let shown = settings.shown(&mail);
        if !is_cover(&mail) && !text.lines().any(|line| line == signoff) {
            return Err(Error::usage(format!(
                "{shown} has no {signoff}: make series SIGNOFF=1 BASE={base} first"
            )));
        }
        if header(&text, "to").is_none() {
            return Err(Error::usage(format!(
                "{shown} is for nobody: write a To line into its header"
            )));
        }
    }
    let sent = outbox.sent_as(section, version);
    if sent.exists() {
        return Err(Error::usage(format!(
            "version {version} was sent already, see {}: make series VERSION={} BASE={base}",
            settings.shown(&sent),
            version + 1
        )));
    }
    Ok(())
}

/// Git send-email, of this machine, or if it has none of the mail tools. Those will do to show
/// what would happen, but do not have the user's settings.
pub(super) struct SendEmail {
    tools: Option<Toolbox>,
    settings: Option<OwnSettings>,
}

/// Settings that take the place of all that the user and the project have.
struct OwnSettings {
    /// A repository of its own, for git not to find the project's configuration.
    repository: PathBuf,
    file: PathBuf,
}

impl OwnSettings {
    fn environment(&self) -> [(&'static str, &OsStr); 3] {
        [
            ("GIT_CONFIG_GLOBAL", self.file.as_os_str()),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_DIR", self.repository.as_os_str()),
        ]
    }
}

impl SendEmail {
    fn find(b: &Builder, really: bool) -> Result<SendEmail> {
        let own = SendEmail {
            tools: None,
            settings: None,
        };
        let log = b.settings.logs().join("send-probe.log");

        if own.works(&b.settings.dirs.top, &log)? {
            return Ok(own);
        }
        if really || b.settings.toolchain == Toolchain::Host {
            return Err(Error::usage(format!(
                "git send-email is missing on this machine or does not work, see {}: install \
                 git-email",
                b.settings.shown(&log)
            )));
        }
        Ok(SendEmail {
            tools: Some(b.ensure(Sysroot(Tools::Mail))?),
            ..own
        })
    }

    /// One that knows nothing but the settings in a file. With the user's, what is only tried
    /// might go to real people.
    pub(super) fn with_settings(tools: Option<Toolbox>, repository: &Path, file: &Path) -> Self {
        SendEmail {
            tools,
            settings: Some(OwnSettings {
                repository: repository.to_owned(),
                file: file.to_owned(),
            }),
        }
    }

    /// Whether there is a git send-email, with all that it needs.
    fn works(&self, dir: &Path, log: &Path) -> Result<bool> {
        let probe = tempfile::Builder::new()
            .suffix(".patch")
            .tempfile()
            .or_say(|| "cannot make a temporary file")?;
        fs::write(probe.path(), "From: a@example.org\nSubject: b\n\nc\n")
            .or_say(|| "cannot write a temporary file")?;
        let tried = Cmd::new("git")
            .arg("-C")
            .arg(dir)
            .args(["send-email", "--dry-run", "--confirm=never"])
            .args(["--from=a@example.org", "--to=a@example.org"])
            .arg(probe.path())
            .output()?;

        if let Some(dir) = log.parent() {
            fs::create_dir_all(dir).or_say(|| format!("cannot make {}", dir.display()))?;
        }
        fs::write(log, [tried.stdout, tried.stderr].concat())
            .or_say(|| format!("cannot write {}", log.display()))?;
        Ok(tried.status.success())
    }

    /// Sends the mails of a section, or with options of a dry run shows how.
    pub(super) fn cmd(
        &self,
        outbox: &Outbox,
        sender: &Sender,
        section: &str,
        options: &[&str],
    ) -> Result<Cmd> {
        let own = self.settings.iter().flat_map(OwnSettings::environment);
        let git = match &self.tools {
            None => {
                let mut git = Cmd::new("git");
                if self.settings.is_some() {
                    for name in ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"] {
                        git = git.env_remove(name);
                    }
                }
                own.fold(git, |git, (name, value)| git.env(name, value))
            }
            // In there git knows nobody.
            Some(tools) => own
                .fold(sender.introduce(tools), |tools, (name, value)| {
                    tools.env(name, &value.to_string_lossy())
                })
                .cmd("git"),
        };

        Ok(git
            .arg("-C")
            .arg(&outbox.dir)
            .arg("send-email")
            .arg(format!("--from={}", sender.address()))
            // Threads, what to answer and who gets it are in the mails.
            .arg("--no-thread")
            .args(options)
            .args(mails_in(&outbox.section(section))?))
    }
}

fn dry_run(
    b: &Builder,
    program: &SendEmail,
    outbox: &Outbox,
    sender: &Sender,
    section: &str,
) -> Result<String> {
    let options = ["--dry-run", "--confirm=never", "--suppress-cc=self"];
    let cmd = program.cmd(outbox, sender, section, &options)?;

    b.long(
        &format!("dry run, {section}"),
        &format!("send-{section}"),
        |log| {
            log.run_checked(&cmd)?;
            Ok(table(&log.text()))
        },
    )
}

/// Really.
fn send(
    b: &Builder,
    program: &SendEmail,
    outbox: &Outbox,
    sender: &Sender,
    section: &str,
    version: u32,
) -> Result<()> {
    let status = program
        // A line for each mail; what it asks is asked all the same.
        .cmd(outbox, sender, section, &["--quiet"])?
        .run_in_foreground()?;

    if !status.success() {
        return Err(Error::usage(format!(
            "git send-email failed: see above for what was sent; nothing was noted in {}",
            b.settings.shown(&outbox.sent)
        )));
    }
    let noted = outbox.note_sent(section, version)?;
    b.console
        .say(format!("noted in {}", b.settings.shown(&noted)));
    Ok(())
}

/// Who gets what, out of what a dry run says.
fn table(said: &str) -> String {
    let (mut to, mut cc) = (Vec::new(), Vec::new());
    let mut field = "";
    let mut lines = Vec::new();

    for line in said.lines() {
        let value = if let Some(more) = line.strip_prefix('\t') {
            more
        } else {
            let fields = ["To", "Cc", "Subject"];
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            field = fields
                .into_iter()
                .find(|known| *known == name)
                .unwrap_or("");
            value
        };
        let address = || {
            let address = value.trim_end_matches(',');
            let address = address.rsplit_once('<').map_or(address, |(_, rest)| rest);
            address.trim_matches([' ', '>']).to_string()
        };
        match field {
            "To" => to.push(address()),
            "Cc" => cc.push(address()),
            "Subject" => {
                lines.push(format!("  {value}"));
                lines.push(format!("      to: {}", to.join(" ")));
                if !cc.is_empty() {
                    lines.push(format!("      cc: {}", cc.join(" ")));
                }
                to.clear();
                cc.clear();
                field = "";
            }
            _ => (),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_told_as_a_table() {
        let said = "\
(mbox) Adding to: x@y from line 'To: x@y'
Dry-OK. Log says:
Server: localhost
MAIL FROM:<t@e.org>
From: =?UTF-8?q?J=C3=B6rg?= <t@e.org>
To: A B <a@b.org>,
\tc@d.org
Cc: \"E. F\" <e@f.org>,
\tg@h.org
Subject: [PATCH 0/1] s
Date: now

Result: OK
To: i@j.org
Subject: [PATCH 1/1] t
";

        assert_eq!(
            table(said),
            "  [PATCH 0/1] s\n      to: a@b.org c@d.org\n      cc: e@f.org g@h.org\n  [PATCH 1/1] \
             t\n      to: i@j.org"
        );
    }
}
