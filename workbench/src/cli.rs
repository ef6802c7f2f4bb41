// SPDX-License-Identifier: GPL-2.0

//! The commands and variables of `make`, each with its help. `make help` prints the file
//! `workbench/help`, which is made from here, so that it needs no compiler.

use clap::{CommandFactory, Parser, ValueEnum};
use std::fmt::Write as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Target {
    /// build the base with the series, run the suites (the default)
    Kunit,
    /// the same suites on the base without the fix: they must fail
    Control,
    /// sweeps of subsystems, from block to watchdog, on a kernel with these and KASAN
    Sweeps,
    /// fork(2) by real processes: programs that make it fail, with the series
    Selftest,
    /// the same without the fix: the kernel must fall over, by the defect
    SelftestControl,
    /// a prompt on the machine that these programs run on, with them in /bin
    Shell,
    /// processes whose forks fail by many causes at once, for MINUTES: nothing may leak
    Soak,
    /// the same with a leak put in: it must be noticed
    SoakControl,
    /// stress-ng and selftests/mm on base and series: nothing new may be reported
    Stress,
    /// the soak on base and series with KCSAN: forks must take part in no new data race
    Kcsan,
    /// the same with a data race put into fork: it must be noticed
    KcsanControl,
    /// how long a fork that fails holds the parent's mmap_lock
    Hold,
    /// forks that fail, in userspace: every small layout, failure and schedule
    ForkHarness,
    /// the base's own tools/testing/vma on the patched tree
    Vma,
    /// lines and branches of fork's recovery path that the suites reach, on UML
    Coverage,
    /// the tests that CI runs: see README.md for which these are
    Check,
    /// all tests, for all bases and architectures; takes hours
    CheckAll,
    /// unit tests of the workbench, its style, and the commands of README.md
    Test,
    /// breaks the fix on purpose, in many ways: do the suites notice?
    Breakages,
    /// breaks the recovery in generated ways, a sample: does a test notice?
    Mutants,
    /// each patch by itself: builds, warnings, checkpatch, suites, as a table
    Bisect,
    /// each patch: style, spelling, descriptions, maintainers; as a whole: analysers
    Lint,
    /// the allocators' object code, with the hooks for tests configured out
    Cost,
    /// instructions of forks in userspace, with and without the fix
    BenchHarness,
    /// nodes and time it would take to trim the tree of a failed fork instead
    Trim,
    /// writes the tables of sweeps and their points from the last runs: workbench/golden
    Golden,
    /// one page of all results, self-contained: build/BASE/report.html
    Report,
    /// a git tree with the series as commits, to edit: build/BASE/linux
    Tree,
    /// move the commits of that tree to the base that "update" fetched
    Rebase,
    /// write the commits of that tree back to patches/ and the new files
    Refresh,
    /// the kernel's documentation with our pages, as HTML: build/BASE/html
    Htmldocs,
    /// the mails, with cover letters: build/BASE/outgoing
    Series,
    /// shows who would get which of them; SEND=yes sends them
    Send,
    /// only fetch and build what the others need
    Setup,
    /// as setup, but ask the archive for a newer base first
    Update,
    /// remove what was built, but no tree with edits in it
    Clean,
    /// writes workbench/help from the descriptions here
    #[value(hide = true)]
    Help,
}

/// Builds, runs, judges and mails the fork-failure series.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "workbench", disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(value_enum, default_value = "kunit")]
    pub(crate) target: Option<Target>,
    /// kernel release the series is for, a file in workbench/bases/ (6.18)
    #[arg(long, env = "BASE")]
    pub(crate) base: Option<String>,
    /// um, x86_64; of suites, selftest and shell: arm64; of the last two: ppc32 (um)
    #[arg(long, env = "ARCH")]
    pub(crate) arch: Option<String>,
    /// a kernel tree of yours to use as the base; it is not written to
    #[arg(long, env = "KDIR")]
    pub(crate) kdir: Option<String>,
    /// sysroot: Debian's compilers in the cache; host: this machine's (sysroot)
    #[arg(long, env = "TOOLCHAIN")]
    pub(crate) toolchain: Option<String>,
    /// Debian archive to fetch from (http://deb.debian.org/debian)
    #[arg(long, env = "MIRROR")]
    pub(crate) mirror: Option<String>,
    /// jobs of a build; 1: one kernel runs all the suites (number of processors)
    #[arg(long, env = "JOBS")]
    pub(crate) jobs: Option<String>,
    /// tests to run: SUITE[.TEST]; of others than the suites: names (all)
    #[arg(long, env = "ONLY")]
    pub(crate) only: Option<String>,
    /// 1: run again what passed; let "tree", "refresh" and "clean" discard your edits
    #[arg(long, env = "FORCE")]
    pub(crate) force: Option<String>,
    /// 1: only say what would be done
    #[arg(long, env = "DRY_RUN")]
    pub(crate) dry_run: Option<String>,
    /// 1: show the commands of long steps
    #[arg(long, env = "V")]
    pub(crate) v: Option<String>,
    /// of "mutants": 1 runs all, not a sample
    #[arg(long, env = "ALL")]
    pub(crate) all: Option<String>,
    /// of "mutants": how many the sample has (20)
    #[arg(long, env = "COUNT")]
    pub(crate) count: Option<String>,
    /// what a sample follows from (1); of "fork-harness", "check": or random
    #[arg(long, env = "SEED")]
    pub(crate) seed: Option<String>,
    /// of "soak" and "kcsan": for how long (1; kcsan: 3)
    #[arg(long, env = "MINUTES")]
    pub(crate) minutes: Option<String>,
    /// of "check-all" and "mutants": i/n, the i-th of n parts, for several machines
    #[arg(long, env = "SHARD")]
    pub(crate) shard: Option<String>,
    /// seconds the suites may run (600; under QEMU: 3600)
    #[arg(long, env = "TIMEOUT")]
    pub(crate) timeout: Option<String>,
    /// of "bisect", "lint" and "send": only fix, improve, facility, tests or found
    #[arg(long, env = "SECTION")]
    pub(crate) section: Option<String>,
    /// 1: of "lint" what builds nothing; the short form of "selftest" and "mutants"
    #[arg(long, env = "QUICK")]
    pub(crate) quick: Option<String>,
    /// version of the series to be mailed (1)
    #[arg(long, env = "VERSION")]
    pub(crate) version: Option<String>,
    /// 1: add your Signed-off-by to what is to be mailed
    #[arg(long, env = "SIGNOFF")]
    pub(crate) signoff: Option<String>,
    /// 1: mark what is to be mailed as a request for comments
    #[arg(long, env = "RFC")]
    pub(crate) rfc: Option<String>,
    /// message id of the mail that the cover letters answer
    #[arg(long, env = "IN_REPLY_TO")]
    pub(crate) in_reply_to: Option<String>,
    /// a clone of mainline: "series" takes author, text and tags of commits from there
    #[arg(long, env = "UPSTREAM")]
    pub(crate) upstream: Option<String>,
    /// yes: "send" really sends, with your git's sendemail settings
    #[arg(long, env = "SEND")]
    pub(crate) send: Option<String>,
    /// yes: what reproduces the defect may be sent: see HACKING.md
    #[arg(long, env = "PUBLIC")]
    pub(crate) public: Option<String>,
    // Git's own, so without a help.
    #[arg(long, env = "GIT_AUTHOR_NAME", hide = true)]
    pub(crate) git_author_name: Option<String>,
    #[arg(long, env = "GIT_AUTHOR_EMAIL", hide = true)]
    pub(crate) git_author_email: Option<String>,
    #[arg(long, env = "GIT_AUTHOR_DATE", hide = true)]
    pub(crate) git_author_date: Option<String>,
}

/// What `make help` prints.
pub(crate) fn help() -> String {
    const COLUMN: usize = 17;
    let mut text = String::from("make TARGET [VARIABLE=VALUE...]\n\n");

    for target in Target::value_variants() {
        let Some(value) = target
            .to_possible_value()
            .filter(|value| !value.is_hide_set())
        else {
            continue;
        };
        if let Some(help) = value.get_help() {
            let _ = writeln!(text, "  {:COLUMN$}{help}", value.get_name());
        }
    }
    text.push('\n');
    for argument in Args::command().get_arguments() {
        if let (Some(name), Some(help)) = (argument.get_env(), argument.get_help()) {
            let _ = writeln!(text, "  {:COLUMN$}{help}", name.to_string_lossy());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_that_make_prints_is_this_one() {
        assert_eq!(
            include_str!("../help"),
            help(),
            "run: workbench/boot/run.sh help >workbench/help"
        );
    }

    #[test]
    fn help_fits_a_terminal() {
        for line in help().lines() {
            assert!(line.len() <= 100, "{line}");
        }
    }
}
