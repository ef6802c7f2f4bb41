// SPDX-License-Identifier: GPL-2.0

//! `make coverage`: runs the suites on UML, which is a process like others, with the objects in
//! question instrumented by clang. All of the functions judged has to be reached, but for what there
//! is a reason given for, in `workbench/coverage`:
//!
//! ```text
//! BASE.unreached            in the whole run
//! BASE.recovery.unreached   while a failed fork is undone
//! BASE.patch, recovery.c    tell the two apart
//! ```

use super::{judge, name_regex, Coverage, Input, Tally, INSTRUMENTED, JUDGED, JUDGED_IN_RECOVERY};
use crate::build::kbuild::Work;
use crate::builder::Builder;
use crate::console::Log;
use crate::error::{Context, Error, Result};
use crate::outcome::{self, Outcome, Tested};
use crate::report;
use crate::run::kernel;
use crate::run::kernel_cache::KernelCache;
use crate::run::kunit_py::Kunit;
use crate::run::suites;
use crate::settings::{Arch, BaseConfig};
use crate::sources::base::Base;
use crate::tree::branches::{Branch, Branches, Repository};
use crate::tree::run_tree::SOURCES as RUN;
use crate::tree::with_patch::{tree_with, ChangedTree};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The files below `workbench/coverage` that a base has to have.
struct Lists {
    patch: PathBuf,
    recovery: PathBuf,
    unreached: PathBuf,
    recovery_unreached: PathBuf,
}

impl Lists {
    fn of(b: &Builder) -> Lists {
        let dir = b.settings.dirs.workbench.join("coverage");
        let base = &b.settings.base;

        Lists {
            patch: dir.join(format!("{base}.patch")),
            recovery: dir.join("recovery.c"),
            unreached: dir.join(format!("{base}.unreached")),
            recovery_unreached: dir.join(format!("{base}.recovery.unreached")),
        }
    }

    fn all(&self) -> [&PathBuf; 4] {
        [
            &self.patch,
            &self.recovery,
            &self.unreached,
            &self.recovery_unreached,
        ]
    }
}

/// Whether coverage of this base can be judged.
pub(crate) fn is_known(b: &Builder) -> bool {
    Lists::of(b).all().iter().all(|file| file.is_file())
}

/// Stands for the folder of sources and objects in the names that an instrumented kernel has. The
/// kernel and its objects may come from the caches, where another checkout has put them. ccache makes
/// the names of sources relative to the folder of the objects, so both have to be below this one.
const MAPPED: &str = "/linux";

/// The folder that [`MAPPED`] stands for.
fn mapped(tree: &Path) -> &Path {
    tree.parent().unwrap_or(tree)
}

/// Options for a build with counters in these objects alone. UML links the runtime if CONFIG_GCOV
/// is on, and would instrument all of the kernel, and want debug information.
fn options(tree: &Path) -> Vec<String> {
    let mut options = vec!["CONFIG_GCOV=y".to_string(), "CFLAGS-y=".to_string()];
    for object in INSTRUMENTED {
        let name = object.rsplit('/').next().unwrap_or(object);
        options.push(format!(
            "CFLAGS_{name}.o=-fprofile-instr-generate -fcoverage-mapping \
             -fcoverage-prefix-map={}={MAPPED}",
            mapped(tree).display()
        ));
    }
    options
}

/// A measurement: what it is called, its functions, its list, and the profiles that it adds up.
struct Part<'a> {
    name: &'a str,
    label: &'a str,
    functions: Vec<&'a str>,
    list: &'a Path,
    pages: PathBuf,
    profiles: Vec<PathBuf>,
}

pub(crate) fn run(b: &Builder) -> Result<Outcome> {
    let settings = &b.settings;
    let lists = Lists::of(b);

    if settings.arch != Arch::Um {
        return Err(Error::usage(format!(
            "ARCH={}: coverage is measured on UML only",
            settings.arch
        )));
    }
    if let Some(file) = lists.all().iter().find(|file| !file.is_file()) {
        return Err(Error::usage(format!(
            "no {}: coverage of linux {} cannot be judged",
            settings.shown(file),
            settings.base
        )));
    }
    let repository = b.ensure(Branches)?;
    let toolbox = b.ensure(crate::toolchain::Sysroot(crate::toolchain::Tools::Build))?;
    // One tree for this and for make breakages: there is little to build for the other then.
    let changed = tree_with(
        b,
        &repository,
        &[&lists.patch],
        Some((&lists.recovery, "mm/recovery.c")),
    )?;
    b.ensure(ChangedTree::new(&repository, "changed", &changed))?;
    let kunit = Work::new(settings, "changed", &repository, &toolbox).kunit(Arch::Um);

    outcome::test(
        b,
        "coverage of fork's recovery path, on UML",
        "coverage",
        || {
            let tree = repository.tree(Branch::Fixed)?;
            let mut inputs = kernel::inputs(b, &tree)?.add("what", b"coverage");
            for file in lists.all() {
                inputs = inputs.add_file(file);
            }
            Ok(Tested { inputs, tree })
        },
        || measure(b, &kunit, &repository, &changed, &lists),
    )
}

/// Builds the instrumented kernel, unless another checkout has.
fn build(b: &Builder, kunit: &Kunit, repository: &Repository, tree: &str, log: &Log) -> Result<()> {
    let everywhere = options(&Path::new("/").join(RUN)).join(" ");
    let inputs = kernel::inputs(b, tree)?.add("options", everywhere.as_bytes());

    KernelCache::new(&b.settings, &inputs).take_or_build(kunit, log, || {
        kernel::configure(b, kunit, repository, tree, log)?;
        kernel::compile(b, kunit, log, &options(&kunit.tree))
    })
}

fn measure(
    b: &Builder,
    kunit: &Kunit,
    repository: &Repository,
    tree: &str,
    lists: &Lists,
) -> Result<Outcome> {
    let settings = &b.settings;
    let begun = Instant::now();
    let version = b.ensure(Base)?.version()?;
    let html = settings.base_build().join("coverage");
    let profiles = kunit.objects.join("profiles");

    b.long(
        &format!("linux {version} for um, fixed, instrumented"),
        "coverage-kernel",
        |log| build(b, kunit, repository, tree, log),
    )?;
    // There need not be any.
    let _ = std::fs::remove_dir_all(&profiles);
    std::fs::create_dir_all(&profiles)
        .or_say(|| format!("cannot make {}", settings.shown(&profiles)))?;
    let profile = profiles.join("{part}");
    let ran = b.long("the suites, instrumented", "coverage-run", |log| {
        let profile = profile.to_string_lossy();
        suites::run_in(b, kunit, None, log, &[("LLVM_PROFILE_FILE", &profile)])
    })?;
    if ran.exit != Some(0) {
        // What fails may as well have been reached for that very reason.
        return Err(Error::failed(format!(
            "the suites do not pass, so coverage says nothing: see {}, or run make kunit",
            settings.shown(&settings.logs().join("coverage-run.log"))
        )));
    }
    // See recovery.c.
    let of_parts = |end: &str| -> Vec<PathBuf> {
        (0..ran.parts)
            .map(|part| profiles.join(format!("{part}{end}")))
            .collect()
    };
    let (all, recovery) = (of_parts(""), of_parts(".recovery"));
    for file in all.iter().chain(&recovery) {
        if !file.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(Error::failed(format!(
                "the kernel has left no {} although the suites passed: see {}",
                settings.shown(file),
                settings.shown(&kunit.log())
            )));
        }
    }
    let own = BaseConfig::read(&settings.dirs, &settings.base)?.recovery;
    let with_own = |functions: &[&'static str]| -> Vec<&str> {
        let own = own.iter().map(String::as_str);
        functions.iter().copied().chain(own).collect()
    };
    let parts = [
        Part {
            name: "all",
            label: "all",
            functions: with_own(&JUDGED),
            list: &lists.unreached,
            pages: html.clone(),
            profiles: [all, recovery.clone()].concat(),
        },
        Part {
            name: "recovery",
            label: "while a failed fork is undone",
            functions: with_own(&JUDGED_IN_RECOVERY),
            list: &lists.recovery_unreached,
            pages: html.join("recovery"),
            profiles: recovery,
        },
    ];
    let judged: Vec<Coverage> = b.long("profile", "coverage", |log| {
        let _ = std::fs::remove_dir_all(&html);
        parts
            .iter()
            .map(|part| evaluate(b, kunit, part, (&version, begun), log))
            .collect()
    })?;
    let mut text = String::new();
    for coverage in &judged {
        text.push_str(&coverage.text);
        text.push('\n');
    }
    text.push_str(&format!(
        "as pages: {}/index.html and recovery/index.html there\n",
        settings.shown(&html)
    ));
    let good = judged.iter().filter(|coverage| coverage.good).count() as u64;

    let details: Vec<report::Coverage> = parts
        .iter()
        .zip(&judged)
        .map(|(part, coverage)| described(part, coverage))
        .collect();

    Ok(Outcome {
        passed: good,
        failed: judged.len() as u64 - good,
        text,
        details: serde_json::to_value(details).or_say(|| "cannot keep a result")?,
        ..Outcome::default()
    })
}

/// For the report.
fn described(part: &Part<'_>, coverage: &Coverage) -> report::Coverage {
    let reached = |tally: Tally| report::Reached {
        reached: tally.reached,
        all: tally.all,
    };

    report::Coverage {
        part: part.label.to_string(),
        lines: reached(coverage.lines),
        branches: reached(coverage.branches),
        functions: coverage
            .functions
            .iter()
            .map(|function| report::Function {
                name: function.name.clone(),
                lines: reached(function.lines),
                branches: reached(function.branches),
                in_macros: reached(function.in_macros),
            })
            .collect(),
        explained: coverage
            .explained
            .iter()
            .map(|(place, why)| report::Unreached {
                place: place.clone(),
                why: why.clone(),
            })
            .collect(),
        wrong: coverage.wrong.clone(),
        ..report::Coverage::default()
    }
}

/// Adds profiles up, judges them, and shows them as pages.
fn evaluate(
    b: &Builder,
    kunit: &Kunit,
    part: &Part<'_>,
    (version, begun): (&str, Instant),
    log: &Log,
) -> Result<Coverage> {
    let data = kunit.objects.join(format!("{}.profdata", part.name));
    let found = format!(
        "-path-equivalence={MAPPED},{}",
        mapped(&kunit.tree).display()
    );
    let sources = INSTRUMENTED.map(|object| kunit.tree.join(format!("{object}.c")));
    let tool = |name: &str| kunit.toolbox.cmd(name).dir(&b.settings.dirs.top);

    log.run_checked(
        &tool("llvm-profdata")
            .args(["merge", "-sparse", "-o"])
            .arg(&data)
            .args(&part.profiles),
    )?;
    let export = tool("llvm-cov")
        .args(["export", "-format=text", "-instr-profile"])
        .arg(&data)
        .arg(&found)
        .arg(kunit.image())
        .arg("-sources")
        .args(&sources)
        .checked()?;
    log.run_checked(
        &tool("llvm-cov")
            .args(["show", "-format=html", "-output-dir"])
            .arg(&part.pages)
            .arg("-instr-profile")
            .arg(&data)
            .arg(&found)
            .args(["-show-branches=count", "-project-title"])
            .arg(format!("linux {version}, forks that fail: {}", part.name))
            .arg(format!("-name-regex={}", name_regex(&part.functions)))
            .arg(kunit.image()),
    )?;
    let expected = std::fs::read_to_string(part.list)
        .or_say(|| format!("cannot read {}", b.settings.shown(part.list)))?;

    Ok(judge(&Input {
        label: &format!("{version} um, {}", part.label),
        seconds: begun.elapsed().as_secs(),
        export: &String::from_utf8_lossy(&export.stdout),
        functions: &part.functions,
        expected: &expected,
        expected_name: &b.settings.shown(part.list),
        tree: &format!("{MAPPED}/{RUN}"),
        // The export has the names that the kernel has.
        read: &|path| {
            let below = Path::new(path).strip_prefix(MAPPED).ok()?;
            std::fs::read_to_string(mapped(&kunit.tree).join(below)).ok()
        },
    }))
}
