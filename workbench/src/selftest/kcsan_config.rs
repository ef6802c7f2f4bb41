// SPDX-License-Identifier: GPL-2.0

//! How the kernel of `make kcsan` is configured: as that of the other programs, with KCSAN instead of
//! the other detectors.

use crate::console::read_lossy;
use crate::error::{Context, Result};
use crate::settings::Settings;
use std::path::{Path, PathBuf};

/// The files that KCSAN sees: fork, what it copies and takes down, and who may look at that. It
/// watches one access of many, and those of all others would leave few for these.
const WATCHED: [(&str, &str); 6] = [
    ("kernel", "fork"),
    ("kernel/events", "uprobes"),
    ("lib", "maple_tree"),
    ("fs", "userfaultfd"),
    ("fs/proc", "task_mmu"),
    (
        "mm",
        "compaction filemap gup huge_memory hugetlb interval_tree khugepaged ksm madvise memory \
         mempolicy migrate mlock mmap mmap_lock mmu_gather mmu_notifier mprotect mremap oom_kill \
         page_vma_mapped pagewalk pgtable-generic process_vm_access rmap shmem swap swap_state \
         swapfile truncate userfaultfd util vma vma_exec vma_init vmscan",
    ),
];

/// For make: the variable that each object looks at. It is n in folders that KCSAN is not to see.
pub(super) fn option() -> String {
    let files = WATCHED.iter().flat_map(|(folder, files)| {
        files
            .split_whitespace()
            .map(move |file| format!(" {folder}/{file}"))
    });

    format!(
        "KCSAN_SANITIZE=$(if $(filter $(obj)/$(target-stem),{}),,n)",
        files.collect::<String>()
    )
}

/// The options that are on top of those of the machine.
fn on_top_of_machine(settings: &Settings) -> PathBuf {
    let name = format!("selftest/{}-kcsan.config", settings.arch);

    settings.dirs.workbench.join(name)
}

/// Where both are together.
pub(super) fn made(settings: &Settings) -> PathBuf {
    let name = format!("kcsan-{}.config", settings.arch);

    settings.base_build().join(name)
}

/// Puts them together.
pub(super) fn make(settings: &Settings, of_machine: &Path) -> Result<PathBuf> {
    let wanted = made(settings);
    let text = on_top(
        &read_lossy(of_machine),
        &read_lossy(&on_top_of_machine(settings)),
    );
    // So that another list makes another kernel.
    let text = format!("{text}# {}\n", option());

    std::fs::create_dir_all(settings.base_build())
        .and_then(|()| std::fs::write(&wanted, text))
        .or_say(|| format!("cannot write {}", settings.shown(&wanted)))?;
    Ok(wanted)
}

/// The option that a line sets or leaves out.
fn set_by(line: &str) -> Option<&str> {
    let left_out = line
        .strip_prefix("# ")
        .and_then(|line| line.strip_suffix(" is not set"));

    left_out
        .or_else(|| line.split('=').next())
        .filter(|option| option.starts_with("CONFIG_"))
}

/// Options, but for those that others have their own word on.
fn on_top(options: &str, others: &str) -> String {
    let theirs: Vec<&str> = others.lines().filter_map(set_by).collect();
    let kept = options
        .lines()
        .filter(|line| set_by(line).is_none_or(|option| !theirs.contains(&option)));

    kept.chain(others.lines())
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_on_top_replace_others() {
        let machine = "# words\nCONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n";
        let top = "# more\n# CONFIG_A is not set\nCONFIG_C=7\n";

        assert_eq!(
            on_top(machine, top),
            "# words\nCONFIG_B=y\n# more\n# CONFIG_A is not set\nCONFIG_C=7\n"
        );
    }
}
