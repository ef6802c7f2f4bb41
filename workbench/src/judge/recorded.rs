// SPDX-License-Identifier: GPL-2.0

//! What the readers make of a log that a kernel has written: of 6.18.15 on UML, shortened to some
//! of the kinds of VMA. `kunit.py`'s result is made from the log.

use super::breakages::{caught, Caught, End};
use super::differences::Scope;
use super::event::Event;
use super::golden::Table;
use super::kunit::{Outcome, Status};
use super::log::Log;
use super::matrix::Matrix;
use super::matrix_text;
use super::sweeps::Sweeps;

const LOG: &str = include_str!("../../tests/data/um-6.18.15.log");

const MATRIX: &str = "\
failure points by kind of VMA and way to fail; a cell adds up whole forks (kinds, refused_kinds) and
dup_mmap() alone (tree_of_kinds, tree_of_refused_kinds)
                   once  forever  pair  signal  commit  lock  format
no VMA                3        3     -       3       -     2       1
anonymous            19       19    12      19       2     2       1
anonymous, pinned    21       21    14      21       2     2       1
shared                7        7     -       7       -     2       1
  - in column pair: no second point: the first failure ends the fork
  - in column commit: nothing is accounted
  charge: not swept: no CONFIG_MEMCG
  pool: not swept: no CONFIG_HUGETLB_PAGE
  busy: not swept: no CONFIG_DEVICE_PRIVATE
  not in this kernel (no CONFIG_NUMA): anonymous, with a policy
  not in this kernel (no CONFIG_HAVE_ARCH_USERFAULTFD_WP): anonymous, writes watched; shared,
    writes watched
  not in this kernel (no CONFIG_TRANSPARENT_HUGEPAGE): huge as seen fit; huge as seen fit, pinned
  not in this kernel (no CONFIG_HUGETLB_PAGE): huge, private
  not in this kernel (no CONFIG_SECRETMEM): secret
";

fn outcome() -> Outcome {
    let tests = Log::new(LOG).filter_map(|entry| match entry.event {
        Event::TestEnds { ok: true } => Some((entry.place.to_string(), Status::Passed)),
        _ => None,
    });

    Outcome {
        tests: tests.collect(),
        errors: 0,
    }
}

#[test]
fn all_tests_are_found() {
    let outcome = outcome();

    assert_eq!(outcome.tests.len(), 81);
    for test in ["fork_fail.kinds", "kunit_fault_injection.limits_are_kept"] {
        assert!(outcome.has(test), "{test}");
    }
}

#[test]
fn a_run_agrees_with_its_own_table() {
    let sweeps = Sweeps::of(LOG);
    let table = Table::of_run("6.18.15", &sweeps, &outcome());
    let read = Table::parse(&table.write("6.18", "um")).expect("a table");

    assert_eq!(sweeps.garbled, [""; 0]);
    // A test of the facility makes up one of its own, which has two sweeps.
    assert_eq!(table.len(), sweeps.all.len() - 2);
    assert_eq!(read, table);
    assert_eq!(read.compare(&table, &outcome(), Scope::All), [""; 0]);
}

#[test]
fn a_lost_point_is_seen() {
    let table = |log: &str| Table::of_run("6.18.15", &Sweeps::of(log), &outcome());
    let log = LOG.replacen(
        "anonymous mode=pair points=6",
        "anonymous mode=pair points=0",
        1,
    );
    let expected =
        ["fork_fail.tree_of_kinds/anonymous mode=pair: 0 points, the table says 6 points"];

    assert_eq!(
        table(LOG).compare(&table(&log), &outcome(), Scope::All),
        expected
    );
}

#[test]
fn the_matrix_has_what_was_swept() {
    let matrix = Matrix::of(&Sweeps::of(LOG));

    assert_eq!(matrix.unexplained(), [""; 0]);
    assert_eq!(matrix_text::text(&matrix), MATRIX);
}

#[test]
fn this_kernel_was_not_broken() {
    // The facility's tests make assertions fail, and breakages do not run them.
    let (before, rest) = LOG
        .split_once("    # Subtest: kunit_fault_injection")
        .expect("it");
    let (_, after) = rest
        .split_once("ok 8 kunit_fault_injection\n")
        .expect("its end");

    assert_eq!(
        caught(&format!("{before}{after}"), Some(End::Exit)),
        Caught::Survived
    );
}
