// SPDX-License-Identifier: GPL-2.0

//! What is said of all mutants, and of those that a layer got: how many were killed, and how long
//! one took.

use super::written::{Result, Verdict};
use std::time::Duration;

/// What a layer has made of those that the layers before it have not killed.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    pub(super) killed: usize,
    pub(super) tried: usize,
    pub(super) took: Duration,
}

impl Layer {
    pub(super) fn line(&self, name: &str) -> String {
        format!(
            "{name}: {} of {} killed{}; {}",
            self.killed,
            self.tried,
            percent(self.killed, self.tried),
            each(self.took, self.tried)
        )
    }
}

/// The line with the score of a base. What is explained does not count in the percentage.
pub(super) fn score(base: &str, results: &[Result]) -> String {
    let count = |verdict| results.iter().filter(|one| one.verdict == verdict).count();
    let (killed, explained) = (count(Verdict::Killed), count(Verdict::Explained));
    let took = results.iter().map(|one| one.took).sum();

    format!(
        "linux {base}: {killed} of {} mutants killed, {} survived, {explained} explained{}; {}",
        results.len(),
        count(Verdict::Survived),
        percent(killed, results.len() - explained),
        each(took, results.len())
    )
}

fn percent(part: usize, whole: usize) -> String {
    match whole {
        0 => String::new(),
        _ => format!(", {:.1} %", 100.0 * part as f64 / whole as f64),
    }
}

fn each(took: Duration, number: usize) -> String {
    format!("{:.1} s each", took.as_secs_f64() / number.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_tell_their_score_and_time() {
        let layer = |killed, tried, seconds| Layer {
            killed,
            tried,
            took: Duration::from_secs(seconds),
        };

        assert_eq!(
            layer(3, 4, 6).line("quick"),
            "quick: 3 of 4 killed, 75.0 %; 1.5 s each"
        );
        assert_eq!(layer(0, 0, 0).line("um"), "um: 0 of 0 killed; 0.0 s each");
    }

    #[test]
    fn what_is_explained_is_no_part_of_the_percentage() {
        let verdicts = [Verdict::Killed, Verdict::Explained, Verdict::Survived];
        let results = verdicts.map(|verdict| Result {
            id: String::new(),
            took: Duration::from_secs(2),
            verdict,
            said: String::new(),
        });

        assert_eq!(
            score("6.18", &results),
            "linux 6.18: 1 of 3 mutants killed, 1 survived, 1 explained, 50.0 %; 2.0 s each"
        );
        assert_eq!(
            score("6.18", &results[..2]),
            "linux 6.18: 1 of 2 mutants killed, 0 survived, 1 explained, 100.0 %; 2.0 s each"
        );
    }
}
