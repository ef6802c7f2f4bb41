// SPDX-License-Identifier: GPL-2.0

//! Steps: each piece of work is a type whose fields are its inputs. It says what it needs by
//! asking for it, and is done once in a run. What it has made is known by a stamp of its inputs, so
//! that it is not made again while they are the same.
//!
//! ```text
//! impl Step for Kernel {
//!     type Output = Objects;
//!     fn run(&self, b: &Builder) -> Result<Objects> {
//!         let tree = b.ensure(RunTree { branch: self.branch })?;   // what it needs
//!         let objects = Objects { .. };                             // where it will be
//!         b.work("linux for um, fixed", "kernel", |log| ...)?;      // the work itself
//!         Ok(objects)
//!     }
//! }
//! ```
//!
//! Only [`Builder::work`] and its kin have effects. With `DRY_RUN=1` they print their title instead:
//! that is the plan of a command.

use crate::cache::Used;
use crate::console::{Console, Log, Long};
use crate::error::{Context, Result};
use crate::settings::Settings;
use crate::stamp::Stamp;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::path::Path;
use std::rc::Rc;

/// A piece of work. Its name and fields, as [`Debug`] has them, tell it from others.
pub(crate) trait Step: Debug {
    /// What others need to know of what was made, such as where it is. In a plan nothing has been
    /// made yet, so this follows from the settings alone.
    type Output: Clone + 'static;

    /// Asks for what it needs, then does its work by [`Builder::work`].
    fn run(&self, b: &Builder) -> Result<Self::Output>;

    /// Whether what it has made stays so for the rest of the run. A folder that is checked out
    /// anew for one branch after the other does not: such a step is run whenever it is asked for.
    fn lasts(&self) -> bool {
        true
    }
}

/// Runs steps.
pub(crate) struct Builder {
    pub(crate) settings: Settings,
    pub(crate) console: Console,
    done: RefCell<HashMap<String, Rc<dyn Any>>>,
    depth: Cell<usize>,
    plan: RefCell<Vec<String>>,
    used: RefCell<Vec<Used>>,
    /// What identifies the sysroots among them.
    tools: RefCell<BTreeSet<String>>,
}

impl Builder {
    pub(crate) fn new(settings: Settings, console: Console) -> Builder {
        Builder {
            settings,
            console,
            done: RefCell::default(),
            depth: Cell::new(0),
            plan: RefCell::default(),
            used: RefCell::default(),
            tools: RefCell::default(),
        }
    }

    /// Keeps a folder from being removed from the cache, if it is in there.
    pub(crate) fn uses(&self, dir: &Path) -> Result<()> {
        if dir.starts_with(&self.settings.dirs.cache) && dir.is_dir() {
            self.used.borrow_mut().push(Used::begin(dir)?);
        }
        if let Ok(identity) = std::fs::read_to_string(dir.join(".identity")) {
            self.tools.borrow_mut().insert(identity.trim().to_string());
        }
        Ok(())
    }

    /// The compilers, and what else of tools was asked for so far: QEMU and the like are in sysroots
    /// of their own, which can change while the compilers do not.
    pub(crate) fn tools(&self) -> String {
        let mut all = vec![self.settings.toolchain_identity.clone()];

        all.extend(self.tools.borrow().iter().cloned());
        all.join(" ")
    }

    /// The result of a step, which is run if it has not been yet.
    pub(crate) fn ensure<S: Step>(&self, step: S) -> Result<S::Output> {
        let name = format!("{}::{step:?}", std::any::type_name::<S>());
        let lasts = step.lasts();
        let known = self.done.borrow().get(&name).cloned();

        if let Some(output) = known.and_then(|known| known.downcast::<S::Output>().ok()) {
            return Ok((*output).clone());
        }
        self.depth.set(self.depth.get() + 1);
        let output = step.run(self);
        self.depth.set(self.depth.get() - 1);
        let output = output?;
        if lasts {
            self.done.borrow_mut().insert(name, Rc::new(output.clone()));
        }
        Ok(output)
    }

    /// Whether this only makes a plan.
    pub(crate) fn planning(&self) -> bool {
        self.settings.dry_run
    }

    /// The plan so far, a line for each piece of work, those that it needs before it and further
    /// in.
    pub(crate) fn plan(&self) -> String {
        let mut text = self.plan.borrow().join("\n");
        text.push('\n');
        text
    }

    fn planned(&self, title: &str) -> bool {
        if !self.planning() {
            return false;
        }
        let indent = "  ".repeat(self.depth.get().saturating_sub(1));
        self.plan.borrow_mut().push(format!("{indent}{title}"));
        true
    }

    /// Work that is over in an instant. In a plan it is only named.
    pub(crate) fn quick(&self, title: &str, job: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.planned(title) {
            return Ok(());
        }
        job()
    }

    /// Says what is left out, and why. A plan names it, too.
    pub(crate) fn skip(&self, what: &str, why: &str) {
        let line = format!("skip  {what}: {why}");
        if !self.planned(&line) {
            self.console.say(line);
        }
    }

    /// Work that takes its time: the user sees for how long, its output goes to
    /// `build/BASE/logs/NAME.log`. In a plan it is only named.
    pub(crate) fn work(
        &self,
        title: &str,
        name: &str,
        job: impl FnOnce(&Log) -> Result<()>,
    ) -> Result<()> {
        if self.planned(title) {
            return Ok(());
        }
        self.long(title, name, job)
    }

    /// The same, outside of plans and with a result.
    pub(crate) fn long<T>(
        &self,
        title: &str,
        name: &str,
        job: impl FnOnce(&Log) -> Result<T>,
    ) -> Result<T> {
        let log = self.settings.logs().join(format!("{name}.log"));
        let shown = self.settings.shown(&log);

        self.console.long(
            &Long {
                title,
                log,
                shown,
                mirror: &self.settings.mirror,
            },
            job,
        )
    }

    /// Work that is not done again while its inputs are the same. `stamp` is not asked for in a
    /// plan, so that it may look at files. Returns whether anything was done.
    pub(crate) fn stamped(
        &self,
        title: &str,
        name: &str,
        stamp: impl FnOnce() -> Result<Stamp>,
        job: impl FnOnce(&Log) -> Result<()>,
    ) -> Result<bool> {
        if self.planned(title) {
            return Ok(false);
        }
        let stamp = stamp()?;
        if stamp.is_fresh() {
            return Ok(false);
        }
        stamp.remove()?;
        self.long(title, name, job)?;
        stamp.write()?;
        Ok(true)
    }

    /// A folder below `build/BASE` that goes away by itself.
    pub(crate) fn temporary_dir(&self) -> Result<tempfile::TempDir> {
        let parent = self.settings.base_build();

        std::fs::create_dir_all(&parent)
            .or_say(|| format!("cannot make {}", self.settings.shown(&parent)))?;
        tempfile::Builder::new()
            .prefix(".tmp.")
            .tempdir_in(&parent)
            .or_say(|| format!("cannot make a folder in {}", self.settings.shown(&parent)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::cli::Args;
    use crate::settings::Dirs;

    /// A builder for a project that has nothing but a base.
    pub(crate) fn toy(dir: &Path, change: impl FnOnce(&mut Args)) -> Builder {
        std::fs::create_dir_all(dir.join("workbench/bases")).expect("a folder");
        std::fs::write(dir.join("workbench/bases/6.18"), "").expect("a file");
        let mut args = Args::default();
        change(&mut args);
        let dirs = Dirs::new(dir, &dir.join("cache"));
        let settings = Settings::read(&args, dirs).expect("settings");
        Builder::new(settings, Console::quiet())
    }

    #[test]
    fn sysroots_are_among_the_tools() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let before = b.tools();
        let qemu = dir.path().join("cache/qemu");

        std::fs::create_dir_all(&qemu).expect("a folder");
        std::fs::write(qemu.join(".identity"), "one\n").expect("a file");
        b.uses(&qemu).expect("used");
        assert_eq!(b.tools(), format!("{before} one"));
    }

    #[derive(Debug)]
    struct Inner;

    impl Step for Inner {
        type Output = u32;

        fn run(&self, b: &Builder) -> Result<u32> {
            b.work("inner", "inner", |log| {
                log.say("done");
                Ok(())
            })?;
            Ok(7)
        }
    }

    #[derive(Debug)]
    struct Outer {
        n: u32,
    }

    impl Step for Outer {
        type Output = u32;

        fn run(&self, b: &Builder) -> Result<u32> {
            let sum = b.ensure(Inner)? + b.ensure(Inner)? + self.n;
            b.work(&format!("outer {}", self.n), "outer", |_| Ok(()))?;
            Ok(sum)
        }
    }

    #[test]
    fn a_step_is_run_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());

        assert_eq!(b.ensure(Outer { n: 1 }).ok(), Some(15));
        assert_eq!(b.ensure(Outer { n: 2 }).ok(), Some(16));
        assert_eq!(b.console.kept().matches("inner:").count(), 1);
    }

    #[test]
    fn a_plan_has_what_is_needed_first_and_does_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |args| args.dry_run = Some("1".into()));

        assert!(b.ensure(Outer { n: 1 }).is_ok());
        assert_eq!(b.plan(), "  inner\nouter 1\n");
        assert!(!dir.path().join("build").exists());
    }

    #[test]
    fn stamped_work_is_done_when_its_inputs_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let b = toy(dir.path(), |_| ());
        let file = dir.path().join("stamp");
        let make = |input: &str| {
            b.stamped(
                "x",
                "x",
                || Ok(Stamp::new(&file).input("what", input)),
                |_| Ok(()),
            )
        };

        assert_eq!(make("one").ok(), Some(true));
        assert_eq!(make("one").ok(), Some(false));
        assert_eq!(make("two").ok(), Some(true));
        // What failed is not fresh.
        let failed = b.stamped(
            "x",
            "x",
            || Ok(Stamp::new(&file).input("what", "three")),
            |_| Err(crate::error::Error::failed("no")),
        );
        assert!(failed.is_err());
        assert_eq!(make("two").ok(), Some(true));
    }
}
