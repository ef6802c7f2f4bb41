// SPDX-License-Identifier: GPL-2.0

//! cargo for the workbench's own tests and lints. Crates that it depends on are compiled once for
//! each toolchain, in the cache, where the program itself was built; a fresh clone has them.

use crate::builder::Builder;
use crate::console::Log;
use crate::error::Result;
use crate::lock::Lock;
use crate::process::Cmd;
use crate::toolchain::Toolbox;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long what a checkout has compiled of the workbench itself is kept: checkouts come and go.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Has cargo compile something. Of several that want to only one does at a time, that of
/// workbench/boot included; the user is told, as cargo itself waits without a word.
pub(crate) fn compile(
    b: &Builder,
    toolbox: &Toolbox,
    arguments: &[&str],
    log: &Log,
) -> Result<bool> {
    let lock = b.settings.dirs.cache.join("program/lock");
    let _lock = Lock::take(&lock, "the program (workbench/src)", &b.console)?;

    Ok(log.run(&cmd(b, toolbox, arguments))?.success())
}

/// cargo with some arguments.
pub(crate) fn cmd(b: &Builder, toolbox: &Toolbox, arguments: &[&str]) -> Cmd {
    let settings = &b.settings;
    let target = target_dir(&settings.dirs.cache, &settings.toolchain_identity);

    forget_old(&target, KEPT);
    toolbox
        .env("CARGO_TARGET_DIR", &target.to_string_lossy())
        .cmd("workbench/boot/cargo.sh")
        .dir(&settings.dirs.top)
        .args(arguments)
}

/// As workbench/boot/run.sh has it.
pub(crate) fn target_dir(cache: &Path, identity: &str) -> PathBuf {
    cache.join("cargo").join(identity)
}

/// Removes what was compiled of the workbench long ago, and what cargo knows about it.
fn forget_old(dir: &Path, kept: Duration) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let ours = ["workbench-", "libworkbench-"]
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start));
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());

        if !ours {
            if is_dir {
                forget_old(&path, kept);
            }
            continue;
        }
        let old = entry
            .metadata()
            .and_then(|data| data.modified())
            .is_ok_and(|then| {
                SystemTime::now()
                    .duration_since(then)
                    .is_ok_and(|age| age > kept)
            });
        if old {
            // What cannot be removed is removed next time.
            let _ = match is_dir {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_ones_of_other_checkouts_go_and_dependencies_stay() {
        let dir = tempfile::tempdir().expect("a folder");
        let deps = dir.path().join("debug/deps");
        let known = dir.path().join("debug/.fingerprint/workbench-1");
        std::fs::create_dir_all(&deps).expect("a folder");
        std::fs::create_dir_all(&known).expect("a folder");
        for name in ["workbench-1", "libworkbench-2.rmeta", "libclap-3.rlib"] {
            std::fs::write(deps.join(name), "").expect("a file");
        }

        forget_old(dir.path(), KEPT);
        assert!(deps.join("workbench-1").is_file() && known.is_dir());
        forget_old(dir.path(), Duration::ZERO);
        assert!(!deps.join("workbench-1").exists() && !known.exists());
        assert!(!deps.join("libworkbench-2.rmeta").exists());
        assert!(deps.join("libclap-3.rlib").is_file());
    }
}
