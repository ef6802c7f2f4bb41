// SPDX-License-Identifier: GPL-2.0

//! What ends a command early: one line that says what, where and what to do.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// Why a command ended; the exit code follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A test failed, or a check found something: exit code 1.
    Failed,
    /// A setting makes no sense, or something is missing to work with: exit code 2.
    Usage,
    /// A signal asked for it: exit code 128 and its number.
    Interrupted(i32),
}

/// A line for the user. It has no `error: ` in front and no newline at its end.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    /// Lines of a log that show more, printed below the message.
    details: Vec<String>,
}

impl Error {
    /// A test failed, or a check found something.
    pub fn failed(message: impl Into<String>) -> Error {
        Error::new(Kind::Failed, message)
    }

    /// A setting makes no sense, or something is missing to work with.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(Kind::Usage, message)
    }

    /// A signal asked to stop.
    pub fn interrupted(signal: i32) -> Error {
        Error::new(
            Kind::Interrupted(signal),
            "interrupted: nothing is left half done, the same command starts again",
        )
    }

    fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The same with lines below it.
    pub fn with_details<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Error {
        self.details.extend(lines.into_iter().map(Into::into));
        self
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn details(&self) -> &[String] {
        &self.details
    }

    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Interrupted(signal) => 128 + u8::try_from(signal).unwrap_or(0),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// What to do, if that is what was said.
pub fn advice_on_full_disk(said: &str) -> Option<&'static str> {
    [
        "No space left on device",
        "have enough free space",
        "Disk quota exceeded",
    ]
    .iter()
    .any(|words| said.contains(words))
    .then_some(FULL_DISK)
}

/// What a full disk is called.
pub const FULL_DISK: &str = "the disk is full: make room, or set XDG_CACHE_HOME to another one";

/// Says what was being done when the system refused.
pub trait Context<T> {
    /// `what` names the action and the path, such as `cannot write build/x`.
    fn or_say<S: fmt::Display>(self, what: impl FnOnce() -> S) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn or_say<S: fmt::Display>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| {
            let message = format!("{}: {error}", what());

            Error::usage(match advice_on_full_disk(&message) {
                None => message,
                Some(advice) => format!("{advice} ({message})"),
            })
        })
    }
}
