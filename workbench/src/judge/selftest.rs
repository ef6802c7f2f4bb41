// SPDX-License-Identifier: GPL-2.0

//! Judges the console of a machine that has run one program which makes fork fail: the program's
//! TAP, what `workbench/selftest/init.c` says of how it ended, and what the kernel says.

use super::control::TEARDOWN;
use super::event::Event;
use super::log::Log;
use super::warnings;

/// A program that has run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ran<'a> {
    pub(crate) program: &'a str,
    pub(crate) console: &'a str,
    /// It was stopped at the time limit.
    pub(crate) late: bool,
}

/// What it came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
    /// How many forks failed, and by what.
    pub(crate) forks: Vec<(u64, String)>,
    /// What is wrong; nothing if all is as it should be.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn forks_failed(&self) -> u64 {
        self.forks.iter().map(|(number, _)| number).sum()
    }
}

/// Functions in which a kernel warns, as released, of an allocation that a program makes fail.
///
/// Where stacks are vmalloc()'ed, `va_alloc()` takes it that there is always memory for an area.
const WARNS: [&str; 1] = ["va_alloc"];

fn is_meant(line: &str) -> bool {
    warnings::function(line).is_some_and(|function| WARNS.contains(&function))
}

/// So much of what is wrong is shown.
const SHOWN: usize = 10;

/// What is wrong with any program that has to pass: what the kernel says, and how it ended.
pub(super) fn wrong(ran: Ran<'_>) -> Vec<String> {
    let mut wrong: Vec<String> = Log::new(ran.console)
        .filter(|entry| matches!(entry.event, Event::Panic | Event::Marker | Event::Splat))
        .filter(|entry| !is_meant(entry.line))
        .map(|entry| entry.line.to_string())
        .collect();

    wrong.extend(not_ended(ran));
    wrong
}

/// What is wrong with how it ended.
pub(super) fn not_ended(ran: Ran<'_>) -> Vec<String> {
    let mut wrong = Vec::new();

    if ran.late {
        wrong.push("it ran into the time limit".into());
    }
    match ended(ran) {
        Some("exit 0") => (),
        Some(how) => wrong.push(format!("it ended with {how}")),
        None => wrong.push(match begun(ran) {
            true => "it did not end".into(),
            false => format!(
                "it was not started; the last line: {}",
                last_line(ran.console)
            ),
        }),
    }
    wrong
}

/// Judges a program that has to pass.
pub(crate) fn judge(ran: Ran<'_>) -> Tally {
    let mut tally = Tally::default();

    for entry in Log::new(ran.console) {
        match entry.event {
            Event::SuiteEnds { ok: true } if entry.line.contains("# SKIP") => tally.skipped += 1,
            Event::SuiteEnds { ok: true } => tally.passed += 1,
            Event::SuiteEnds { ok: false } => {
                tally.failed += 1;
                tally.wrong.push(entry.line.to_string());
            }
            _ => (),
        }
    }
    tally.wrong.extend(wrong(ran));
    let said: Vec<&str> = ran.console.lines().filter_map(said_by_program).collect();
    tally.forks = said.iter().filter_map(|line| forks(line)).collect();
    let planned = ran.console.lines().find_map(plan);
    let counted = tally.passed + tally.failed + tally.skipped;

    if planned != Some(counted) {
        let planned = planned.map_or("no plan".into(), |number| format!("{number} planned"));
        tally.wrong.push(format!("{counted} results, {planned}"));
    }
    if tally.forks_failed() == 0 {
        tally
            .wrong
            .push("no fork has failed, so nothing is shown".into());
    }
    // Reasons are above the results that they are for.
    if tally.failed > 0 {
        let reasons = said.iter().map(|line| (*line).to_string());
        tally.wrong.splice(
            0..0,
            reasons
                .rev()
                .take(SHOWN)
                .collect::<Vec<_>>()
                .into_iter()
                .rev(),
        );
    }
    tally
}

/// Judges a program on a kernel without the fix, which has to fall over by the defect: in one of the
/// functions `within`, if that is not where a failed fork takes its address space down. What shows
/// that, or why this run shows nothing.
pub(crate) fn judge_control(ran: Ran<'_>, within: Option<&[&str]>) -> Result<Vec<String>, String> {
    let within = within.unwrap_or(&TEARDOWN);
    if !begun(ran) {
        let last = last_line(ran.console);
        return Err(format!(
            "{} was not started; the last line: {last}",
            ran.program
        ));
    }
    if ran.late {
        return Err(format!("{} ran into the time limit", ran.program));
    }
    let mut rip = None;
    let mut entries = Log::new(ran.console);
    let fatal = entries.find(|entry| {
        if entry.event == Event::Rip {
            rip = Some(entry.line);
        }
        matches!(entry.event, Event::Marker | Event::Panic)
    });
    let Some(fatal) = fatal else {
        let how = ended(ran).unwrap_or("no word");
        return Err(format!(
            "{} ended with {how}, the kernel survived",
            ran.program
        ));
    };
    if fatal.event != Event::Marker {
        return Err(format!("it panicked of something else: {}", fatal.line));
    }
    let mut lines = vec![fatal.line.to_string()];
    lines.extend(last_try(ran.console, fatal.line));
    let shown = lines.len();
    // UML says before the panic where it was, others after it; not each configuration has a trace.
    let rip = rip.filter(|rip| within.iter().any(|function| rip.contains(function)));

    lines.extend(rip.map(str::to_string));
    for entry in entries.take_while(|entry| entry.event != Event::EndOfTrace) {
        let is_told = |function: &&str| match entry.event {
            Event::Rip => entry.line.contains(function),
            event => event == Event::Call { function },
        };
        if within.iter().any(is_told) {
            lines.push(entry.line.to_string());
        }
    }
    match lines.len() == shown {
        true => Err(format!(
            "no {} in the call trace of: {}",
            within.join(", "),
            fatal.line
        )),
        false => Ok(lines),
    }
}

/// In which try the program was, if it says `# try N`.
fn last_try(console: &str, until: &str) -> Option<String> {
    let before = console.split(until).next()?;
    let said = before.lines().filter_map(said_by_program);

    said.filter(|said| said.starts_with("try "))
        .last()
        .map(|said| format!("in {said}"))
}

/// What init says of the program: `# selftest: NAME: exit 0`.
fn ended(ran: Ran<'_>) -> Option<&str> {
    let start = format!("# selftest: {}: ", ran.program);

    ran.console
        .lines()
        .find_map(|line| line.trim().strip_prefix(&start))
}

fn begun(ran: Ran<'_>) -> bool {
    let begins = format!("# selftest: {} begins", ran.program);

    ran.console.lines().any(|line| line.trim() == begins)
}

fn last_line(console: &str) -> &str {
    let last = console.lines().rev().find(|line| !line.trim().is_empty());

    last.unwrap_or("nothing").trim()
}

/// `# words`, but for what init and the end of kselftest.h say.
fn said_by_program(line: &str) -> Option<&str> {
    let said = line.trim().strip_prefix("# ")?;

    (!said.starts_with("selftest: ") && !said.starts_with("Totals: ")).then_some(said)
}

/// `1..N`.
fn plan(line: &str) -> Option<u64> {
    line.trim().strip_prefix("1..")?.parse().ok()
}

/// `forks failed: N by WHAT`.
fn forks(said: &str) -> Option<(u64, String)> {
    let (number, what) = said.strip_prefix("forks failed: ")?.split_once(" by ")?;

    Some((number.parse().ok()?, what.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: &str = include_str!("../../tests/data/selftest-fixed.log");
    const UNFIXED: &str = include_str!("../../tests/data/selftest-unfixed.log");

    fn ran(console: &str) -> Ran<'_> {
        Ran {
            program: "fork_kill",
            console,
            late: false,
        }
    }

    fn wrong_of(console: &str) -> Vec<String> {
        judge(ran(console)).wrong
    }

    #[test]
    fn a_program_that_passes_is_counted() {
        let tally = judge(ran(FIXED));

        assert_eq!(tally.wrong, [] as [&str; 0]);
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 0, 0));
        assert!(tally.forks_failed() > 0 && tally.forks[0].1.starts_with("SIGKILL"));
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let ok = "ok 1 fork_kill";
        let end = "# selftest: fork_kill: exit 0";
        let with = |more: &str| FIXED.replace(ok, &format!("{more}\n{ok}"));

        assert_eq!(wrong_of(&with("BUG: Bad page map in process x")).len(), 1);
        assert_eq!(wrong_of(&with("Kernel panic - not syncing: x")).len(), 1);
        let warning = |function| format!("WARNING: CPU: 1 PID: 41 at {function}+0x9a0/0x11c0");
        assert_eq!(wrong_of(&with(&warning("exit_mmap"))).len(), 1);
        assert!(wrong_of(&with(&warning("va_alloc"))).is_empty());
        assert_eq!(
            wrong_of(&FIXED.replace(end, "# selftest: fork_kill: signal 11")),
            ["it ended with signal 11"]
        );
        assert_eq!(wrong_of(&FIXED.replace(end, "")), ["it did not end"]);
        assert_eq!(wrong_of(&FIXED.replace(ok, "")), ["0 results, 1 planned"]);
        assert!(wrong_of("Checking PTRACE\n")[0].ends_with("the last line: Checking PTRACE"));
        let failed = wrong_of(&FIXED.replace(ok, "not ok 1 fork_kill"));
        assert_eq!(
            failed.last().map(String::as_str),
            Some("not ok 1 fork_kill")
        );
        assert!(failed[0].starts_with("fork() takes"), "{failed:?}");
        let none = judge(Ran {
            late: true,
            ..ran(FIXED)
        });
        assert_eq!(none.wrong, ["it ran into the time limit"]);
    }

    #[test]
    fn a_run_in_which_no_fork_failed_shows_nothing() {
        let at = FIXED.find("forks failed: ").expect("the line");
        let line = FIXED[at..].lines().next().expect("a line");
        let none = FIXED.replace(line, "forks failed: 0 by SIGKILL, of 200");

        assert_eq!(wrong_of(&none), ["no fork has failed, so nothing is shown"]);
        let skipped = none.replace("ok 1 fork_kill", "ok 1 fork_kill # SKIP");
        assert_eq!(judge(ran(&skipped)).skipped, 1);
        assert_eq!(wrong_of(&skipped), wrong_of(&none));
    }

    #[test]
    fn without_the_fix_it_has_to_be_the_defect() {
        let shown = judge_control(ran(UNFIXED), None).expect("the defect");
        assert!(shown[0].contains("Kernel mode fault at addr 0x406"));
        assert!(shown.iter().any(|line| line.contains("exit_mmap+0x")));
        let broken = |console: &str| judge_control(ran(console), None).expect_err("no control");

        assert!(broken(FIXED).ends_with("ended with exit 0, the kernel survived"));
        assert!(broken(&UNFIXED.replace("0x406", "0x40")).contains("something else"));
        assert!(broken(
            &UNFIXED
                .replace("exit_mmap", "f")
                .replace("flush_tlb_mm", "g")
        )
        .starts_with("no flush_tlb_mm"));
        assert!(broken("Linux version\n").contains("not started"));
        // What is wrong with it for the one is also wrong for the other.
        assert!(!wrong_of(UNFIXED).is_empty());
    }

    #[test]
    fn a_race_has_to_fall_over_where_it_races() {
        let console = "\
# selftest: fork_kill begins
# try 1
# try 2
Oops: general protection fault, probably for non-canonical address 0xdffffc0000000088: 0000 [#1] SMP
KASAN: null-ptr-deref in range [0x0000000000000440-0x0000000000000447]
RIP: 0010:try_to_unuse+0x1c3/0x1230
Call Trace:
 __x64_sys_swapoff+0x3a1/0xd60
---[ end trace 0000000000000000 ]---
";
        let shown = judge_control(ran(console), Some(&["try_to_unuse"])).expect("the defect");

        assert_eq!(
            shown[1..],
            ["in try 2", "RIP: 0010:try_to_unuse+0x1c3/0x1230"]
        );
        let error = judge_control(ran(console), Some(&["update_ref_ctr"])).expect_err("elsewhere");
        assert!(error.starts_with("no update_ref_ctr in the call trace"));
        assert!(judge_control(ran(console), None).is_err());
    }
}
