// SPDX-License-Identifier: GPL-2.0

//! Steps that take their time, and their logs.

use super::ticker::Ticker;
use super::Console;
use crate::error::{advice_on_full_disk, Context, Error, Kind, Result};
use crate::process::{ended, Cmd};
use indicatif::ProgressBar;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Lines of a log that are shown when its step has failed.
const TAIL: usize = 15;

/// The log of a step that is running. Programs are run through it.
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    file: File,
    bar: Option<ProgressBar>,
    status: Arc<Mutex<String>>,
    verbose: bool,
}

impl Log {
    /// Adds a line.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        // A log that cannot be written is noticed by who reads it.
        let _ = writeln!(&self.file, "{}", text.as_ref());
    }

    /// How far the step is, in percent.
    pub(crate) fn progress(&self, percent: u64) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!(" {}%", percent.min(100)));
        }
    }

    /// What the step is at.
    pub(crate) fn status(&self, text: &str) {
        if let Ok(mut status) = self.status.lock() {
            status.clear();
            status.push_str(text);
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!(" {text}"));
        }
    }

    /// What was written so far.
    pub(crate) fn text(&self) -> String {
        read_lossy(&self.path)
    }

    /// Runs a program; its output goes to the log. How it ended is the caller's to judge.
    pub(crate) fn run(&self, cmd: &Cmd) -> Result<ExitStatus> {
        self.run_watched(cmd, None, |_| ())
    }

    /// Runs a program that has to end well.
    pub(crate) fn run_checked(&self, cmd: &Cmd) -> Result<()> {
        let status = self.run(cmd)?;

        match status.success() {
            true => Ok(()),
            false => Err(Error::failed(ended(status))),
        }
    }

    /// Runs a program, for `limit` at most, and calls `look` every second.
    pub(crate) fn run_watched(
        &self,
        cmd: &Cmd,
        limit: Option<Duration>,
        mut look: impl FnMut(&Log),
    ) -> Result<ExitStatus> {
        if self.verbose {
            self.say(format!("+ {}", cmd.said()));
        }
        let mut running = cmd.start_logged(&self.file)?;
        let begun = Instant::now();
        loop {
            if limit.is_some_and(|limit| begun.elapsed() > limit) {
                running.stop();
            }
            if let Some(status) = running.wait_a_while(Duration::from_secs(1))? {
                return Ok(status);
            }
            look(self);
        }
    }

    /// The file itself, for programs that are started apart.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// A file's text; a missing file is an empty one, what is wrong with it finds who reads it.
pub(crate) fn read_lossy(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// What the end of a log says about the cause, in terms of what to do. A step that knows prints a
/// line `advice: ...`.
fn advice(log: &str, mirror: &str) -> String {
    let last: Vec<&str> = log.lines().rev().take(60).collect();
    let any = |words: &[&str]| {
        last.iter()
            .any(|line| words.iter().any(|word| line.contains(word)))
    };

    // Whatever was tried, a full disk explains it.
    if let Some(advice) = last.iter().find_map(|line| advice_on_full_disk(line)) {
        return advice.into();
    }
    if let Some(advice) = last.iter().find_map(|line| line.strip_prefix("advice: ")) {
        return advice.to_string();
    }
    if any(&[
        "Could not resolve",
        "Could not connect",
        "Unable to connect",
        "Connection refused",
        "Network is unreachable",
        "Connection timed out",
        "Temporary failure resolving",
    ]) {
        return format!("no answer from {mirror}: check the network, or set MIRROR");
    }
    if any(&["Cannot allocate memory", "out of memory", "Killed"]) {
        return "not enough memory: try a lower JOBS".into();
    }
    "see the log".into()
}

/// What is known of a step that takes its time.
pub(crate) struct Long<'a> {
    /// For the user, such as `linux 6.18.15 for um, fixed`.
    pub(crate) title: &'a str,
    pub(crate) log: PathBuf,
    /// The log as the user would name it.
    pub(crate) shown: String,
    pub(crate) mirror: &'a str,
}

impl Console {
    /// As [`Console::long`], for who says himself what came of it.
    pub(crate) fn quiet_long<T>(
        &self,
        title: &str,
        log: &Path,
        job: impl FnOnce(&Log) -> Result<T>,
    ) -> Result<T> {
        let (ticker, log) = self.open(title, log)?;
        let result = job(&log);

        drop(ticker);
        result
    }

    fn open(&self, title: &str, path: &Path) -> Result<(Ticker, Log)> {
        let cannot = || format!("cannot write {}", path.display());

        if let Some(dir) = path.parent() {
            std::fs::create_dir_all(dir).or_say(cannot)?;
        }
        let file = File::create(path).or_say(cannot)?;
        let ticker = self.begin(title);
        let log = Log {
            path: path.to_owned(),
            file,
            bar: ticker.bar.clone(),
            status: Arc::clone(&ticker.status),
            verbose: self.verbose,
        };
        Ok((ticker, log))
    }

    /// Does something that takes its time. When it fails without having said more than how a
    /// program ended, the error tells what the log says.
    pub(crate) fn long<T>(
        &self,
        step: &Long<'_>,
        job: impl FnOnce(&Log) -> Result<T>,
    ) -> Result<T> {
        let (ticker, log) = self.open(step.title, &step.log)?;
        let begun = ticker.begun;
        let result = job(&log);

        drop(ticker);
        match result {
            Ok(value) => {
                self.say(format!("  {}: {} s", step.title, begun.elapsed().as_secs()));
                Ok(value)
            }
            Err(error) if matches!(error.kind(), Kind::Interrupted(_)) => Err(error),
            Err(error) => {
                let text = log.text();
                let tail: Vec<String> = text.lines().map(str::to_string).collect();
                let tail = tail[tail.len().saturating_sub(TAIL)..].to_vec();
                // Who has more to say than how a program ended has said it.
                let message = error.message();
                let ended = message.starts_with("exit ") || message.starts_with("signal ");
                if !ended {
                    return Err(error);
                }
                Err(Error::failed(format!(
                    "{} failed ({message}): {}; log: {}",
                    step.title,
                    advice(&text, step.mirror),
                    step.shown
                ))
                .with_details(tail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long<T>(job: impl FnOnce(&Log) -> Result<T>) -> (Result<T>, String) {
        let dir = tempfile::tempdir().expect("a folder");
        let console = Console::quiet();
        let step = Long {
            title: "a step",
            log: dir.path().join("step.log"),
            shown: "build/step.log".into(),
            mirror: "http://mirror",
        };

        let result = console.long(&step, job);
        (result, console.kept())
    }

    #[test]
    fn a_step_says_how_long_it_took() {
        let (result, said) = long(|log| log.run_checked(&Cmd::new("true")));

        assert!(result.is_ok());
        assert!(
            said.contains("a step ...") && said.contains("a step: 0 s"),
            "{said}"
        );
    }

    #[test]
    fn a_failed_step_names_its_log_and_what_to_do() {
        let script = "echo one; echo 'curl: (7) Connection refused'; exit 4";
        let (result, _) = long(|log| log.run_checked(&Cmd::new("sh").args(["-c", script])));
        let error = result.expect_err("it failed");

        assert_eq!(
            error.message(),
            "a step failed (exit 4): no answer from http://mirror: check the network, or set \
             MIRROR; log: build/step.log"
        );
        assert_eq!(error.details().len(), 2);
    }

    #[test]
    fn the_step_knows_best_but_for_a_full_disk() {
        assert_eq!(
            advice("advice: do this\nConnection refused\n", ""),
            "do this"
        );
        assert!(advice("advice: x\nNo space left on device\n", "").contains("disk is full"));
        assert_eq!(advice("nothing\n", ""), "see the log");
    }

    #[test]
    fn what_a_step_says_itself_stays() {
        let (result, _) = long(|_| -> Result<()> { Err(Error::usage("this is wrong: do that")) });

        assert_eq!(
            result.expect_err("it failed").message(),
            "this is wrong: do that"
        );
    }
}
