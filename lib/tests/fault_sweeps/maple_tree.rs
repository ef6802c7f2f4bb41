// SPDX-License-Identifier: GPL-2.0

//! `MapleTree`.

use kernel::{
    maple_tree::MapleTree,
    prelude::*, //
};

#[kunit_tests(fault_sweep_maple_tree)]
mod tests {
    use super::*;

    type Tree = Pin<KBox<MapleTree<KBox<usize>>>>;

    /// Entries before the sweep: too many for one leaf node.
    const OLD: usize = 20;
    const NEW: usize = 40;

    fn twenty() -> Result<Tree> {
        let tree = KBox::pin_init(MapleTree::new(), GFP_KERNEL)?;

        for n in 0..OLD {
            tree.insert(10 * n, KBox::new(n, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(tree)
    }

    /// All old entries are there, and the new ones up to the failure.
    fn all_up_to_failure(tree: &mut Tree, outcome: Result) -> Result {
        let mut guard = tree.lock();
        let mut found = 0;

        for n in 0..NEW {
            match guard.load(10 * n).as_deref() {
                Some(value) => {
                    assert_eq!(*value, n);
                    assert_eq!(found, n);
                    found += 1;
                }
                None => assert!(n >= OLD),
            }
            assert!(guard.load(10 * n + 1).is_none());
        }
        assert!(outcome.is_err() || found == NEW);
        Ok(())
    }

    #[test]
    #[fault_sweep(setup = twenty, check = all_up_to_failure, allow_success)]
    fn inserts(tree: &mut Tree) -> Result {
        for n in OLD..NEW {
            tree.insert(10 * n, KBox::new(n, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Nothing is left, and the run did not fail.
    fn nothing_is_left(tree: &mut Tree, outcome: Result) -> Result {
        let mut guard = tree.lock();

        for n in 0..OLD {
            assert!(guard.load(10 * n).is_none());
        }
        outcome
    }

    /// Erasing may join nodes, and allocate for that. It cannot fail.
    #[test]
    #[fault_sweep(setup = twenty, check = nothing_is_left, allow_success)]
    fn erases(tree: &mut Tree) -> Result {
        for n in 0..OLD {
            tree.erase(10 * n).ok_or(ENOENT)?;
        }
        Ok(())
    }
}
