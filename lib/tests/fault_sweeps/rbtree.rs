// SPDX-License-Identifier: GPL-2.0

//! `RBTree`.

use kernel::{
    prelude::*,
    rbtree::RBTree, //
};

#[kunit_tests(fault_sweep_rbtree)]
mod tests {
    use super::*;

    type Tree = RBTree<u32, KBox<u32>>;

    fn evens() -> Result<Tree> {
        let mut tree = Tree::new();

        for n in [2, 4, 6, 8] {
            tree.try_create_and_insert(n, KBox::new(n, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(tree)
    }

    /// The keys are in order, and all even ones are there. If nothing failed, so are the odd ones.
    fn in_order(tree: &mut Tree, outcome: Result) -> Result {
        assert!(tree.iter().all(|(key, value)| *key == **value));
        assert!(tree.keys().zip(tree.keys().skip(1)).all(|(a, b)| a < b));
        assert_eq!(tree.keys().filter(|key| *key % 2 == 0).count(), 4);
        if outcome.is_ok() {
            assert!(tree.keys().copied().eq(1..=9));
        }
        Ok(())
    }

    #[test]
    #[fault_sweep(setup = evens, check = in_order)]
    fn inserts(tree: &mut Tree) -> Result {
        for n in [1, 3, 5, 7, 9] {
            tree.try_create_and_insert(n, KBox::new(n, GFP_KERNEL)?, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Replaces a value. If that fails, the old value must still be there.
    #[test]
    #[fault_sweep(setup = evens, check = in_order_after_replacing)]
    fn replaces(tree: &mut Tree) -> Result {
        tree.try_create_and_insert(4, KBox::new(4, GFP_KERNEL)?, GFP_KERNEL)
            .map(drop)
    }

    fn in_order_after_replacing(tree: &mut Tree, _: Result) -> Result {
        assert!(tree.keys().copied().eq([2, 4, 6, 8]));
        assert!(tree.iter().all(|(key, value)| *key == **value));
        Ok(())
    }
}
