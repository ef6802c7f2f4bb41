// SPDX-License-Identifier: GPL-2.0

//! Judges the consoles of two soaks on kernels with KCSAN, the base and the series: which data races
//! were reported.

use super::complaint::call;
use super::selftest::{self, Ran};
use crate::outcome::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a report begins. Who raced follows.
const REPORT: &str = "BUG: KCSAN: data-race in ";
/// What copies an address space, and takes a half-made one down. The one or the other is in a call
/// trace, whatever the compiler has inlined.
const OF_FORK: [&str; 3] = ["dup_mm", "dup_mmap", "tear_down_vmas"];

/// What was reported of two functions.
#[derive(Clone, Debug, Default, PartialEq)]
struct Race {
    /// All functions of the call traces, of each report.
    calls: Vec<String>,
    times: u64,
}

impl Race {
    fn is_of_fork(&self) -> bool {
        // What the compiler has made of a function may have an end, such as `.constprop.0`.
        let is_of_fork =
            |call: &String| OF_FORK.iter().any(|of| call.split('.').next() == Some(of));

        self.calls.iter().any(is_of_fork)
    }
}

/// What a soak came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Races {
    /// By the two functions, as KCSAN names them.
    races: BTreeMap<String, Race>,
    forks_failed: u64,
    /// What is wrong, other than races.
    wrong: Vec<String>,
}

impl Races {
    pub(crate) fn read(ran: Ran<'_>) -> Races {
        let tally = selftest::judge(ran);
        let mut wrong = tally.wrong.clone();
        let mut races: BTreeMap<String, Race> = BTreeMap::new();
        let mut in_report: Option<String> = None;

        wrong.retain(|line| !line.starts_with(REPORT));
        for line in ran.console.lines() {
            if let Some(pair) = line.trim().strip_prefix(REPORT) {
                races.entry(pair.to_string()).or_default().times += 1;
                in_report = Some(pair.to_string());
            } else if line
                .trim()
                .starts_with("Reported by Kernel Concurrency Sanitizer")
            {
                in_report = None;
            } else if let (Some(pair), Some(call)) = (&in_report, call(line)) {
                // The same two may race in a fork, and before that without one.
                if let Some(race) = races.get_mut(pair) {
                    if !race.calls.iter().any(|known| known == call) {
                        race.calls.push(call.to_string());
                    }
                }
            }
        }
        Races {
            races,
            forks_failed: tally.forks_failed(),
            wrong,
        }
    }
}

/// Whether a list has a reason for a pair: `FUNCTION / FUNCTION: reason`.
fn explanation<'a>(explained: &'a str, pair: &str) -> Option<&'a str> {
    explained
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| line.strip_prefix(pair)?.strip_prefix(": "))
}

/// What the two came to.
pub(crate) fn compare(
    base: &Races,
    series: &Races,
    explained: &str,
    label: &str,
    seconds: u64,
) -> Outcome {
    let mut text = String::new();
    let mut errors = 0;
    let mut of_fork = 0;

    for (pair, race) in &series.races {
        if !race.is_of_fork() {
            continue;
        }
        of_fork += 1;
        let on_base = base.races.get(pair);
        let times = on_base.map_or(0, |race| race.times);
        let _ = writeln!(text, "    {pair}: base {times}, series {}", race.times);
        if on_base.is_some_and(Race::is_of_fork) {
            continue;
        }
        match explanation(explained, pair) {
            Some(why) => {
                let _ = writeln!(text, "        {why}");
            }
            None => {
                errors += 1;
                let new = match on_base {
                    None => "not on the base",
                    Some(_) => "in no fork on the base",
                };
                let _ = writeln!(text, "    error: {new}: {}", race.calls.join(" "));
            }
        }
    }
    for (what, is_missing) in [
        ("race at all", base.races.is_empty()),
        ("fork has failed", base.forks_failed == 0),
    ] {
        if is_missing {
            errors += 1;
            let _ = writeln!(text, "error: no {what} on the base, so nothing is shown");
        }
    }
    for line in &series.wrong {
        errors += 1;
        let _ = writeln!(text, "error: series: {line}");
    }
    for line in &base.wrong {
        let _ = writeln!(text, "base: {line}");
    }
    let _ = writeln!(
        text,
        "{label}: {} pairs of functions race on the base, {} with the series, {of_fork} of these in a \
         fork; {} and {} forks failed, {errors} errors, {seconds} s",
        base.races.len(),
        series.races.len(),
        base.forks_failed,
        series.forks_failed,
    );
    Outcome {
        text,
        passed: u64::from(errors == 0),
        failed: errors,
        ..Outcome::default()
    }
}

/// A race that was put into a fork has to be among them.
pub(crate) fn noticed(races: &Races, what: &str) -> Outcome {
    let mut text = String::new();
    let mut put_in = false;

    for (pair, race) in races.races.iter().filter(|(_, race)| race.is_of_fork()) {
        let _ = writeln!(text, "    {pair}, {} times", race.times);
        put_in |= pair == "copy_page_range / copy_page_range";
    }
    let _ = match put_in {
        true => writeln!(text, "{what}: noticed"),
        false => writeln!(text, "error: {what}: KCSAN has not noticed it"),
    };
    Outcome::one(put_in, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT_OF_FORK: &str = "\
==================================================================
BUG: KCSAN: data-race in do_swap_page / folio_dup_swap

write to 0xffff88800d5e1a30 of 8 bytes by task 71 on cpu 1:
 folio_dup_swap+0x60/0x120
 copy_page_range+0x1b2/0x2210
 dup_mmap+0x7d3/0xe80
 dup_mm.constprop.0+0x6a/0x110
 kernel_clone+0xe4/0x5b0

read to 0xffff88800d5e1a30 of 8 bytes by task 60 on cpu 0:
 do_swap_page+0x101/0x1f90
 exc_page_fault+0x7d/0xf0

value changed: 0x0000000000000001 -> 0x0000000000000002

Reported by Kernel Concurrency Sanitizer on:
CPU: 0 UID: 0 PID: 60 Comm: fork_soak Not tainted 6.18.15 #1 PREEMPT(full)
==================================================================
";
    const REPORT_OF_OTHERS: &str = "\
BUG: KCSAN: data-race in wakeup_kswapd / zone_watermark_ok

read to 0xffff88800d5e1a30 of 8 bytes by task 60 on cpu 0:
 zone_watermark_ok+0x101/0x1f90
 wakeup_kswapd+0x7d/0xf0

Reported by Kernel Concurrency Sanitizer on:
";

    fn read(reports: &[&str]) -> Races {
        let console = format!(
            "# selftest: fork_soak begins\n1..1\n{}\
             # forks failed: 7 by fail-nth\nok 1 nothing is left\n# selftest: fork_soak: exit 0\n",
            reports.concat()
        );

        Races::read(Ran {
            program: "fork_soak",
            console: &console,
            late: false,
        })
    }

    fn verdict(base: &[&str], series: &[&str], explained: &str) -> Outcome {
        compare(
            &read(base),
            &read(series),
            explained,
            "6.18 x86_64, KCSAN",
            9,
        )
    }

    #[test]
    fn a_race_of_a_fork_must_not_be_new() {
        let (fork, others) = (REPORT_OF_FORK, REPORT_OF_OTHERS);
        let both = verdict(&[fork], &[fork, others, fork], "");
        assert!(both.good(), "{}", both.text);
        assert!(both
            .text
            .contains("do_swap_page / folio_dup_swap: base 1, series 2\n"));
        assert!(both.text.contains(
            ": 1 pairs of functions race on the base, 2 with the series, 1 of these in a"
        ));

        let new = verdict(&[others], &[fork], "");
        assert_eq!(new.failed, 1, "{}", new.text);
        assert!(new
            .text
            .contains("error: not on the base: folio_dup_swap copy_page_range dup_mmap"));
        let why = "do_swap_page / folio_dup_swap: both are marked in 7.0\n";
        let explained = verdict(&[others], &[fork], why);
        assert!(explained.good() && explained.text.contains("both are marked in 7.0"));
    }

    #[test]
    fn a_pair_may_race_with_and_without_a_fork() {
        let fork = REPORT_OF_FORK;
        let (before, rest) = fork.split_once(" copy_page_range").expect("the fork");
        let (_, after) = rest.split_once("x110\n").expect("its end");
        let other = format!("{before}{after}");

        let later = verdict(&[REPORT_OF_OTHERS], &[&other, fork], "");
        assert_eq!(later.failed, 1, "{}", later.text);
        assert!(later.text.contains(
            "error: not on the base: folio_dup_swap kernel_clone do_swap_page exc_page_fault \
             copy_page_range dup_mmap"
        ));
        let in_no_fork = verdict(&[&other], &[fork], "");
        assert_eq!(in_no_fork.failed, 1, "{}", in_no_fork.text);
        assert!(in_no_fork.text.contains("base 1, series 1\n"));
        assert!(in_no_fork.text.contains("error: in no fork on the base: "));
        let on_both = verdict(&[&other, fork], &[fork], "");
        assert!(on_both.good(), "{}", on_both.text);
    }

    #[test]
    fn a_run_that_shows_nothing_fails() {
        assert!(!verdict(&[], &[REPORT_OF_OTHERS], "").good());
        let series = read(&[REPORT_OF_OTHERS]);
        let base = Races {
            forks_failed: 0,
            ..series.clone()
        };
        let outcome = compare(&base, &series, "", "6.18 x86_64, KCSAN", 9);
        assert!(outcome
            .text
            .contains("error: no fork has failed on the base"));
        assert!(compare(&series, &series, "", "6.18 x86_64, KCSAN", 9).good());
    }

    #[test]
    fn what_else_is_wrong_is_told() {
        let splat = "BUG: Bad page map in process x\n";
        let outcome = verdict(&[REPORT_OF_OTHERS], &[splat], "");

        assert_eq!(outcome.failed, 1, "{}", outcome.text);
        assert!(outcome.text.contains("error: series: BUG: Bad page map"));
    }

    #[test]
    fn the_race_that_was_put_in_has_to_be_noticed() {
        let of = |report: &str| noticed(&read(&[report]), "x.patch");
        let put_in = REPORT_OF_FORK.replace(
            "do_swap_page / folio_dup_swap",
            "copy_page_range / copy_page_range",
        );

        assert!(of(&put_in).good());
        assert!(!of(REPORT_OF_FORK).good());
        assert!(of("").text.contains("has not noticed it"));
    }
}
