// SPDX-License-Identifier: GPL-2.0

//! All tests by two kernels side by side, since tests keep one processor busy. What they have said is
//! put together, and read by `kunit.py` as that of one.

use super::kunit_py::{Exec, Kunit};
use super::ran::{last_test, Ran};
use crate::console::{read_lossy, Log};
use crate::error::{Context, Error, Result};
use crate::judge::merged::{is_whole, merged};
use crate::process::{Output, Running};
use crate::settings::Arch;
use crate::stamp::{remove_file, write_whole};
use std::fs::File;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// Which tests each of them runs, so that both take about as long. A kernel takes one glob, so a
/// letter tells: the last but one.
fn halves(arch: Arch) -> [&'static str; 2] {
    match arch {
        // fork_fail.tree_of_large takes half of the time.
        Arch::Um => ["*.*g?", "*.*[!g]?"],
        // Emulated machines skip it; the tests of kinds and of numbers take half of theirs.
        _ => ["*.*[dr]?", "*.*[!dr]?"],
    }
}

/// How often it is looked whether one has ended.
const LOOK: Duration = Duration::from_millis(200);

/// One of the kernels.
struct Half {
    kunit: Kunit,
    running: Running,
    console: PathBuf,
    ended: Option<ExitStatus>,
}

/// Runs all tests. None if the kernel does not even say which there are: why, tells one that runs
/// them.
pub(super) fn run(
    kunit: &Kunit,
    limit: u64,
    log: &Log,
    environment: &[(&str, &str)],
) -> Result<Option<Ran>> {
    let mut halves = halves(kunit.arch)
        .into_iter()
        .enumerate()
        .map(|(part, glob)| {
            let kunit = kunit.with_environment(environment, part);
            Half::start(&part_of(&kunit, &part.to_string())?, limit, glob)
        })
        .collect::<Result<Vec<_>>>()?;
    let tests = tests(kunit, limit, log)?;

    if tests.is_empty() {
        return Ok(None);
    }
    while halves.iter().any(|half| half.ended.is_none()) {
        for half in &mut halves {
            if half.ended.is_some() {
                continue;
            }
            half.ended = half.running.wait_a_while(LOOK)?;
            log.status(&last_test(&read_lossy(&half.console)));
            if half.ended.is_some() && !is_whole(&half.ran().log) {
                // It has broken down. What it did until then is all that counts.
                let ran = half.ran();
                log.say(&ran.console);
                return Ok(Some(ran));
            }
        }
    }
    let halves: Vec<Ran> = halves.iter().map(Half::ran).collect();
    together(kunit, &halves, &tests, log).map(Some)
}

impl Half {
    fn start(kunit: &Kunit, limit: u64, glob: &str) -> Result<Half> {
        let console = kunit.objects.join("console.log");
        let file =
            File::create(&console).or_say(|| format!("cannot write {}", console.display()))?;
        let cmd = kunit.exec_cmd(&Exec {
            limit,
            only: Some(glob.into()),
            json: Some(kunit.json()),
            ..Exec::default()
        });

        Ok(Half {
            kunit: kunit.clone(),
            running: cmd.start_logged(&file)?,
            console,
            ended: None,
        })
    }

    /// What it has left.
    fn ran(&self) -> Ran {
        Ran {
            exit: self.ended.and_then(|status| status.code()),
            json: read_lossy(&self.kunit.json()),
            log: read_lossy(&self.kunit.log()),
            console: read_lossy(&self.console),
            parts: 1,
        }
    }
}

/// The same kernel, with a folder of its own for what kunit.py writes.
fn part_of(kunit: &Kunit, name: &str) -> Result<Kunit> {
    let mut part = kunit.clone();
    let cannot = || format!("cannot make {}", kunit.objects.join("parts").display());

    part.objects = kunit.objects.join("parts").join(name);
    // It need not be there.
    let _ = std::fs::remove_dir_all(&part.objects);
    let image = part.image();
    std::fs::create_dir_all(image.parent().unwrap_or(&part.objects)).or_say(cannot)?;
    std::os::unix::fs::symlink(kunit.image(), image).or_say(cannot)?;
    Ok(part)
}

/// All tests, in the order in which one kernel would run them.
fn tests(kunit: &Kunit, limit: u64, log: &Log) -> Result<Vec<String>> {
    let listed = part_of(kunit, "list")?
        .exec_cmd(&Exec {
            limit,
            list: true,
            ..Exec::default()
        })
        .output()?;

    if !listed.status.success() {
        log.say(format!("no list of the tests: {}", listed.error_text()));
    }
    Ok(listed_in(&listed))
}

/// The tests of a list. Of one that kunit.py did not finish none, as some may be missing.
fn listed_in(listed: &Output) -> Vec<String> {
    let is_test = |line: &&str| line.contains('.') && !line.contains(char::is_whitespace);

    if !listed.status.success() {
        return Vec::new();
    }
    listed
        .text()
        .lines()
        .filter(is_test)
        .map(str::to_string)
        .collect()
}

/// What one kernel would have left.
fn together(kunit: &Kunit, halves: &[Ran], tests: &[String], log: &Log) -> Result<Ran> {
    let logs: Vec<String> = halves.iter().map(|half| half.log.clone()).collect();
    let text = merged(&logs, tests)
        .map_err(|error| Error::failed(format!("the kernels' logs do not go together: {error}")))?;
    let json = kunit.json();
    let before = log.text().len();

    remove_file(&json)?;
    write_whole(&kunit.log(), text.as_bytes())?;
    for half in halves {
        log.say(&half.console);
    }
    let parsed = log.run(&kunit.parse_cmd(&kunit.log(), &json))?.code();
    let exits = halves.iter().map(|half| half.exit).chain([parsed]);

    Ok(Ran {
        exit: exits
            .reduce(|all, next| if all == Some(0) { next } else { all })
            .flatten(),
        json: with_origin(&read_lossy(&json), kunit),
        log: text,
        console: log.text()[before..].to_string(),
        parts: halves.len(),
    })
}

/// kunit.py does not know where a log is from that it only reads; its result is to say so, for
/// others that read it.
fn with_origin(json: &str, kunit: &Kunit) -> String {
    let objects = kunit.objects.to_string_lossy();
    let origin = [
        ("arch", kunit.arch.name()),
        ("defconfig", "kunit_defconfig"),
        ("build_environment", &objects),
    ];
    let fill = |json: String, (field, value): &(&str, &str)| {
        json.replace(
            &format!("\"{field}\": \"\""),
            &format!("\"{field}\": \"{value}\""),
        )
    };

    origin.iter().fold(json.to_string(), fill)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::tests::toy;
    use crate::process::Cmd;
    use crate::toolchain::{Sysroot, Tools};
    use crate::tree::suites::Suites;

    #[test]
    fn the_result_says_where_it_is_from() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let kunit = Kunit {
            tree: "tree".into(),
            suites: Suites::Fork,
            objects: "/b/um".into(),
            arch: Arch::Um,
            toolbox: b.ensure(Sysroot(Tools::Build)).expect("tools"),
            config: "config".into(),
            compiler: Vec::new(),
        };
        let read = r#"{"name": "", "arch": "", "build_environment": "", "defconfig": ""}"#;

        assert_eq!(
            with_origin(read, &kunit),
            r#"{"name": "", "arch": "um", "build_environment": "/b/um", "defconfig": "kunit_defconfig"}"#
        );
    }

    #[test]
    fn a_list_that_was_cut_off_is_none() {
        let listed = |exit: u8| {
            let script = format!("echo Running tests with:; echo s; echo s.a; exit {exit}");

            listed_in(&Cmd::new("sh").args(["-c", &script]).output().expect("sh"))
        };

        assert_eq!(listed(0), ["s.a"]);
        assert!(listed(1).is_empty());
    }
}
