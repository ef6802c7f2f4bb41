// SPDX-License-Identifier: GPL-2.0

//! What `fork_hold` prints: times of pairs of forks, one that succeeds and one that fails.

/// A pair of forks, in us. A reader is known if it had to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pair {
    /// For how long the lock was held for write by the fork that succeeds.
    copy: u64,
    /// When a reader got it from that one.
    copy_reader: Option<u64>,
    /// The same of the fork that fails.
    failed: u64,
    failed_reader: Option<u64>,
    /// For how long it was held for read after that.
    read: u64,
}

impl Pair {
    fn parse(line: &str) -> Option<Pair> {
        let (_, rest) = line.split_once("# pair: ")?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        let number = |at: usize, name: &str| {
            let named = at.checked_sub(1).and_then(|before| words.get(before))?;
            words
                .get(at)
                .filter(|_| *named == name)?
                .parse::<i64>()
                .ok()
        };
        let time = |at, name| number(at, name).and_then(|us| u64::try_from(us).ok());
        let reader = |at| Some(u64::try_from(number(at, "reader")?).ok());

        Some(Pair {
            copy: time(1, "copy")?,
            copy_reader: reader(3)?,
            failed: time(5, "failed")?,
            failed_reader: reader(7)?,
            read: time(9, "read")?,
        })
    }
}

/// An address space, and the forks of it.
#[derive(Debug, PartialEq)]
pub(super) struct Held {
    vmas: u64,
    pages: u64,
    pairs: Vec<Pair>,
}

/// The titles of a row.
pub(super) const TITLES: [&str; 8] = [
    "", "VMAs", "pages", "pairs", "copy, us", "write", "reader", "read",
];

impl Held {
    /// Reads what the program has printed.
    pub(super) fn parse(console: &str) -> Vec<Held> {
        let mut all: Vec<Held> = Vec::new();

        for line in console.lines() {
            if let Some((vmas, pages)) = address_space(line) {
                all.push(Held {
                    vmas,
                    pages,
                    pairs: Vec::new(),
                });
            } else if let (Some(held), Some(pair)) = (all.last_mut(), Pair::parse(line)) {
                held.pairs.push(pair);
            }
        }
        all.retain(|held| !held.pairs.is_empty());
        all
    }

    /// A row of the table: the time of the copy, and ratios to the fork of the same pair that
    /// succeeds.
    pub(super) fn row(&self, title: &str) -> [String; 8] {
        let ratios = |of: &dyn Fn(&Pair) -> Option<(u64, u64)>| {
            let pairs = self.pairs.iter().filter_map(of);
            let ratios = pairs.map(|(part, whole)| part as f64 / whole.max(1) as f64);
            ratios.collect::<Vec<f64>>()
        };
        let reader = ratios(&|pair| pair.failed_reader.zip(pair.copy_reader));
        let copies = self.pairs.iter().map(|pair| pair.copy as f64).collect();

        [
            title.to_string(),
            self.vmas.to_string(),
            self.pages.to_string(),
            self.pairs.len().to_string(),
            quartiles(copies).map_or_else(String::new, |[_, median, _]| format!("{median:.0}")),
            shown(ratios(&|pair| Some((pair.failed, pair.copy)))),
            match reader.len() {
                0 => "none waited".to_string(),
                some if some == self.pairs.len() => shown(reader),
                some => format!("{}, of {some}", shown(reader)),
            },
            shown(ratios(&|pair| Some((pair.read, pair.copy)))),
        ]
    }
}

fn address_space(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.split_once("# hold: vmas ")?;
    let (vmas, pages) = rest.split_once(" pages ")?;

    Some((vmas.parse().ok()?, pages.trim().parse().ok()?))
}

/// A quarter of the values is below the first, half of them below the second.
fn quartiles(mut values: Vec<f64>) -> Option<[f64; 3]> {
    let last = values.len().checked_sub(1)?;

    values.sort_by(f64::total_cmp);
    Some([1, 2, 3].map(|nth| values[last * nth / 4]))
}

fn shown(ratios: Vec<f64>) -> String {
    quartiles(ratios).map_or_else(String::new, |[low, median, high]| {
        format!("{median:.2} ({low:.2}-{high:.2})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONSOLE: &str = "# hold: vmas 1000 pages 2000\n\
        # pair: copy 100 reader 110 failed 150 reader 154 read 0\n\
        # pair: copy 100 reader -1 failed 105 reader 120 read 50\n\
        # pair: copy 200 reader 220 failed 220 reader 242 read 20\n\
        ok 1 1000 VMAs, 2000 pages\n\
        # hold: vmas 1 pages 2\n\
        # pair: copy 0 reader -1 failed 1 reader -1 read 0\n";

    #[test]
    fn forks_become_ratios() {
        let all = Held::parse(CONSOLE);

        assert_eq!(
            all[0].row("x"),
            [
                "x",
                "1000",
                "2000",
                "3",
                "100",
                "1.10 (1.05-1.10)",
                "1.10 (1.10-1.10), of 2",
                "0.10 (0.00-0.10)"
            ]
        );
        assert_eq!(all[1].row("")[6], "none waited");
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn other_lines_are_no_forks() {
        for line in [
            "",
            "# pair: copy 1 reader 2 failed 3 reader 4",
            "# pair: copy x reader 2 failed 3 reader 4 read 5",
            "# pair: copy -1 reader 2 failed 3 reader 4 read 5",
            "# pair: failed 1 reader 2 copy 3 reader 4 read 5",
        ] {
            assert_eq!(Pair::parse(line), None, "{line}");
        }
        assert!(Held::parse("# pair: copy 1 reader 2 failed 3 reader 4 read 5").is_empty());
        assert!(Held::parse("# hold: vmas 1 pages 2\nok 1").is_empty());
    }
}
