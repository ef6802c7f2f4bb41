// SPDX-License-Identifier: GPL-2.0

//! What the kernel says apart from its tests: a panic, a splat, a call trace.

use super::event::Event;

/// What `dup_mmap()` stores is `XA_ZERO_ENTRY`. These are the ways in which it being dereferenced
/// as a VMA is reported, on UML, on x86-64, by KASAN and on 32-bit PowerPC: its first members are
/// `vm_start`, `vm_end` and `vm_mm`.
const MARKER: [&str; 6] = [
    "Kernel mode fault at addr 0x406,",
    "address: 0000000000000406",
    "in range [0x0000000000000400-0x0000000000000407]",
    "dereference on read at 0x00000406",
    "dereference on read at 0x0000040a",
    "dereference on read at 0x0000040e",
];

/// What a test prints itself has its name in front, so these do not begin its lines.
const SPLATS: [&str; 5] = ["WARNING: ", "BUG: ", "INFO: ", "UBSAN: ", "Oops: "];

/// Reads a line without its indentation. What is `on_purpose` is no splat.
pub(super) fn read(said: &str, on_purpose: bool) -> Option<Event<'_>> {
    if MARKER.iter().any(|marker| said.contains(marker)) {
        return Some(Event::Marker);
    }
    if said.contains("Kernel panic - not syncing") {
        return Some(Event::Panic);
    }
    if said.contains("suspected memory leaks") || SPLATS.iter().any(|s| said.starts_with(s)) {
        return (!on_purpose).then_some(Event::Splat);
    }
    if said.starts_with("RIP: ") || said.starts_with("NIP [") {
        return Some(Event::Rip);
    }
    if said.starts_with("---[ end trace ") {
        return Some(Event::EndOfTrace);
    }
    if said.contains("reboot: System halted") {
        return Some(Event::Halted);
    }
    call(said).map(|function| Event::Call { function })
}

/// `[<600cf2aa>] ? exit_mmap+0x15a/0x220`; x86-64 prints no address, PowerPC two.
fn call(said: &str) -> Option<&str> {
    let word = said
        .split_whitespace()
        .find(|word| *word != "?" && !word.starts_with('['))?;
    let (function, offset) = word.split_once("+0x")?;

    (offset.contains("/0x") && !function.contains(':')).then_some(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<Event<'_>> {
        read(line, false)
    }

    #[test]
    fn complaints_are_told_from_what_tests_say() {
        let panic = "Kernel panic - not syncing: ";

        assert_eq!(of(&format!("{panic}out of memory")), Some(Event::Panic));
        assert_eq!(of("BUG: KASAN: use-after-free"), Some(Event::Splat));
        assert_eq!(of("kmemleak: 2 new suspected memory leaks"), of("BUG: x"));
        assert_eq!(read("BUG: x", true), None);
        assert_eq!(of("# a: WARNING: nothing"), None);
    }

    #[test]
    fn the_marker_is_known_on_each_machine() {
        for line in [
            "Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x6002f9a4",
            "BUG: kernel NULL pointer dereference, address: 0000000000000406",
            "KASAN: null-ptr-deref in range [0x0000000000000400-0x0000000000000407]",
            "BUG: Kernel NULL pointer dereference on read at 0x0000040a",
        ] {
            assert_eq!(of(line), Some(Event::Marker));
        }
        assert_eq!(
            of("Kernel panic - not syncing: Kernel mode fault at addr 0x4060, ip 0x1"),
            Some(Event::Panic)
        );
    }

    #[test]
    fn calls_are_those_of_traces() {
        let function = "exit_mmap";

        for line in [
            "[<600cf2aa>] exit_mmap+0x15a/0x220",
            "[<600cf2aa>] ? exit_mmap+0x15a/0x220",
            "exit_mmap+0x15a/0x220 [module]",
            "[e1bf5d80] [c0129b84] exit_mmap+0x15a/0x220",
            "[e1bf5d80] [c0129b84] exit_mmap+0x15a/0x220 (unreliable)",
        ] {
            assert_eq!(of(line), Some(Event::Call { function }));
        }
        assert_eq!(of("leaked by exit_mmap+0x15a/0x220"), None);
        assert_eq!(of("RIP: 0033:exit_mmap+0x15a/0x220"), Some(Event::Rip));
        assert_eq!(of("NIP [c0129b84] exit_mmap+0x15a/0x220"), Some(Event::Rip));
    }
}
