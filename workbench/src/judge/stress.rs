// SPDX-License-Identifier: GPL-2.0

//! Judges what stress-ng has left on the console of a machine: how much each of its stressors has
//! done, and what the kernel says.

use super::selftest::{self, Ran};
use std::fmt::Write as _;

/// A stressor's own measure of what it has done.
#[derive(Clone, Debug, PartialEq)]
struct Rate {
    stressor: String,
    /// Operations a second of real time.
    each_second: f64,
}

/// What it came to on one kernel.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stress {
    rates: Vec<Rate>,
    /// What is wrong; nothing if all is as it should be.
    wrong: Vec<String>,
}

impl Stress {
    pub(crate) fn read(ran: Ran<'_>) -> Stress {
        let mut wrong = selftest::wrong(ran);
        let rates: Vec<Rate> = ran.console.lines().filter_map(rate).collect();

        if rates.is_empty() {
            wrong.push("no stressor has told what it did, so nothing is shown".into());
        }
        Stress { rates, wrong }
    }

    fn of(&self, stressor: &str) -> Option<f64> {
        let rate = self.rates.iter().find(|rate| rate.stressor == stressor)?;

        Some(rate.each_second)
    }
}

/// What the two came to, side by side, and how many stressors there were and how much was wrong. A
/// stressor that did something on the base has to do something with the series, too.
pub(crate) fn compare(base: &Stress, series: &Stress) -> (String, u64, u64) {
    let mut text = format!(
        "{:<12} {:>12} {:>12} {:>6}\n",
        "ops a second", "base", "series", "ratio"
    );
    let mut lost = Vec::new();

    for Rate {
        stressor,
        each_second,
    } in &base.rates
    {
        match series.of(stressor) {
            Some(with) => {
                let ratio = with / each_second;
                let _ = writeln!(
                    text,
                    "{stressor:<12} {each_second:>12.2} {with:>12.2} {ratio:>6.2}"
                );
            }
            None => lost.push(format!("{stressor} did nothing")),
        }
    }
    let all = |name: &'static str, wrong: &[String]| -> Vec<String> {
        let named = wrong.iter().map(|line| format!("{name}: {line}"));
        named.collect()
    };
    let wrong = [
        all("base", &base.wrong),
        all("series", &series.wrong),
        all("series", &lost),
    ]
    .concat();
    for line in &wrong {
        let _ = writeln!(text, "error: {line}");
    }
    (text, series.rates.len() as u64, wrong.len() as u64)
}

/// `stress-ng: metrc: [PID] NAME OPS REAL USER SYSTEM OPS/REAL OPS/CPU`. The head of the table has
/// no numbers.
fn rate(line: &str) -> Option<Rate> {
    let (_, said) = line.split_once("stress-ng: metrc: [")?;
    let (_pid, said) = said.split_once(']')?;
    let words: Vec<&str> = said.split_whitespace().collect();
    let [stressor, _, _, _, _, each_second, _] = words[..] else {
        return None;
    };

    Some(Rate {
        stressor: stressor.to_string(),
        each_second: each_second.parse().ok().filter(|rate| *rate > 0.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
# selftest: stress-ng begins
stress-ng: metrc: [30] stressor       bogo ops real time  usr time  sys time   bogo ops/s     bogo ops/s
stress-ng: metrc: [30]                           (secs)    (secs)    (secs)   (real time) (usr+sys time)
stress-ng: metrc: [30] fork                430      2.00      0.11      0.11       200.00        1897.16
stress-ng: metrc: [30] vm                46016      2.06      0.14      0.11     22352.50      180903.26
# selftest: stress-ng: exit 0
";

    fn read(console: &str) -> Stress {
        Stress::read(Ran {
            program: "stress-ng",
            console,
            late: false,
        })
    }

    #[test]
    fn rates_are_compared() {
        let series = read(&LOG.replace("200.00", "150.00"));
        let (text, stressors, wrong) = compare(&read(LOG), &series);

        assert_eq!((stressors, wrong), (2, 0), "{text}");
        assert!(
            text.contains("fork               200.00       150.00   0.75\n"),
            "{text}"
        );
    }

    #[test]
    fn what_goes_wrong_is_told() {
        let wrong = |console: &str| compare(&read(LOG), &read(console));
        let end = "# selftest: stress-ng: exit 0";
        let splat = format!("BUG: KASAN: slab-use-after-free in dup_mmap\n{LOG}");

        assert!(wrong(&splat).0.contains("error: series: BUG: KASAN"));
        assert!(wrong(&LOG.replace(end, "")).0.contains("it did not end"));
        assert!(wrong(&LOG.replace("exit 0", "exit 2")).0.contains("exit 2"));
        let (text, _, errors) = wrong(&LOG.replace("] vm ", "] other "));
        assert!(
            errors == 1 && text.contains("error: series: vm did nothing"),
            "{text}"
        );
        // A kernel on which nothing was done has two errors, and each stressor is lost.
        assert_eq!(wrong("Linux version 6.18\n").2, 4);
    }
}
