// SPDX-License-Identifier: GPL-2.0

//! What arrives is what was assembled: the mails go by SMTP to a server of our own, on this
//! machine only. `b4 am` and `git am` take them from there, as a maintainer would, on top of the
//! pristine base. The trees have to be equal. Nothing of the user's is sent or noted.

use super::cover::Values;
use super::outbox::{letter, Outbox};
use super::recipients::{Maintainers, STABLE};
use super::send::SendEmail;
use super::sender::Sender;
use super::sent::header;
use super::series::Writer;
use super::{Section, Series};
use crate::builder::Builder;
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Result};
use crate::git::{Git, NOBODY};
use crate::outcome::{self, Outcome, Tested};
use crate::process::Running;
use crate::settings::{MailSettings, Toolchain};
use crate::stamp::Inputs;
use crate::toolchain::{Sysroot, Toolbox, Tools};
use crate::tree::branches::{Branch, Branches};
use crate::tree::run_tree::RunTree;
use crate::tree::series::FIX;
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How long the server has to begin to listen.
const START: Duration = Duration::from_secs(20);

/// Sends all sections to this machine and applies what arrives.
pub(crate) fn loopback(b: &Builder) -> Result<Outcome> {
    let repository = b.ensure(Branches)?;
    let tree = b.ensure(RunTree {
        branch: Branch::Fixed,
    })?;
    let maintainers = Maintainers {
        tree,
        tools: b.ensure(Sysroot(Tools::Build))?,
    };
    let tools = b.ensure(Sysroot(Tools::Mail))?;
    let tested = || {
        let series = Series::of(&repository)?;
        let mut inputs = Inputs::default()
            .add("series", series.commit.as_bytes())
            .add_file(&b.settings.patches().join("lint"));
        for section in &series.sections {
            inputs = inputs.add_file(&letter(&b.settings, section.name));
        }
        let tree = series.tree;
        Ok(Tested { inputs, tree })
    };

    outcome::test(b, "mails, sent and applied", "mail", tested, || {
        let series = Series::of(&repository)?;
        let work = b.temporary_dir()?;
        let base = repository.source.repository()?;
        let post = Post {
            b,
            tools: &tools,
            series: &series,
            dir: work.path(),
            outbox: Outbox {
                dir: work.path().join("outgoing"),
                sent: work.path().join("sent"),
            },
            sender: Sender {
                name: "Jörg Tester".into(),
                email: "tester@example.org".into(),
                date: "1767225600 +0000".into(),
            },
        };
        b.long("mails, sent and applied", "mail", |log| {
            post.write(&maintainers)?;
            let pristine = post.pristine(&base)?;
            let mut said = Vec::new();
            for section in &series.sections {
                said.push(post.deliver(log, &pristine, section)?);
            }
            Ok(Outcome::one(true, said.join("\n")))
        })
    })
}

struct Post<'a> {
    b: &'a Builder,
    tools: &'a Toolbox,
    series: &'a Series,
    dir: &'a Path,
    outbox: Outbox,
    sender: Sender,
}

impl Post<'_> {
    fn write(&self, maintainers: &Maintainers) -> Result<()> {
        let writer = Writer {
            settings: &self.b.settings,
            mail: &MailSettings {
                version: 1,
                signoff: true,
                rfc: false,
                in_reply_to: None,
                send: true,
                upstream: None,
                public: false,
            },
            series: self.series,
            sender: &self.sender,
            outbox: &self.outbox,
            values: &Values::of_nothing(self.series)?,
            recipients: &|section, mail| maintainers.of(section, mail),
            upstream: None,
        };

        writer.write(self.b).map(drop)
    }

    /// A work tree with the base, of that only the files that the series is about.
    fn pristine(&self, base: &Git) -> Result<Git> {
        let dir = self.dir.join("pristine");
        let git = Git::tree(&dir).by_nobody();
        let cannot = || format!("cannot write {}", dir.display());
        let changed =
            self.series
                .git
                .lines(["diff", "--name-only", "base", &self.series.commit])?;
        let patterns: Vec<String> = changed.iter().map(|file| format!("/{file}\n")).collect();

        fs::create_dir_all(&dir).or_say(cannot)?;
        git.run(["init", "-q"])?;
        let objects = base.dir().join("objects");
        let info = dir.join(".git/info");
        fs::write(
            dir.join(".git/objects/info/alternates"),
            format!("{}\n", objects.display()),
        )
        .or_say(cannot)?;
        fs::create_dir_all(&info).or_say(cannot)?;
        fs::write(info.join("sparse-checkout"), patterns.concat()).or_say(cannot)?;
        git.run(["config", "core.sparseCheckout", "true"])?;
        git.run(["config", "user.name", &NOBODY.name])?;
        git.run(["config", "user.email", &NOBODY.email])?;
        git.run([
            "checkout",
            "-q",
            "-b",
            "received",
            &self.series.git.id("base^{commit}")?,
        ])?;
        Ok(git)
    }

    /// Sends a section and applies what arrives. Returns what there is to tell.
    fn deliver(&self, log: &Log, pristine: &Git, section: &Section) -> Result<String> {
        let name = section.name;
        let mailbox = self.dir.join(format!("mailbox-{name}"));
        let server = self.server(log, &mailbox)?;
        let settings = self.dir.join("gitconfig");
        let tools = match self.b.settings.toolchain {
            Toolchain::Sysroot => Some(self.tools.clone()),
            Toolchain::Host => None,
        };

        fs::write(
            &settings,
            format!(
                "[user]\n\tname = {}\n\temail = {}\n[sendemail]\n\tsmtpServer = \
                 127.0.0.1\n\tsmtpServerPort = {}\n\tconfirm = never\n\tsuppresscc = self\n",
                self.sender.name, self.sender.email, server.port
            ),
        )
        .or_say(|| "cannot write settings of git")?;
        let program = SendEmail::with_settings(tools, &pristine.dir().join(".git"), &settings);
        log.run_checked(&program.cmd(&self.outbox, &self.sender, name, &[])?)?;
        drop(server);

        let arrived = read_mailbox(&mailbox)?;
        check_arrived(section, &arrived)?;
        let series = self.dir.join(format!("series-{name}"));
        log.run_checked(
            &self
                .tools
                .env("HOME", &self.dir.to_string_lossy())
                .cmd("b4")
                .dir(pristine.dir())
                .args(["-n", "--offline-mode", "am", "-C", "-m"])
                .arg(&mailbox)
                .arg("-o")
                .arg(&series),
        )?;
        let applicable = only_mbx(&series)?;
        let last = section.commits.last().map_or("", String::as_str);
        let mailed = self.series.git.id(&format!("{last}^{{tree}}"))?;
        let apply = |want: &str| {
            log.run_checked(&pristine.cmd(["am", "-q"]).arg(&applicable))?;
            self.check_applied(pristine, section, want)
        };
        if mailed != section.tree {
            // It is to apply to the base alone, too.
            let base = self.series.git.id("base^{commit}")?;
            pristine.run(["checkout", "-q", "--detach", &base])?;
            apply(&mailed)?;
            pristine.run(["checkout", "-q", "received"])?;
        }
        apply(&section.tree)?;
        Ok(format!(
            "  section {name}: {} mails arrived and apply",
            arrived.len()
        ))
    }

    fn check_applied(&self, pristine: &Git, section: &Section, want: &str) -> Result<()> {
        let name = section.name;

        if pristine.id("HEAD^{tree}")? != want {
            return Err(Error::failed(format!(
                "what arrived of section {name} is not what was assembled"
            )));
        }
        let n = section.commits.len().to_string();
        for who in pristine.lines(["log", "-n", &n, "--format=%an <%ae>"])? {
            if who != self.sender.address() {
                return Err(Error::failed(format!(
                    "section {name}: {who} is the author"
                )));
            }
        }
        let texts = pristine.read(["log", "-n", &n, "--format=%B"])?;
        let signoff = self.sender.signoff();
        if texts.lines().filter(|line| *line == signoff).count() != section.commits.len() {
            return Err(Error::failed(format!(
                "section {name}: a sign-off was lost"
            )));
        }
        Ok(())
    }

    /// A server that only keeps what it gets.
    fn server(&self, log: &Log, mailbox: &Path) -> Result<Server> {
        let cannot = || "cannot listen on 127.0.0.1";
        // Given back at once, for the server to take.
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .or_say(cannot)?
            .port();
        let said = self.dir.join("server.log");
        let file = File::create(&said).or_say(|| format!("cannot write {}", said.display()))?;
        let mut running = self
            .tools
            .cmd("python3")
            .args(["-m", "aiosmtpd", "-n", "-u", "-l"])
            .arg(format!("127.0.0.1:{port}"))
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(mailbox)
            .start_logged(&file)?;
        let begun = Instant::now();

        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            crate::interrupt::check()?;
            if running.finished()?.is_some() || begun.elapsed() > START {
                log.say(read_lossy(&said));
                return Err(Error::failed(format!(
                    "the SMTP server does not listen: see {}",
                    self.b.settings.shown(&log.path)
                )));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Server {
            port,
            _running: running,
        })
    }
}

/// It is stopped when this goes.
struct Server {
    port: u16,
    _running: Running,
}

/// The texts of what is in a Maildir.
fn read_mailbox(dir: &Path) -> Result<Vec<String>> {
    let cannot = || format!("cannot read {}", dir.display());
    let mut texts = Vec::new();

    for entry in fs::read_dir(dir.join("new")).or_say(cannot)? {
        texts.push(read_lossy(&entry.or_say(cannot)?.path()));
    }
    Ok(texts)
}

/// All is there, as one thread, and the fix was sent to whom it is for.
fn check_arrived(section: &Section, arrived: &[String]) -> Result<()> {
    let name = section.name;
    let answers = |mail: &&String| header(mail, "in-reply-to").is_some();
    let (patches, covers): (Vec<&String>, Vec<&String>) = arrived.iter().partition(answers);
    let [cover] = covers.as_slice() else {
        return Err(Error::failed(format!(
            "section {name}: {} mails are the begin of a thread",
            covers.len()
        )));
    };
    let id = header(cover, "message-id");

    if patches.len() != section.commits.len() {
        return Err(Error::failed(format!(
            "section {name}: {} of {} patches arrived",
            patches.len(),
            section.commits.len()
        )));
    }
    if patches.iter().any(|mail| header(mail, "in-reply-to") != id) {
        return Err(Error::failed(format!("section {name} is no thread")));
    }
    let got_it = |mail: &&String| header(mail, "x-rcptto").is_some_and(|to| to.contains(STABLE));
    if name == FIX.name && !arrived.iter().all(|mail| got_it(&mail)) {
        return Err(Error::failed("the stable team was not sent all of the fix"));
    }
    Ok(())
}

/// What `b4 am` has made for `git am`.
fn only_mbx(dir: &Path) -> Result<PathBuf> {
    fs::read_dir(dir)
        .or_say(|| format!("cannot read {}", dir.display()))?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "mbx"))
        .ok_or_else(|| Error::failed("b4 am made nothing to apply"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(id: &str, answers: &str, to: &str) -> String {
        let answers = match answers {
            "" => String::new(),
            _ => format!("In-Reply-To: {answers}\n"),
        };

        format!("Message-ID: {id}\n{answers}X-RcptTo: a@b, {to}\n\ntext\n")
    }

    fn judged(arrived: &[String]) -> String {
        let section = Section {
            name: "fix",
            commits: vec!["1".into(), "2".into()],
            tree: String::new(),
        };

        match check_arrived(&section, arrived) {
            Ok(()) => "fine".into(),
            Err(error) => error.message().to_string(),
        }
    }

    #[test]
    fn what_arrives_is_all_of_one_thread() {
        let (cover, one) = (mail("<0>", "", STABLE), mail("<1>", "<0>", STABLE));
        let arrived = |last: String| judged(&[cover.clone(), one.clone(), last]);

        assert_eq!(arrived(mail("<2>", "<0>", STABLE)), "fine");
        assert_eq!(
            arrived(mail("<2>", "", STABLE)),
            "section fix: 2 mails are the begin of a thread"
        );
        assert_eq!(
            arrived(mail("<2>", "<1>", STABLE)),
            "section fix is no thread"
        );
        assert_eq!(
            arrived(mail("<2>", "<0>", "c@d")),
            "the stable team was not sent all of the fix"
        );
        assert_eq!(
            judged(&[cover.clone(), one.clone()]),
            "section fix: 1 of 2 patches arrived"
        );
        assert_eq!(
            judged(&[]),
            "section fix: 0 mails are the begin of a thread"
        );
    }
}
