// SPDX-License-Identifier: GPL-2.0

//! `KBox`, `KVec`, `VVec` and `KVVec`.

use kernel::{
    alloc::flags::__GFP_NOWARN,
    page::PAGE_SIZE,
    prelude::*, //
};

#[kunit_tests(fault_sweep_vectors)]
mod tests {
    use super::*;

    #[test]
    #[fault_sweep]
    fn nested_boxes() -> Result<KBox<KBox<[u64; 8]>>> {
        Ok(KBox::new(KBox::new([7; 8], GFP_KERNEL)?, GFP_KERNEL)?)
    }

    fn three() -> Result<KVec<u64>> {
        let mut v = KVec::with_capacity(3, GFP_KERNEL)?;

        v.extend_from_slice(&[1, 2, 3], GFP_KERNEL)?;
        Ok(v)
    }

    /// A vector that could not grow keeps its elements, and can grow later.
    fn grown_or_intact(v: &mut KVec<u64>, outcome: Result) -> Result {
        assert_eq!(v[..3], [1, 2, 3]);
        if outcome.is_err() {
            v.extend_from_slice(&[0; 100], GFP_KERNEL)?;
        }
        assert!(v.len() >= 100);
        Ok(())
    }

    #[test]
    #[fault_sweep(setup = three, check = grown_or_intact)]
    fn pushes(v: &mut KVec<u64>) -> Result {
        for n in 0..100 {
            v.push(n, GFP_KERNEL)?;
        }
        Ok(())
    }

    #[test]
    #[fault_sweep(setup = three, check = grown_or_intact)]
    fn extend_with(v: &mut KVec<u64>) -> Result {
        Ok(v.extend_with(100, 9, GFP_KERNEL)?)
    }

    /// Allocates pages one by one, page tables, and a `struct vmap_area`. The latter is cached when
    /// it is freed, which looks like a leak.
    #[test]
    #[fault_sweep(allow_success, ignore_leaks)]
    fn vmalloc() -> Result<VVec<u8>> {
        let mut v = VVec::new();

        v.extend_with(5 * PAGE_SIZE, 1, GFP_KERNEL | __GFP_NOWARN)?;
        Ok(v)
    }

    /// Tolerates the first failure: falls back to `vmalloc()`.
    #[test]
    #[fault_sweep(allow_success)]
    fn kvmalloc() -> Result<KVVec<u8>> {
        Ok(KVVec::with_capacity(
            5 * PAGE_SIZE,
            GFP_KERNEL | __GFP_NOWARN,
        )?)
    }
}
