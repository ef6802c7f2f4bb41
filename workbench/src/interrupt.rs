// SPDX-License-Identifier: GPL-2.0

//! Signals that ask to stop. The handler only notes them; whoever waits looks here, stops what
//! it has started and returns [`Error::interrupted`], so that everything is undone on the way up.

use crate::error::{Context, Error, Result};
use nix::sys::signal::{sigaction, SaFlags, SigAction, SigHandler, SigSet, Signal};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

static SIGNAL: AtomicI32 = AtomicI32::new(0);
/// How many guards there are.
static PUT_OFF: AtomicU32 = AtomicU32::new(0);

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

/// Fails if a signal has asked to stop, unless that is put off.
pub(crate) fn check() -> Result<()> {
    judge(
        SIGNAL.load(Ordering::Relaxed),
        PUT_OFF.load(Ordering::Relaxed),
    )
}

fn judge(signal: i32, guards: u32) -> Result<()> {
    match (signal, guards) {
        (0, _) | (_, 1..) => Ok(()),
        (signal, 0) => Err(Error::interrupted(signal)),
    }
}

/// Puts off signals until the guard goes: what is done meanwhile is not interrupted half-way. There is
/// nothing to block, as the handler only notes them.
#[must_use]
pub(crate) struct Uninterrupted(());

impl Uninterrupted {
    pub(crate) fn begin() -> Result<Uninterrupted> {
        check()?;
        PUT_OFF.fetch_add(1, Ordering::Relaxed);
        Ok(Uninterrupted(()))
    }
}

impl Drop for Uninterrupted {
    fn drop(&mut self) {
        PUT_OFF.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_put_off_while_there_is_a_guard() {
        assert!(judge(0, 0).is_ok() && judge(0, 1).is_ok());
        assert!(judge(2, 1).is_ok() && judge(2, 2).is_ok());
        assert!(judge(2, 0).is_err());

        // Other tests may have guards, too.
        let _guard = Uninterrupted::begin().expect("no signal");
        assert!(PUT_OFF.load(Ordering::Relaxed) > 0);
    }
}
