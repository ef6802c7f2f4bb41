// SPDX-License-Identifier: GPL-2.0

use super::*;

const LOG: &str = "\
# selftest: run_each begins
# test: cow begins
TAP version 13
1..3
ok 1 Basic COW: fork
not ok 2 vmsplice
# [RUN] huge
# no swap
ok 3 # SKIP huge

# test: cow: exit 1
# test: uffd-unit-tests begins
Testing UFFDIO_API... done
Testing wp on hugetlb... skipped [reason: no pages]

# test: uffd-unit-tests: exit 0
# selftest: run_each: exit 0
";

fn read(console: &str) -> MmTests {
    MmTests::read(Ran {
        program: "run_each",
        console,
        late: false,
    })
}

/// The base had `LOG`.
fn with(series: &str) -> Compared {
    compare(&read(LOG), &read(series))
}

fn error(series: &str) -> String {
    let compared = with(series);

    assert_eq!(compared.errors, 1, "{}", compared.text);
    let at = compared.text.find("error: ").unwrap_or_default();
    compared.text[at..].trim_end().to_string()
}

#[test]
fn what_comes_to_the_same_is_counted() {
    let compared = with(LOG);

    assert_eq!(compared.errors, 0, "{}", compared.text);
    assert_eq!(
        (
            compared.programs,
            compared.passed,
            compared.failed,
            compared.skipped
        ),
        (2, 2, 1, 2)
    );
    assert!(compared.text.contains("    failed: vmsplice\n"));
    assert!(compared.text.contains("    skipped 1: no pages\n"));
    assert!(compared.text.contains("    skipped 1: no swap\n"));
}

#[test]
fn what_differs_is_wrong() {
    assert_eq!(
        error(&LOG.replace("not ok 2", "ok 2")),
        "error: cow: vmsplice: failed on the base, passed with the series"
    );
    assert_eq!(
        error(&LOG.replace("UFFDIO_API... done", "UFFDIO_API... failed [reason: x]")),
        "error: uffd-unit-tests: UFFDIO_API: passed on the base, failed with the series"
    );
    assert_eq!(
        error(&LOG.replace("cow: exit 1", "cow: signal 11")),
        "error: cow: exit 1 on the base, signal 11 with the series"
    );
    assert_eq!(
        error(&LOG.replace("run_each: exit 0", "run_each: exit 1")),
        "error: series: it ended with exit 1"
    );
    let none = with("# selftest: run_each begins\n# selftest: run_each: exit 0\n");
    assert_eq!(none.errors, 3, "{}", none.text);
}

#[test]
fn a_size_in_a_name_makes_no_difference() {
    assert_eq!(with(&LOG.replace("vmsplice", "vmsplice 2MB")).errors, 2);
    let one = read(&LOG.replace("vmsplice", "vmsplice 2MB"));
    let other = read(&LOG.replace("vmsplice", "vmsplice 16MB"));
    assert_eq!(compare(&one, &other).errors, 0);
}

#[test]
fn a_report_has_to_be_on_the_base_too() {
    let with_report = |line: &str| LOG.replace("1..3", &format!("1..3\n{line}"));
    let warning = "WARNING: CPU: 0 PID: 24 at mm/rmap.c:73 f+0x417/0x690";
    let other = warning
        .replace("PID: 24", "PID: 7")
        .replace("0x417", "0x420");

    assert_eq!(
        error(&with_report(warning)),
        format!("error: cow: not on the base: {warning}")
    );
    let both = compare(&read(&with_report(warning)), &read(&with_report(&other)));
    assert_eq!(both.errors, 0, "{}", both.text);
    // Outside of any program, too.
    assert!(error(&format!("{LOG}{warning}\n")).starts_with("error: series: WARNING"));
}

#[test]
fn a_kernel_that_ends_is_noticed() {
    let at = LOG.find("ok 3").expect("the line");
    let compared = with(&LOG[..at]);

    assert!(
        compared.text.contains("error: series: it did not end"),
        "{}",
        compared.text
    );
    assert!(compared
        .text
        .contains("error: uffd-unit-tests: it has not run with"));
}

#[test]
fn a_recorded_log_is_read() {
    let recorded = include_str!("../../../tests/data/mm-tests.log");
    let read = read(recorded);
    let of = |command| read.of(command).expect("it has run");
    let came =
        |command| [Came::Passed, Came::Failed, Came::Skipped].map(|came| of(command).number(came));

    assert_eq!(came("cow"), [3, 0, 3]);
    assert_eq!(of("cow").reasons.len(), 1);
    assert_eq!(came("droppable"), [1, 0, 0]);
    assert_eq!(came("guard-regions"), [18, 0, 2]);
    assert_eq!(came("mremap_test"), [1, 1, 0]);
    assert_eq!(of("mremap_test").ended.as_deref(), Some("exit 1"));
    assert_eq!(came("uffd-unit-tests"), [1, 0, 5]);
    // The rest of it was cut off.
    assert_eq!(read.wrong, ["it did not end"]);
}

#[test]
fn a_program_without_tests_is_one() {
    let none = |how: &str| read(&format!("# test: a begins\n# test: a: {how}\n"));
    let came = |how: &str| none(how).programs[0].tests.get("all").copied();

    assert_eq!(came("exit 0"), Some(Came::Passed));
    assert_eq!(came("exit 4"), Some(Came::Skipped));
    assert_eq!(came("signal 9"), Some(Came::Failed));
}
