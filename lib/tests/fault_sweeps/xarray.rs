// SPDX-License-Identifier: GPL-2.0

//! `XArray`.

use kernel::{
    alloc::Flags,
    prelude::*,
    xarray::{
        AllocKind,
        XArray, //
    },
};

#[kunit_tests(fault_sweep_xarray)]
mod tests {
    use super::*;

    type Array = Pin<KBox<XArray<KBox<usize>>>>;

    /// Far enough apart to need nodes on several levels.
    const OLD: [usize; 3] = [0, 1, 100];
    const NEW: [usize; 4] = [2, 5_000, 70_000, 1 << 40];

    fn some() -> Result<Array> {
        let xa = KBox::pin_init(XArray::new(AllocKind::Alloc), GFP_KERNEL)?;

        for n in OLD {
            xa.lock().store(n, KBox::new(n, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(xa)
    }

    /// All old entries are there, and the new ones up to the failure.
    fn all_up_to_failure(xa: &mut Array, outcome: Result<usize>) -> Result {
        let guard = xa.lock();

        for n in OLD {
            assert_eq!(guard.get(n).copied(), Some(n));
        }
        let stored = NEW.iter().filter(|n| guard.get(**n).copied() == Some(**n));
        let stored = stored.count();
        assert!(NEW[stored..].iter().all(|n| guard.get(*n).is_none()));
        if outcome.is_ok() {
            assert_eq!(stored, NEW.len());
        }
        Ok(())
    }

    fn store_new(xa: &mut Array, flags: Flags) -> Result<usize> {
        for n in NEW {
            let value = KBox::new(n, GFP_KERNEL)?;

            xa.lock().store(n, value, flags)?;
        }
        Ok(NEW.len())
    }

    /// Tolerates some failures: first allocates under the lock, then tries again without it.
    #[test]
    #[fault_sweep(setup = some, check = all_up_to_failure, allow_success)]
    fn stores(xa: &mut Array) -> Result<usize> {
        store_new(xa, GFP_KERNEL)
    }

    /// Tries twice even if it must not wait.
    #[test]
    #[fault_sweep(setup = some, check = all_up_to_failure, allow_success)]
    fn stores_without_waiting(xa: &mut Array) -> Result<usize> {
        store_new(xa, GFP_NOWAIT)
    }
}
