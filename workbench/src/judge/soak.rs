// SPDX-License-Identifier: GPL-2.0

//! Reads the console of a soak: a line a minute, the counters of the system before and after, and
//! what the kernel has complained of.

use super::event::Event;
use super::log::Log;

/// What is there so far.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Soak {
    /// A line for each minute, with the number of the kernel's complaints until then.
    pub(crate) minutes: Vec<String>,
    /// A line for each counter: what it was, what it is, and by how much it may be more.
    pub(crate) counters: Vec<String>,
    /// What ran beside.
    pub(crate) beside: Vec<String>,
}

/// How a counter's line ends that is more than it may be.
const LEAKED: &str = " LEAKED";

impl Soak {
    /// The last line of a console that is still written may not be whole: it is left out.
    pub(crate) fn read(console: &str) -> Soak {
        let whole = console.rfind('\n').and_then(|end| console.get(..end));
        let mut soak = Soak::default();
        let mut complaints = 0;

        for line in whole.unwrap_or_default().lines() {
            complaints += usize::from(Log::new(line).any(|entry| is_complaint(entry.event)));
            let Some(said) = line.trim().strip_prefix("# ") else {
                continue;
            };
            if said.starts_with("minute ") {
                soak.minutes.push(format!("{said}, reported {complaints}"));
            } else if let Some(counter) = said.strip_prefix("counter ") {
                soak.counters.push(counter.to_string());
            } else if said.starts_with("beside: ") || said.starts_with("turns: ") {
                soak.beside.push(said.to_string());
            }
        }
        soak
    }

    /// The counters by which something has leaked.
    pub(crate) fn leaked(&self) -> Vec<&str> {
        let leaked = self.counters.iter().filter(|line| line.ends_with(LEAKED));

        leaked.map(String::as_str).collect()
    }
}

fn is_complaint(event: Event<'_>) -> bool {
    matches!(event, Event::Splat | Event::Marker | Event::Panic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_the_complaints_until_then() {
        let console = "# beside: swapoff\n# minute 1: failed 7\nBUG: x\nBUG: y\n\
                       # minute 2: failed 9\n# counter Slab: before 1 after 2 room 3\n\
                       # counter filp before 1 after 200 room 3 LEAKED\n# minute 3: fai";
        let soak = Soak::read(console);

        assert_eq!(
            soak.minutes,
            [
                "minute 1: failed 7, reported 0",
                "minute 2: failed 9, reported 2"
            ]
        );
        assert_eq!(soak.beside, ["beside: swapoff"]);
        assert_eq!(soak.counters.len(), 2);
        assert_eq!(soak.leaked(), ["filp before 1 after 200 room 3 LEAKED"]);
        assert_eq!(Soak::read("# minute 1: failed"), Soak::default());
    }
}
