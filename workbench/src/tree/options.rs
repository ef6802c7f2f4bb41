// SPDX-License-Identifier: GPL-2.0

//! The options of a tree's kernel.

use crate::stamp::Inputs;

/// What of a tree the options follow from: those that there are, and their defaults.
pub(crate) fn kconfig(files: &str) -> String {
    let about = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.starts_with("Kconfig")
            || name.ends_with(".config")
            || path.contains("/configs/")
            || path.starts_with("tools/testing/kunit/")
            || path.starts_with("scripts/")
    };
    let lines = files
        .lines()
        .filter(|line| line.split_once('\t').is_some_and(|(_, path)| about(path)));

    lines
        .fold(Inputs::default(), |inputs, line| {
            inputs.add("file", line.as_bytes())
        })
        .hash()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_follow_from_some_files() {
        let line = |path: &str, id: &str| format!("100644 {id} 0\t{path}\n");
        let one = line("mm/Kconfig.debug", "1") + &line("mm/vma.c", "2");

        assert_eq!(
            kconfig(&one),
            kconfig(&(line("mm/Kconfig.debug", "1") + &line("mm/vma.c", "3")))
        );
        for other in [
            line("mm/Kconfig.debug", "4"),
            one.clone() + &line("arch/x86/configs/x86_64_defconfig", "5"),
            one.clone() + &line("kernel/configs/debug.config", "6"),
        ] {
            assert_ne!(kconfig(&one), kconfig(&other), "{other}");
        }
    }
}
