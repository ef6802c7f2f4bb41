// SPDX-License-Identifier: GPL-2.0

//! Fetches, builds, runs, judges and mails the fork-failure series. See README.md and HACKING.md
//! at the top of the project.
//!
//! Exit codes: 0 if all is as it should be, 1 if a test failed, 2 if a setting makes no sense or
//! something is missing to work with, 128 and more after a signal.

mod bisect;
mod breakages;
mod build;
mod builder;
mod cache;
mod cargo;
mod check;
mod cli;
mod clock;
mod commands;
mod console;
mod cost;
mod coverage;
mod error;
mod fields;
mod git;
mod harness;
mod htmldocs;
mod interrupt;
mod judge;
mod lint;
mod lock;
mod mail;
mod mutants;
mod outcome;
#[cfg(test)]
mod plans;
mod process;
mod report;
mod run;
mod selftest;
mod settings;
mod sources;
mod stamp;
mod style;
mod table;
mod toolchain;
mod tree;

use builder::Builder;
use clap::Parser;
use cli::{Args, Target};
use console::Console;
use error::{Context, Error, Result};
use settings::{Dirs, Settings};
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which checkout this is of: cargo looks at variables that the source names. It cannot tell
/// checkouts apart by itself, and they share its folder; what another one built would be fresh.
const _: Option<&str> = option_env!("WORKBENCH_CHECKOUT");

/// The folders, as `workbench/boot/run.sh` hands them over.
fn dirs() -> Result<Dirs> {
    let top = env::var_os("WORKBENCH_TOP")
        .map(PathBuf::from)
        .ok_or_else(|| Error::usage("WORKBENCH_TOP is not set: call make, not the program"))?;
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
        .ok_or_else(|| Error::usage("HOME or XDG_CACHE_HOME must be set"))?;

    Ok(Dirs::new(&top, &cache.join("fork-failure")))
}

/// What this run uses of the cache, whatever it does.
fn used_from_start(settings: &Settings) -> Result<[PathBuf; 3]> {
    let program = env::current_exe().or_say(|| "cannot find this program")?;
    let sysroot = env::var_os("WORKBENCH_SYSROOT").unwrap_or_default();

    Ok([
        PathBuf::from(sysroot),
        program.parent().unwrap_or(&program).to_owned(),
        cargo::target_dir(&settings.dirs.cache, &settings.toolchain_identity),
    ])
}

fn workbench(console: &Console, args: &Args) -> Result<()> {
    let target = args.target.unwrap_or(Target::Kunit);

    if target == Target::Help {
        console.say(cli::help());
        return Ok(());
    }
    let mut settings = Settings::read(args, dirs()?)?;
    settings.toolchain_identity = env::var("WORKBENCH_TOOLCHAIN_IDENTITY").unwrap_or_default();
    settings.host_packages = env::var_os("WORKBENCH_HOST_PACKAGES").is_some();
    let b = Builder::new(settings, console.clone());

    if b.planning() {
        commands::run(&b, target)?;
        console.say(b.plan());
        return Ok(());
    }
    let dir = &b.settings.dirs.build;
    std::fs::create_dir_all(dir).or_say(|| format!("cannot make {}", dir.display()))?;
    let _lock = lock::Lock::take(&dir.join("lock"), &b.settings.shown(dir), console)?;
    for used in used_from_start(&b.settings)? {
        b.uses(&used)?;
    }
    cache::forget(&b.settings.dirs.cache, console);
    // What runs that were killed have left.
    tree::clean::tidy(&b)?;
    commands::run(&b, target)
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let said = error.to_string();
            eprintln!("{}", said.lines().next().unwrap_or("error: odd arguments"));
            return ExitCode::from(2);
        }
    };
    let console = Console::new(args.v.as_deref() == Some("1"));
    let result = interrupt::watch().and_then(|()| workbench(&console, &args));

    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.message().is_empty() {
                console.complain(&error);
            }
            ExitCode::from(error.exit_code())
        }
    }
}
