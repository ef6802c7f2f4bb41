// SPDX-License-Identifier: GPL-2.0

//! What the user sees: lines, and how long the steps that are running have been at it. The full
//! output of a step goes to a log.

mod long;
mod ticker;

pub(crate) use long::{read_lossy, Log, Long};

use crate::error::{Error, Kind};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

/// Where lines for the user go.
#[derive(Clone)]
pub(crate) struct Console {
    sink: Sink,
    verbose: bool,
}

#[derive(Clone)]
enum Sink {
    Terminal,
    Plain,
    /// Collected, for whoever shows them only if something is wrong.
    Memory {
        kept: Arc<Mutex<String>>,
        /// Where goes what cannot wait.
        outer: Option<Box<Console>>,
    },
}

impl Console {
    pub(crate) fn new(verbose: bool) -> Console {
        let plain = std::env::var_os("CI").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let sink = match std::io::stdout().is_terminal() && !plain {
            true => Sink::Terminal,
            false => Sink::Plain,
        };

        Console { sink, verbose }
    }

    /// One that keeps what is said; see [`Console::kept`].
    pub(crate) fn quiet() -> Console {
        Console {
            sink: Sink::Memory {
                kept: Arc::default(),
                outer: None,
            },
            verbose: false,
        }
    }

    /// One that keeps what is said, but for what cannot wait.
    pub(crate) fn quiet_within(&self) -> Console {
        Console {
            sink: Sink::Memory {
                kept: Arc::default(),
                outer: Some(Box::new(self.clone())),
            },
            verbose: false,
        }
    }

    /// This one for what is not worth a line: on a terminal one sees that it runs, elsewhere nothing.
    pub(crate) fn only_progress(&self) -> Console {
        match self.sink {
            Sink::Terminal => self.clone(),
            Sink::Plain | Sink::Memory { .. } => Console::quiet(),
        }
    }

    /// What a quiet console has kept.
    pub(crate) fn kept(&self) -> String {
        match &self.sink {
            Sink::Memory { kept, .. } => kept.lock().map(|text| text.clone()).unwrap_or_default(),
            Sink::Terminal | Sink::Plain => String::new(),
        }
    }

    /// A line, or several.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        let text = text.as_ref().trim_end_matches('\n');

        match &self.sink {
            Sink::Memory { kept, .. } => {
                if let Ok(mut kept) = kept.lock() {
                    kept.push_str(text);
                    kept.push('\n');
                }
            }
            // Who closes the pipe wants no more.
            Sink::Terminal | Sink::Plain => {
                let _ = writeln!(std::io::stdout(), "{text}");
            }
        }
    }

    /// A line that tells why nothing happens.
    pub(crate) fn say_at_once(&self, text: &str) {
        if let Sink::Memory {
            outer: Some(outer), ..
        } = &self.sink
        {
            outer.say_at_once(text);
        }
        self.say(text);
    }

    /// An error, with the lines that belong to it.
    pub(crate) fn complain(&self, error: &Error) {
        let mut text = match error.kind() {
            Kind::Interrupted(_) => error.message().to_string(),
            Kind::Failed | Kind::Usage => format!("error: {}", error.message()),
        };
        for line in error.details() {
            text.push_str("\n    | ");
            text.push_str(line);
        }
        match &self.sink {
            Sink::Memory { .. } => self.say(text),
            Sink::Terminal | Sink::Plain => eprintln!("{text}"),
        }
    }
}
