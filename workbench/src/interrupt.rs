// SPDX-License-Identifier: GPL-2.0

//! Signals that ask to stop. The handler only notes them; whoever waits looks here, stops what
//! it has started and returns [`Error::interrupted`], so that everything is undone on the way up.

use crate::error::{Context, Error, Result};
use nix::sys::signal::{sigaction, SaFlags, SigAction, SigHandler, SigSet, Signal};
use std::sync::atomic::{AtomicI32, Ordering};

static SIGNAL: AtomicI32 = AtomicI32::new(0);

extern "C" fn note(signal: i32) {
    SIGNAL.store(signal, Ordering::Relaxed);
}

/// Installs the handler for SIGHUP, SIGINT and SIGTERM.
pub(crate) fn watch() -> Result<()> {
    let action = SigAction::new(SigHandler::Handler(note), SaFlags::empty(), SigSet::empty());

    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: The handler only stores to an atomic, which is allowed in a signal handler.
        unsafe { sigaction(signal, &action) }.or_say(|| format!("cannot handle {signal}"))?;
    }
    Ok(())
}

/// Fails if a signal has asked to stop.
pub(crate) fn check() -> Result<()> {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => Ok(()),
        signal => Err(Error::interrupted(signal)),
    }
}

/// Puts off signals until the guard goes: what is done meanwhile is not interrupted half-way.
/// There is nothing to block, as the handler only notes them and nobody looks.
#[must_use]
pub(crate) struct Uninterrupted(());

impl Uninterrupted {
    pub(crate) fn begin() -> Result<Uninterrupted> {
        check()?;
        Ok(Uninterrupted(()))
    }
}
