// SPDX-License-Identifier: GPL-2.0

//! What compilers and analysers say, as text: which of it is new, which is about our files.

use super::explained::{NOT_EXPLAINED, NOT_FOUND};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Lines of a log that are shown.
const SHOWN: usize = 20;

/// A regular expression of this program.
macro_rules! regex {
    ($text:expr) => {{
        static REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
        REGEX.as_ref()
    }};
}

/// A line without the places in a file, which move.
pub(super) fn without_place(line: &str) -> String {
    // Coccinelle has a range of columns.
    let place = regex!(r"^(Warning: |Error: )?([^ :]+):[0-9]+(:[0-9]+(-[0-9]+)?)?:? ");
    // It also names other lines, as in "called on line 9 inside lock on line 8".
    let other = regex!(r"\b(lines?) [0-9]+(, [0-9]+)*");

    match (place, other) {
        (Some(place), Some(other)) => {
            let line = place.replace(line, "${1}${2}: ");
            other.replace_all(&line, "${1}").into_owned()
        }
        _ => line.to_string(),
    }
}

/// Lines that only `after` has, or more often, wherever they are in their files.
pub(crate) fn new_in<S: AsRef<str>>(before: &[S], after: &[S]) -> Vec<String> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut new = Vec::new();

    for line in before {
        *known.entry(without_place(line.as_ref())).or_default() += 1;
    }
    for line in after {
        match known.get_mut(&without_place(line.as_ref())) {
            Some(left) if *left > 0 => *left -= 1,
            _ => new.push(line.as_ref().to_string()),
        }
    }
    new
}

/// What a build of C has complained about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaints {
    /// By the compiler, which names the option that asks for it.
    pub(crate) compiler: Vec<String>,
    /// By sparse, which does not.
    pub(crate) sparse: Vec<String>,
}

impl Complaints {
    /// Picks them out of what a build has printed. Paths are those in the kernel's tree.
    pub(crate) fn of(text: &str) -> Complaints {
        let mut complaints = Complaints::default();

        for line in text.lines() {
            let found = regex!(
                r"^(?:\.\./)*(?:(?:[^ ]*/)?run/)?([^ :]+:[0-9]+:(?:[0-9]+:)? (?:warning|error): .*)"
            )
            .and_then(|regex| regex.captures(line));
            let Some(line) = found.and_then(|found| found.get(1)) else {
                continue;
            };
            let line = line.as_str();
            let option = regex!(r"\[-W[^\]]*\]$").is_some_and(|regex| regex.is_match(line));
            let by = match option {
                true => &mut complaints.compiler,
                false => &mut complaints.sparse,
            };
            // What is said of a header is said for each file that includes it.
            if !by.iter().any(|known| known == line) {
                by.push(line.to_string());
            }
        }
        complaints
    }

    /// Only those about these files.
    pub(crate) fn about(mut self, paths: &[String]) -> Complaints {
        let is_about = |complaint: &String| {
            let file = complaint.split_once(':').map(|(file, _)| file);
            paths.iter().any(|path| file == Some(path))
        };

        self.compiler.retain(is_about);
        self.sparse.retain(is_about);
        self
    }

    pub(crate) fn add(&mut self, others: Complaints) {
        self.compiler.extend(others.compiler);
        self.sparse.extend(others.sparse);
    }
}

/// Warnings of the compiler in what a build has printed, as they are.
pub(crate) fn compiler_warnings(text: &str) -> Vec<String> {
    let found = |line: &&str| {
        regex!(r"^[^ ]+:[0-9]+:[0-9]+: warning: ").is_some_and(|regex| regex.is_match(line))
    };

    text.lines().filter(found).map(str::to_string).collect()
}

/// Complaints of rustc, clippy or rustdoc that point at one of these files.
pub(crate) fn rust_about(text: &str, files: &[String]) -> Vec<String> {
    let begins = |line: &str| line.starts_with("warning") || line.starts_with("error");
    let points_at_ours = |line: &str| {
        let place = line.trim_start().strip_prefix("--> ").unwrap_or_default();
        files.iter().any(|file| {
            place
                .split_once(&format!("{file}:"))
                .is_some_and(|(before, _)| before.is_empty() || before.ends_with('/'))
        })
    };
    let (mut blocks, mut lines) = (Vec::new(), text.lines().peekable());

    while let Some(line) = lines.next() {
        if !begins(line) {
            continue;
        }
        let mut block = vec![line];
        while let Some(next) = lines.next_if(|next| !next.trim().is_empty() && !begins(next)) {
            block.push(next);
        }
        if block.iter().any(|line| points_at_ours(line)) {
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// The lines of a log that say best why its check failed: what is not as it is explained, and what
/// checkpatch says, or else the end.
pub(crate) fn worth_showing(log: &str) -> Vec<String> {
    let (mut shown, lines): (Vec<&str>, Vec<&str>) = log.lines().partition(|line| {
        let kinds = [NOT_EXPLAINED, NOT_FOUND];
        kinds.iter().any(|kind| line.starts_with(kind))
    });

    for (index, line) in lines.iter().enumerate() {
        if ["ERROR:", "WARNING:", "CHECK:"]
            .iter()
            .any(|kind| line.starts_with(kind))
        {
            shown.extend(
                lines[index..]
                    .iter()
                    .take(3)
                    .filter(|line| !line.is_empty()),
            );
        }
    }
    if shown.is_empty() {
        shown.extend(&lines[lines.len().saturating_sub(12)..]);
    }
    shown
        .iter()
        .take(SHOWN)
        .map(|line| (*line).to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_only_moved_is_not_new() {
        let before = [
            "mm/vma.c:10:5: warning: unused variable 'x' [-Wunused-variable]",
            "Warning: mm/vma.c:12 Excess function parameter 'y' description in 'f'",
            "mm/mmap.c:7:1: warning: context imbalance",
            "mm/mmap.c:7:5-9: WARNING: NULL check is not needed",
            "mm/mmap.c:9:1-7: ERROR: f() called on line 8 inside lock on line 7",
        ];
        let moved = [
            "mm/mmap.c:8:15-19: WARNING: NULL check is not needed",
            "mm/mmap.c:90:1-7: ERROR: f() called on line 80 inside lock on line 70",
            "mm/mmap.c:70:1: warning: context imbalance",
            "mm/vma.c:100:50: warning: unused variable 'x' [-Wunused-variable]",
            "Warning: mm/vma.c:99 Excess function parameter 'y' description in 'f'",
        ];

        assert!(new_in(&before, &moved).is_empty());
        assert!(new_in(&before, &moved[1..]).is_empty());
    }

    #[test]
    fn a_second_one_of_a_kind_is_new() {
        let one = ["mm/a.c:1: warning: x"];
        let two = ["mm/a.c:1: warning: x", "mm/a.c:8: warning: x"];

        assert_eq!(new_in(&one, &two), ["mm/a.c:8: warning: x"]);
        assert_eq!(new_in(&[], &one), one);
        // Another file is another place.
        assert_eq!(new_in(&one, &["mm/b.c:1: warning: x"]).len(), 1);
    }

    #[test]
    fn sparse_and_the_compiler_are_told_apart() {
        let text = "\
  CC      mm/vma.o
../mm/vma.c:493:6: warning: no previous prototype for function 'x' [-Wmissing-prototypes]
  493 | void x(void)
../run/include/asm/io.h:12:55: warning: null pointer [-Wnull-pointer-arithmetic]
../run/include/asm/io.h:12:55: warning: null pointer [-Wnull-pointer-arithmetic]
/home/me/build/6.18/lint/run/mm/mmap.c:12:9: warning: context imbalance in 'dup_mmap' - wrong count at exit
../include/linux/mm.h:30: error: no good
make[2]: *** [../scripts/Makefile.build:1: warning: not one] Error 1
";
        assert_eq!(
            Complaints::of(text),
            Complaints {
                compiler: vec![
                    "mm/vma.c:493:6: warning: no previous prototype for function 'x' \
                     [-Wmissing-prototypes]"
                        .into(),
                    "include/asm/io.h:12:55: warning: null pointer \
                     [-Wnull-pointer-arithmetic]"
                        .into(),
                ],
                sparse: vec![
                    "mm/mmap.c:12:9: warning: context imbalance in 'dup_mmap' - wrong count at \
                     exit"
                        .into(),
                    "include/linux/mm.h:30: error: no good".into(),
                ],
            }
        );
    }

    #[test]
    fn complaints_are_about_files() {
        let said = |all: &[&str]| all.iter().map(|one| one.to_string()).collect::<Vec<_>>();
        let mut complaints = Complaints {
            compiler: said(&["a.c:1:1: warning: x [-Wx]", "a.h:1:1: warning: y [-Wy]"]),
            sparse: said(&["b.c:1:1: warning: z", "a.c.h:1:1: warning: z"]),
        }
        .about(&said(&["a.c", "c.c"]));

        assert_eq!(complaints.compiler, ["a.c:1:1: warning: x [-Wx]"]);
        assert!(complaints.sparse.is_empty());
        complaints.add(Complaints {
            compiler: Vec::new(),
            sparse: said(&["c.c:1:1: warning: z"]),
        });
        assert_eq!(complaints.compiler.len(), 1);
        assert_eq!(complaints.sparse.len(), 1);
    }

    const CLIPPY: &str = "\
  CLIPPY L rust/kernel.o
warning: this could be a `const fn`
   --> /b/src/rust/kernel/page.rs:3:1
    |
3   | fn x() {}
    | ^^^^^^^^^

warning: you should consider adding a `Default` implementation
  --> rust/kernel/kunit/fault.rs:40:5
   |
40 |     pub fn new() -> Self {
   |     ^^^^^^^^^^^^^^^^^^^^^^
   = note: see the manual
error: mismatched types
 --> other/kernel/kunit/my_fault.rs:1:2
";

    #[test]
    fn only_what_is_about_our_files_counts() {
        let ours = vec!["rust/kernel/kunit/fault.rs".to_string(), "fault.rs".into()];
        let about = rust_about(CLIPPY, &ours);

        assert_eq!(about.len(), 1);
        assert!(about[0].starts_with("warning: you should consider"));
        assert!(about[0].ends_with("= note: see the manual"));
        assert!(rust_about(CLIPPY, &["mm/x.rs".to_string()]).is_empty());
        assert_eq!(
            rust_about(CLIPPY, &["rust/kernel/page.rs".to_string()]).len(),
            1
        );
    }

    #[test]
    fn of_a_log_the_complaints_are_shown() {
        let checkpatch = "\
noise
WARNING:LONG_LINE: line length of 110 exceeds 100 columns
#45: FILE: mm/vma.c:10:
+\tx

CHECK:SPACING: No space is necessary after a cast
";
        let shown = worth_showing(checkpatch);
        assert_eq!(shown.len(), 4);
        assert_eq!(shown[1], "#45: FILE: mm/vma.c:10:");
        assert!(shown[3].starts_with("CHECK:SPACING"));
        let shown = worth_showing(&format!("{checkpatch}not explained: LONG_LINE\n"));
        assert_eq!(
            (shown.len(), shown[0].as_str()),
            (5, "not explained: LONG_LINE")
        );

        let long: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        let shown = worth_showing(&long.join("\n"));
        assert_eq!((shown.len(), shown[0].as_str()), (12, "line 38"));
        assert!(worth_showing("").is_empty());
    }
}
