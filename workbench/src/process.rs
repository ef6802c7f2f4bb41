// SPDX-License-Identifier: GPL-2.0

//! Running other programs: each in a process group of its own, which is stopped as a whole when a
//! signal arrives and dies with this program.

mod running;

pub(crate) use running::Running;

use crate::error::{advice_on_full_disk, Context, Error, Result};
use crate::interrupt;
use nix::sys::signal::Signal;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

/// Lines that are shown of what a program has complained about.
const DETAILS: usize = 15;

/// A program to run. Standard input is empty unless [`Cmd::input`] says otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Cmd {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, Option<OsString>)>,
    dir: Option<PathBuf>,
    input: Option<Vec<u8>>,
}

/// What a program has left.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text, without the line ends at its end.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_string()
    }

    pub(crate) fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim_end().to_string()
    }
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Cmd {
        Cmd {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            dir: None,
            input: None,
        }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Cmd {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Cmd {
        for argument in arguments {
            self.arguments.push(argument.as_ref().to_owned());
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Cmd {
        self.environment
            .push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Cmd {
        self.environment.push((name.into(), None));
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Cmd {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Cmd {
        self.input = Some(input.into());
        self
    }

    /// The command line, for a plan or a log.
    pub(crate) fn said(&self) -> String {
        let mut words = vec![self.program.to_string_lossy().into_owned()];
        for argument in &self.arguments {
            words.push(argument.to_string_lossy().into_owned());
        }
        words.join(" ")
    }

    fn name(&self) -> String {
        Path::new(&self.program)
            .file_name()
            .unwrap_or(&self.program)
            .to_string_lossy()
            .into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        // A kernel build must not talk to the job server of the make that called us.
        for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"] {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C.UTF-8");
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        command.process_group(0);
        // SAFETY: prctl() is async-signal-safe, and nothing else is called between fork and exec.
        unsafe {
            command.pre_exec(|| {
                nix::sys::prctl::set_pdeathsig(Signal::SIGTERM).map_err(std::io::Error::from)
            });
        }
        command
    }

    fn start(&self, stdout: Stdio, stderr: Stdio) -> Result<Running> {
        let stdin = match self.input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        };

        self.start_with(stdin, stdout, stderr)
    }

    fn start_with(&self, stdin: Stdio, stdout: Stdio, stderr: Stdio) -> Result<Running> {
        interrupt::check()?;
        let mut command = self.command();
        command.stdin(stdin);
        let mut child = command
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|error| self.cannot_start(&error))?;

        if let Some(input) = self.input.clone() {
            if let Some(mut pipe) = child.stdin.take() {
                // Who does not read all of it has its reasons.
                thread::spawn(move || pipe.write_all(&input));
            }
        }
        Ok(Running { child })
    }

    fn cannot_start(&self, error: &std::io::Error) -> Error {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Error::usage(format!(
                "{} is missing on this machine: install it",
                self.name()
            ));
        }
        Error::usage(format!("cannot start {}: {error}", self.name()))
    }

    /// Starts it, both outputs to a file.
    pub(crate) fn start_logged(&self, log: &File) -> Result<Running> {
        let clone = || {
            log.try_clone()
                .map(Stdio::from)
                .or_say(|| "cannot write a log")
        };

        self.start(clone()?, clone()?)
    }

    /// Starts it with standard output to be read by the caller, the rest to a file.
    pub(crate) fn start_piped(&self, log: &File) -> Result<Running> {
        let log = log.try_clone().or_say(|| "cannot write a log")?;

        self.start(Stdio::piped(), Stdio::from(log))
    }

    /// Starts it with standard input to be written by the caller, both outputs to a file.
    pub(crate) fn start_fed(&self, log: &File) -> Result<Running> {
        let clone = || {
            log.try_clone()
                .map(Stdio::from)
                .or_say(|| "cannot write a log")
        };

        self.start_with(Stdio::piped(), clone()?, clone()?)
    }

    /// Starts it on the terminal of the user, with his standard input.
    pub(crate) fn run_in_foreground(&self) -> Result<ExitStatus> {
        interrupt::check()?;
        let mut command = self.command();
        command.process_group(nix::unistd::getpgrp().as_raw());
        command.status().map_err(|error| self.cannot_start(&error))
    }

    /// Runs it and collects what it writes, however it ends.
    pub(crate) fn output(&self) -> Result<Output> {
        let mut running = self.start(Stdio::piped(), Stdio::piped())?;
        let stdout = collect(running.child.stdout.take());
        let stderr = collect(running.child.stderr.take());
        let status = running.wait(None)?;

        Ok(Output {
            status,
            stdout: stdout.join().unwrap_or_default(),
            stderr: stderr.join().unwrap_or_default(),
        })
    }

    /// Runs it; it has to end well. Otherwise the error has the first line it complained with.
    pub(crate) fn read(&self) -> Result<String> {
        Ok(self.checked()?.text())
    }

    /// The same, with its output as it is.
    pub(crate) fn checked(&self) -> Result<Output> {
        let output = self.output()?;

        if output.status.success() {
            return Ok(output);
        }
        let said = output.error_text();
        let full = said
            .lines()
            .find_map(|line| Some((line, advice_on_full_disk(line)?)));
        if let Some((line, advice)) = full {
            return Err(Error::usage(format!("{advice} ({}: {line})", self.name())));
        }
        Err(Error::usage(format!(
            "{} failed ({}): {}",
            self.name(),
            ended(output.status),
            said.lines().next().unwrap_or("it said nothing")
        ))
        .with_details(said.lines().skip(1).take(DETAILS).map(str::to_string)))
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            // What arrived before an error is all there is.
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

/// How a program has ended, in words.
pub(crate) fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_collected_and_judged() {
        let shell = |script: &str| Cmd::new("sh").args(["-c", script]);

        assert_eq!(
            shell("echo out; echo err >&2").read().ok(),
            Some("out".into())
        );
        let error = shell("echo first >&2; echo second >&2; exit 3").read();
        let error = error.expect_err("it failed");
        assert_eq!(error.message(), "sh failed (exit 3): first");
        assert_eq!(error.details(), ["second"]);
        let error = shell("seq 99 >&2; exit 1").read().expect_err("it failed");
        assert_eq!(error.details().len(), DETAILS);
        let full = "echo error: x >&2; echo fatal: No space left on device >&2; exit 128";
        let error = shell(full).read().expect_err("it failed");
        assert_eq!(
            error.message(),
            "the disk is full: make room, or set XDG_CACHE_HOME to another one (sh: fatal: No \
             space left on device)"
        );
        assert_eq!(error.details(), [""; 0]);
        assert_eq!(
            Cmd::new("cat").input("given").read().ok(),
            Some("given".into())
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Cmd::new("no-such-program").read().expect_err("missing");

        assert!(error.message().starts_with("no-such-program is missing"));
    }
}
