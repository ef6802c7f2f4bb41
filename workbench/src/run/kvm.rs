// SPDX-License-Identifier: GPL-2.0

//! Whether QEMU can use `/dev/kvm`. Where virtual machines are nested there is one that opens and
//! answers, but never runs a guest; QEMU would hang on it. So a kernel is booted for a few
//! seconds, and has to say something.

use super::kunit_py::Kunit;
use crate::console::Log;
use crate::error::Result;
use crate::settings::Arch;
use crate::toolchain::Toolbox;
use std::path::Path;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(8);

/// Boots the kernel with KVM alone; true if it got as far as its first line. Only kernels for
/// processors of this machine's kind can.
pub(crate) fn works(qemu: &Toolbox, kunit: &Kunit, log: &Log) -> Result<bool> {
    if kunit.arch != Arch::X86_64 {
        return Ok(false);
    }
    let Ok(device) = std::fs::File::options()
        .read(true)
        .write(true)
        .open(Path::new("/dev/kvm"))
    else {
        log.say("no KVM: /dev/kvm is missing or not ours to open");
        return Ok(false);
    };
    drop(device);
    let cmd = qemu
        .cmd("qemu-system-x86_64")
        .args(["-nodefaults", "-nographic", "-no-reboot", "-m", "512"])
        .args(["-accel", "kvm", "-serial", "stdio", "-kernel"])
        .arg(kunit.image())
        .args(["-append", "console=ttyS0 panic=-1"])
        .env("ENTER_KVM", "1");
    let before = log.text().len();
    let mut running = cmd.start_logged(log.file())?;
    let begun = Instant::now();
    let mut works = false;

    while begun.elapsed() < LIMIT && !works {
        let ended = running.wait_a_while(Duration::from_millis(300))?.is_some();
        works = log.text()[before..].contains("Linux version");
        if ended {
            break;
        }
    }
    running.stop();
    log.say(match works {
        true => "KVM works",
        false => "KVM does not run a guest here: emulated instead",
    });
    Ok(works)
}
