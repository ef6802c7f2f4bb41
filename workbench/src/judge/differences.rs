// SPDX-License-Identifier: GPL-2.0

//! What a run has otherwise than the golden table.

use super::golden::{Key, Swept, Table};
use super::kunit::Outcome;
use std::collections::{HashMap, HashSet};

/// So many differences are named, the others are counted.
const NAMED: usize = 20;

/// How many of the tests a run was to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    /// Those that are in the result.
    Some,
}

impl Table {
    /// Names the differences. A test that the run's result does not list is one only if all tests
    /// should have run.
    pub(crate) fn compare(&self, actual: &Table, outcome: &Outcome, scope: Scope) -> Vec<String> {
        let golden: HashMap<&Key, &Swept> = self.rows.iter().map(|(k, s)| (k, s)).collect();
        let swept: HashSet<&Key> = actual.rows.iter().map(|(key, _)| key).collect();
        let mut wrong = Vec::new();
        let mut absent: Vec<(&str, usize)> = Vec::new();

        for (key, is) in &actual.rows {
            match golden.get(key) {
                None => wrong.push(format!("{key}: {is}, the table does not have it")),
                Some(should) if !self.takes(should, is) => {
                    wrong.push(format!("{key}: {is}, the table says {should}"));
                }
                Some(_) => (),
            }
        }
        for (key, should) in &self.rows {
            if swept.contains(key) {
                continue;
            }
            if outcome.has(&key.test) {
                wrong.push(format!("{key}: not in the log, the table says {should}"));
                continue;
            }
            match absent.last_mut() {
                Some((test, sweeps)) if *test == key.test => *sweeps += 1,
                _ => absent.push((&key.test, 1)),
            }
        }
        if scope == Scope::All {
            wrong.extend(absent.iter().map(|(test, sweeps)| {
                format!("{test}: did not run, the table has {sweeps} sweeps of it")
            }));
        }
        if wrong.len() > NAMED {
            let more = wrong.len() - NAMED;

            wrong.truncate(NAMED);
            wrong.push(format!("and {more} more"));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::super::golden::tests::{of, outcome, TABLE};
    use super::super::kunit::tests::result;
    use super::super::sweeps::tests::SWEEPS;
    use super::super::sweeps::Sweeps;
    use super::*;

    /// What is wrong with a log of the whole suite.
    fn wrong(table: &str, log: &str) -> Vec<String> {
        let table = Table::parse(table).expect("a table");

        table.compare(&of(log), &outcome(), Scope::All)
    }

    #[test]
    fn each_difference_is_named() {
        assert_eq!(wrong(TABLE, SWEEPS), [""; 0]);
        let more = SWEEPS.replace("points=106", "points=107");
        assert_eq!(
            wrong(TABLE, &more),
            ["fork_failure.anon/written mode=once: 107 points, the table says 106 points"]
        );
        let tolerated = SWEEPS.replace("tolerated=1", "tolerated=0");
        assert_eq!(
            wrong(TABLE, &tolerated),
            ["fork_failure.anon/written mode=forever: 44 points, \
              the table says 44 points (1 tolerated)"]
        );
        let none = SWEEPS.replace("points=106 failed=106 tolerated=0", "none: no CONFIG_X");
        assert_eq!(
            wrong(TABLE, &none),
            [
                "fork_failure.anon/written mode=once: not swept (no CONFIG_X), \
              the table says 106 points"
            ]
        );
        let other = SWEEPS.replace("mode=forever", "mode=pair");
        assert_eq!(
            wrong(TABLE, &other),
            [
                "fork_failure.anon/written mode=pair: 44 points (1 tolerated), \
                 the table does not have it",
                "fork_failure.anon/written mode=forever: not in the log, \
                 the table says 44 points (1 tolerated)",
            ]
        );
    }

    #[test]
    fn a_rough_table_lets_runs_differ_a_little() {
        let table = Table::parse(TABLE).expect("a table").roughly();
        let text = table.write("6.18", "um");
        let with = |points: &str| SWEEPS.replace("points=106", points);

        assert_eq!(wrong(&text, &with("points=110")), [""; 0]);
        for far in ["points=111", "points=101"] {
            assert_eq!(wrong(&text, &with(far)).len(), 1);
        }
        // Of few points none may be missing.
        let few = text.replace("points=44 tolerated=1", "points=19");
        let log = SWEEPS.replace("points=44", "points=18");
        assert_eq!(wrong(&few, &log).len(), 1);
        let none = SWEEPS.replace("points=106 failed=106 tolerated=0", "none: no CONFIG_X");
        assert_eq!(wrong(&text, &none).len(), 1);
    }

    #[test]
    fn an_empty_pair_is_compared_too() {
        let table = TABLE.replace("mode=forever points=44 tolerated=1", "mode=pair points=12");
        let log = SWEEPS.replace("mode=forever points=44", "mode=pair points=0");

        assert!(wrong(&table, &log)[0].contains("0 points (1 tolerated), the table says 12"));
    }

    #[test]
    fn the_same_sweep_can_come_again() {
        let line =
            "    # anon: fault-sweep: anon/written mode=once points=N failed=0 tolerated=0\n";
        let end = "    ok 1 anon";
        let again = SWEEPS.replace(end, &format!("{}{end}", line.replace('N', "7")));
        let table = of(&again).write("6.18", "um");

        assert_eq!(table.matches("mode=once").count(), 2);
        assert_eq!(wrong(&table, &again), [""; 0]);
        assert_eq!(
            wrong(&table, SWEEPS),
            [
                "fork_failure.anon/written mode=once, number 2: not in the log, \
              the table says 7 points"
            ]
        );
    }

    #[test]
    fn tests_that_did_not_run_are_missed_in_a_whole_run() {
        let more =
            "fork_failure.kinds/a mode=once points=3\nfork_failure.kinds/a mode=pair points=2\n";
        let table = Table::parse(&format!("{TABLE}{more}")).expect("a table");
        let compare = |scope| table.compare(&of(SWEEPS), &outcome(), scope);

        assert_eq!(compare(Scope::Some), [""; 0]);
        assert_eq!(
            compare(Scope::All),
            ["fork_failure.kinds: did not run, the table has 2 sweeps of it"]
        );
    }

    #[test]
    fn a_skipped_test_has_lost_its_sweeps() {
        let outcome = Outcome::parse(&result("SKIP", 0), "").expect("a result");
        let table = Table::parse(TABLE).expect("a table");
        let nothing = Table::of_run("6.18.15", &Sweeps::default(), &outcome);

        assert_eq!(table.compare(&nothing, &outcome, Scope::Some).len(), 2);
    }

    #[test]
    fn many_differences_are_counted() {
        let mut table = String::new();
        for nr in 0..30 {
            table.push_str(&format!(
                "fork_failure.anon/shape {nr} mode=once points=1\n"
            ));
        }
        let wrong = wrong(&table, SWEEPS);

        assert_eq!(wrong.len(), NAMED + 1);
        assert_eq!(wrong[NAMED], "and 12 more");
    }
}
