// SPDX-License-Identifier: GPL-2.0

//! What the kernel says apart from its tests: a panic, a splat, a call trace.

use super::event::Event;

/// These are the ways in which a bad address is reported, on UML, on x86-64, by KASAN, on 32-bit
/// PowerPC and on arm64. The address follows, in hexadecimal digits.
const FAULTS: [&str; 5] = [
    "Kernel mode fault at addr 0x",
    "NULL pointer dereference, address: ",
    "null-ptr-deref in range [0x",
    "NULL pointer dereference on read at 0x",
    "NULL pointer dereference at virtual address ",
];

/// What `dup_mmap()` stores is `XA_ZERO_ENTRY`, 0x406. Where it is taken for a VMA, any member of that
/// may be read. KASAN tells the eight bytes that it is in.
const MARKER: std::ops::Range<u64> = 0x400..0x600;

/// What a test prints itself has its name in front, so these do not begin its lines.
const SPLATS: [&str; 9] = [
    "WARNING: ",
    "BUG: ",
    "INFO: ",
    // RCU waits in vain for a processor or a task.
    "rcu: INFO: ",
    // A processor does nothing else any more.
    "watchdog: BUG: ",
    "UBSAN: ",
    "Oops: ",
    // On arm64.
    "Internal error: ",
    "Unable to handle kernel ",
];

/// Reads a line without its indentation.
pub(super) fn read(said: &str) -> Option<Event<'_>> {
    if fault(said).is_some_and(|address| MARKER.contains(&address)) {
        return Some(Event::Marker);
    }
    if said.contains("Kernel panic - not syncing") {
        return Some(Event::Panic);
    }
    if said.contains("suspected memory leaks") || SPLATS.iter().any(|s| said.starts_with(s)) {
        return Some(Event::Splat);
    }
    if ["RIP: ", "NIP [", "pc : "]
        .iter()
        .any(|s| said.starts_with(s))
    {
        return Some(Event::Rip);
    }
    if said.starts_with("---[ end trace ") {
        return Some(Event::EndOfTrace);
    }
    // Under QEMU kunit.py has kernels reboot at their end, which ends QEMU.
    if ["reboot: System halted", "reboot: Restarting system"]
        .iter()
        .any(|s| said.contains(s))
    {
        return Some(Event::Halted);
    }
    call(said).map(|function| Event::Call { function })
}

/// The address of a fault, if it is told in a line.
fn fault(said: &str) -> Option<u64> {
    let after = |fault: &&str| said.split_once(*fault).map(|(_, after)| after);
    let after = FAULTS.iter().find_map(after)?;
    let end = after.find(|letter: char| !letter.is_ascii_hexdigit());

    u64::from_str_radix(&after[..end.unwrap_or(after.len())], 16).ok()
}

/// `[<600cf2aa>] ? exit_mmap+0x15a/0x220`; x86-64 prints no address, PowerPC two.
pub(super) fn call(said: &str) -> Option<&str> {
    let word = said
        .split_whitespace()
        .find(|word| *word != "?" && !word.starts_with('['))?;
    let (function, offset) = word.split_once("+0x")?;

    (offset.contains("/0x") && !function.contains(':')).then_some(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_told_from_what_tests_say() {
        let panic = "Kernel panic - not syncing: ";

        assert_eq!(read(&format!("{panic}out of memory")), Some(Event::Panic));
        assert_eq!(read("BUG: KASAN: use-after-free"), Some(Event::Splat));
        assert_eq!(
            read("kmemleak: 2 new suspected memory leaks"),
            read("BUG: x")
        );
        assert_eq!(read("# a: WARNING: nothing"), None);
        assert_eq!(read("rcu: Hierarchical SRCU implementation."), None);
        for line in [
            "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
            "rcu: INFO: rcu_sched self-detected stall on CPU",
            "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [kunit_try_catch:24]",
            "Unable to handle kernel paging request at virtual address dfff800000000011",
            "Internal error: Oops: 0000000096000005 [#1]  SMP",
        ] {
            assert_eq!(read(line), Some(Event::Splat), "{line}");
        }
    }

    #[test]
    fn a_kernel_ends_in_two_ways() {
        for line in ["reboot: System halted", "reboot: Restarting system"] {
            assert_eq!(read(line), Some(Event::Halted), "{line}");
        }
        assert_eq!(read("reboot: Power down"), None);
    }

    #[test]
    fn the_marker_is_known_on_each_machine() {
        for line in [
            "Kernel panic - not syncing: Kernel mode fault at addr 0x406, ip 0x6002f9a4",
            "BUG: kernel NULL pointer dereference, address: 0000000000000406",
            "KASAN: null-ptr-deref in range [0x0000000000000400-0x0000000000000407]",
            "BUG: Kernel NULL pointer dereference on read at 0x0000040a",
            "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000406",
            // Members of a VMA that are further in.
            "KASAN: null-ptr-deref in range [0x0000000000000440-0x0000000000000447]",
            "BUG: kernel NULL pointer dereference, address: 0000000000000446",
        ] {
            assert_eq!(read(line), Some(Event::Marker), "{line}");
        }
        assert_eq!(
            read("Kernel panic - not syncing: Kernel mode fault at addr 0x4060, ip 0x1"),
            Some(Event::Panic)
        );
        assert_eq!(
            read("KASAN: null-ptr-deref in range [0x0000000000000008-0x000000000000000f]"),
            None
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
            "exit_mmap+0x15a/0x220 (P)",
            "[e1bf5d80] [c0129b84] exit_mmap+0x15a/0x220 (unreliable)",
        ] {
            assert_eq!(read(line), Some(Event::Call { function }));
        }
        assert_eq!(read("leaked by exit_mmap+0x15a/0x220"), None);
        assert_eq!(read("RIP: 0033:exit_mmap+0x15a/0x220"), Some(Event::Rip));
        assert_eq!(
            read("NIP [c0129b84] exit_mmap+0x15a/0x220"),
            Some(Event::Rip)
        );
        assert_eq!(read("pc : exit_mmap+0x15a/0x220"), Some(Event::Rip));
    }
}
