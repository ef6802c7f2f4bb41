// SPDX-License-Identifier: GPL-2.0

//! What came of a breakage, compared with what should have come of it.

use super::file::Breakage;
use crate::judge::breakages::Caught;
use crate::report;

/// What a run has found, or why there was none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    By {
        place: String,
        what: String,
    },
    Survived,
    /// What went wrong.
    Broken(String),
}

impl Found {
    /// `undecided` is why nothing is known, if so.
    pub(super) fn new(caught: Caught, undecided: &str) -> Found {
        match caught {
            Caught::By { place, what } => Found::By { place, what },
            Caught::Survived => Found::Survived,
            Caught::Undecided => Found::Broken(undecided.to_string()),
        }
    }

    pub(super) fn said(&self) -> String {
        match self {
            Found::By { place, what } => format!("{place}: {what}"),
            Found::Survived => "SURVIVED".into(),
            Found::Broken(why) => why.clone(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) caught: u64,
    pub(super) survived: u64,
    /// What is not as it should be.
    pub(super) bad: u64,
}

impl Counts {
    /// Counts a breakage, and says for its row what came of it.
    pub(super) fn judge(&mut self, breakage: &Breakage, found: &Found) -> String {
        match found {
            Found::By { .. } => self.caught += 1,
            Found::Survived => self.survived += 1,
            Found::Broken(_) => (),
        }
        self.bad += u64::from(outcome(breakage, found) == report::Outcome::Wrong);
        match (found, &breakage.survives) {
            (Found::By { .. }, Some(_)) => format!("{} [BUT said to survive]", found.said()),
            (Found::Survived, Some(why)) => format!("survived: {why}"),
            _ => found.said(),
        }
    }
}

/// Whether it is as it should be.
fn outcome(breakage: &Breakage, found: &Found) -> report::Outcome {
    match (found, &breakage.survives) {
        (Found::By { .. }, None) => report::Outcome::Caught,
        (Found::Survived, Some(_)) => report::Outcome::Survived,
        _ => report::Outcome::Wrong,
    }
}

/// The same for the report.
pub(super) fn row(breakage: &Breakage, found: &Found, seconds: u64) -> report::Breakage {
    let detail = match (found, &breakage.survives) {
        (Found::By { .. }, Some(_)) => format!("said to survive, but caught by {}", found.said()),
        (Found::Survived, Some(why)) => why.clone(),
        (Found::Survived, None) => "survived".into(),
        _ => found.said(),
    };

    report::Breakage {
        what: breakage.what.clone(),
        seconds,
        outcome: outcome(breakage, found),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakage_has_to_be_caught_or_explained() {
        let breakage = |survives: Option<&str>| Breakage {
            file: "x.patch".into(),
            name: "x".into(),
            what: "x is broken".into(),
            survives: survives.map(str::to_string),
        };
        let caught = Found::new(
            Caught::By {
                place: "fork_fail.tree".into(),
                what: "fails".into(),
            },
            "",
        );
        let broken = Found::new(Caught::Undecided, "it does not build");
        let survived = Found::new(Caught::Survived, "");
        let mut counts = Counts::default();
        let mut wrong = 0;

        for (found, survives, said, bad) in [
            (&caught, None, "fork_fail.tree: fails", 0),
            (&survived, Some("why"), "survived: why", 0),
            (&survived, None, "SURVIVED", 1),
            (
                &caught,
                Some("why"),
                "fork_fail.tree: fails [BUT said to survive]",
                2,
            ),
            (&broken, None, "it does not build", 3),
            (&broken, Some("why"), "it does not build", 4),
        ] {
            assert_eq!(counts.judge(&breakage(survives), found), said);
            assert_eq!(counts.bad, bad, "{said}");
            let row = row(&breakage(survives), found, 7);
            wrong += u64::from(row.outcome == report::Outcome::Wrong);
            assert_eq!(wrong, bad, "{said}");
            assert!(said.contains(&row.detail) || wrong > 0, "{said}");
        }
        assert_eq!((counts.caught, counts.survived), (2, 2));
    }
}
