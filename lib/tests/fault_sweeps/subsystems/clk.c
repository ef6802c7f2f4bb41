// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of the clock framework.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/clk.h>
#include <linux/clk-provider.h>
#include <linux/clkdev.h>
#include <linux/module.h>

static const char * const parents[] = { "fault-sweep-one", "fault-sweep-two" };

static int fixed_rate(struct kunit *test)
{
	struct clk_hw *hw = clk_hw_register_fixed_rate(NULL, parents[0], NULL, 0, 1000);
	struct clk *clk;
	int err;

	if (IS_ERR(hw))
		return PTR_ERR(hw);
	clk = clk_hw_get_clk(hw, "user");
	if (IS_ERR(clk)) {
		err = PTR_ERR(clk);
	} else {
		err = clk_prepare_enable(clk);
		if (!err)
			clk_disable_unprepare(clk);
		clk_put(clk);
	}
	clk_hw_unregister_fixed_rate(hw);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(fixed_rate, .allow_success = true);

static u8 get_first(struct clk_hw *hw)
{
	return 0;
}

static int set_any(struct clk_hw *hw, u8 index)
{
	return 0;
}

static unsigned long rate_of_parent(struct clk_hw *hw, unsigned long parent_rate)
{
	return parent_rate;
}

static int gate_enable(struct clk_hw *hw)
{
	return 0;
}

static void gate_disable(struct clk_hw *hw) {}

static int gate_is_enabled(struct clk_hw *hw)
{
	return 0;
}

static const struct clk_ops mux_ops = {
	.get_parent = get_first,
	.set_parent = set_any,
	.determine_rate = clk_hw_determine_rate_no_reparent,
};

static const struct clk_ops rate_ops = { .recalc_rate = rate_of_parent };

static const struct clk_ops gate_ops = {
	.enable = gate_enable,
	.disable = gate_disable,
	.is_enabled = gate_is_enabled,
};

static int use_mux(struct clk_hw *one, struct clk_hw *two)
{
	static const struct clk_parent_data by_name[] = {
		{ .fw_name = "first", .name = "fault-sweep-one" },
		{ .name = "fault-sweep-two" },
	};
	const struct clk_init_data data = {
		.name = "fault-sweep-mux",
		.ops = &mux_ops,
		.parent_data = by_name,
		.num_parents = ARRAY_SIZE(by_name),
	};
	struct clk_hw mux = { .init = &data };
	struct clk *clk;
	int err = clk_hw_register(NULL, &mux);

	if (err)
		return err;
	clk = clk_hw_get_clk(&mux, NULL);
	if (IS_ERR(clk)) {
		err = PTR_ERR(clk);
	} else {
		err = clk_set_parent(clk, two->clk);
		clk_put(clk);
	}
	clk_hw_unregister(&mux);
	return err;
}

static int mux(struct kunit *test)
{
	struct clk_hw *one, *two;
	int err;

	one = clk_hw_register_fixed_rate(NULL, parents[0], NULL, 0, 1000);
	if (IS_ERR(one))
		return PTR_ERR(one);
	two = clk_hw_register_fixed_rate(NULL, parents[1], NULL, 0, 2000);
	if (IS_ERR(two)) {
		err = PTR_ERR(two);
	} else {
		err = use_mux(one, two);
		clk_hw_unregister_fixed_rate(two);
	}
	clk_hw_unregister_fixed_rate(one);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(mux, .allow_success = true);

static int composite(struct kunit *test)
{
	struct clk_hw mux_hw = {}, rate_hw = {}, gate_hw = {}, *hw;

	hw = clk_hw_register_composite(NULL, "fault-sweep-both", parents,
				       ARRAY_SIZE(parents), &mux_hw, &mux_ops, &rate_hw,
				       &rate_ops, &gate_hw, &gate_ops, 0);
	if (IS_ERR(hw))
		return PTR_ERR(hw);
	clk_hw_unregister_composite(hw);
	return 0;
}

KUNIT_DEFINE_FAULT_SWEEP(composite, .allow_success = true);

static int notified(struct notifier_block *nb, unsigned long event, void *data)
{
	return NOTIFY_OK;
}

static int use_lookup(struct clk_hw *hw)
{
	struct notifier_block nb = { .notifier_call = notified };
	struct clk_lookup *lookup = clkdev_hw_create(hw, "con", "fault-sweep-%s", "dev");
	struct clk *clk;
	int err;

	if (!lookup)
		return -ENOMEM;
	clk = clk_get_sys("fault-sweep-dev", "con");
	if (IS_ERR(clk)) {
		err = PTR_ERR(clk);
		goto drop;
	}
	err = clk_notifier_register(clk, &nb);
	if (!err) {
		err = clk_set_rate_range(clk, 500, 5000);
		clk_notifier_unregister(clk, &nb);
	}
	clk_put(clk);
drop:
	clkdev_drop(lookup);
	return err;
}

static int lookup(struct kunit *test)
{
	struct clk_hw *hw = clk_hw_register_fixed_rate(NULL, parents[0], NULL, 0, 1000);
	int err;

	if (IS_ERR(hw))
		return PTR_ERR(hw);
	err = use_lookup(hw);
	clk_hw_unregister_fixed_rate(hw);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(lookup, .allow_success = true);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(fixed_rate),
	KUNIT_CASE_FAULT_SWEEP(mux),
	KUNIT_CASE_FAULT_SWEEP(composite),
	KUNIT_CASE_FAULT_SWEEP(lookup),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_clk",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of clocks");
MODULE_LICENSE("GPL");
