// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of regmap: caches, fields, interrupt chips.
 */

#include <kunit/device.h>
#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/regmap.h>

#include "nodes.h"

#define REGISTERS	0x80

struct chip {
	struct device *dev;
	unsigned int values[REGISTERS];
	u8 bytes[2 * REGISTERS];
};

static int chip_write(void *context, unsigned int reg, unsigned int value)
{
	struct chip *chip = context;

	chip->values[reg] = value;
	return 0;
}

static int chip_read(void *context, unsigned int reg, unsigned int *value)
{
	struct chip *chip = context;

	*value = chip->values[reg];
	return 0;
}

static const struct regmap_bus chip_bus = {
	.reg_write = chip_write,
	.reg_read = chip_read,
};

static const struct reg_default defaults[] = {
	{ 0x01, 1 }, { 0x02, 2 }, { 0x03, 3 }, { 0x10, 1 }, { 0x20, 2 }, { 0x40, 3 },
};

static const struct reg_sequence patch[] = { { 0x30, 1 }, { 0x31, 2 } };

static int use_cache(struct regmap *map, bool can_drop)
{
	unsigned int value;
	u8 bulk[4] = {};
	int reg, err = 0;

	for (reg = 0; reg < REGISTERS && !err; reg += 5)
		err = regmap_write(map, reg, reg);
	if (err)
		return err;
	for (reg = 0; reg < REGISTERS && !err; reg += 7)
		err = regmap_read(map, reg, &value);
	if (err)
		return err;
	err = regmap_bulk_write(map, 0x50, bulk, ARRAY_SIZE(bulk));
	if (err)
		return err;
	err = regmap_bulk_read(map, 0x60, bulk, ARRAY_SIZE(bulk));
	if (err)
		return err;
	err = regmap_register_patch(map, patch, ARRAY_SIZE(patch));
	if (err)
		return err;
	if (can_drop)
		err = regcache_drop_region(map, 0x12, 0x35);
	if (err)
		return err;
	regcache_mark_dirty(map);
	return regcache_sync(map);
}

static int cached(struct kunit *test, enum regcache_type type)
{
	struct chip *chip = test->priv;
	const struct regmap_config config = {
		.name = "fault-sweep",
		.reg_bits = 8,
		.val_bits = 8,
		.max_register = REGISTERS - 1,
		.cache_type = type,
		.reg_defaults = defaults,
		.num_reg_defaults = ARRAY_SIZE(defaults),
	};
	struct regmap *map = regmap_init(chip->dev, &chip_bus, chip, &config);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	err = use_cache(map, type != REGCACHE_FLAT);
	regmap_exit(map);
	return err;
}

static int regmap_flat(struct kunit *test)
{
	return cached(test, REGCACHE_FLAT);
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_flat, .allow_success = true);

static int regmap_rbtree(struct kunit *test)
{
	return cached(test, REGCACHE_RBTREE);
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_rbtree, .allow_success = true);

static int regmap_maple(struct kunit *test)
{
	return cached(test, REGCACHE_MAPLE);
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_maple, .allow_success = true);

static int raw_write(void *context, const void *data, size_t count)
{
	struct chip *chip = context;
	const u8 *bytes = data;

	if (bytes[0] + count - 1 > sizeof(chip->bytes))
		return -EINVAL;
	memcpy(chip->bytes + bytes[0], bytes + 1, count - 1);
	return 0;
}

static int raw_read(void *context, const void *reg, size_t reg_size, void *value, size_t size)
{
	struct chip *chip = context;

	memcpy(value, chip->bytes + *(const u8 *)reg, size);
	return 0;
}

static const struct regmap_bus raw_bus = {
	.write = raw_write,
	.read = raw_read,
};

static int regmap_raw(struct kunit *test)
{
	static const struct reg_sequence several[] = { { 0x40, 1 }, { 0x42, 2 }, { 0x44, 3 } };
	struct chip *chip = test->priv;
	const struct regmap_config config = {
		.reg_bits = 8,
		.val_bits = 8,
		.max_register = REGISTERS - 1,
		.cache_type = REGCACHE_MAPLE,
	};
	struct regmap *map = regmap_init(chip->dev, &raw_bus, chip, &config);
	u8 bytes[8] = {};
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	err = regmap_raw_write(map, 0x50, bytes, sizeof(bytes));
	if (!err)
		err = regmap_bulk_write(map, 0x20, bytes, sizeof(bytes));
	if (!err)
		err = regmap_raw_read(map, 0x60, bytes, sizeof(bytes));
	if (!err)
		err = regmap_multi_reg_write(map, several, ARRAY_SIZE(several));
	if (!err)
		err = regmap_write(map, 0x65, 1);
	regmap_exit(map);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_raw, .allow_success = true);

static int regmap_fields(struct kunit *test)
{
	static const struct reg_field fields[] = {
		REG_FIELD(1, 0, 3), REG_FIELD(2, 2, 5), REG_FIELD(3, 0, 0),
	};
	static const struct regmap_config config = { .reg_bits = 8, .val_bits = 8 };
	struct regmap_field *bulk[ARRAY_SIZE(fields)], *field;
	struct chip *chip = test->priv;
	struct regmap *map = regmap_init(NULL, &chip_bus, chip, &config);
	int err;

	if (IS_ERR(map))
		return PTR_ERR(map);
	field = regmap_field_alloc(map, fields[0]);
	if (IS_ERR(field)) {
		err = PTR_ERR(field);
		goto exit;
	}
	err = regmap_field_bulk_alloc(map, bulk, fields, ARRAY_SIZE(fields));
	if (!err) {
		err = regmap_field_write(bulk[1], 3);
		regmap_field_bulk_free(bulk[0]);
	}
	regmap_field_free(field);
exit:
	regmap_exit(map);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_fields, .allow_success = true);

#if IS_ENABLED(CONFIG_REGMAP_IRQ) && IS_ENABLED(CONFIG_IRQ_SIM)

static const struct regmap_irq irqs[] = {
	REGMAP_IRQ_REG(0, 0, BIT(0)),
	REGMAP_IRQ_REG(1, 0, BIT(1)),
	REGMAP_IRQ_REG(2, 1, BIT(0)),
};

static const struct regmap_irq_chip irq_chip = {
	.name = "fault-sweep",
	.status_base = 0x10,
	.mask_base = 0x20,
	.wake_base = 0x30,
	.num_regs = 2,
	.irqs = irqs,
	.num_irqs = ARRAY_SIZE(irqs),
};

static int add_irq_chip(struct chip *chip, int irq)
{
	static const struct regmap_config config = { .reg_bits = 8, .val_bits = 8 };
	struct regmap *map = regmap_init(chip->dev, &chip_bus, chip, &config);
	struct regmap_irq_chip_data *data;
	int err, mapped;

	if (IS_ERR(map))
		return PTR_ERR(map);
	err = regmap_add_irq_chip(map, irq, IRQF_ONESHOT, 0, &irq_chip, &data);
	if (!err) {
		mapped = regmap_irq_get_virq(data, 1);
		if (!mapped)
			err = -ENOMEM;
		regmap_del_irq_chip(irq, data);
	}
	regmap_exit(map);
	return err;
}

static int regmap_irq(struct kunit *test)
{
	struct irq_domain *sim = irq_domain_create_sim(NULL, 1);
	int irq, err;

	if (IS_ERR(sim))
		return PTR_ERR(sim);
	irq = irq_create_mapping(sim, 0);
	err = irq ? add_irq_chip(test->priv, irq) : -ENOMEM;
	if (irq)
		irq_dispose_mapping(irq);
	irq_domain_remove_sim(sim);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(regmap_irq, .allow_success = true, .kept_by = nodes);

#endif

static int init(struct kunit *test)
{
	struct chip *chip = kunit_kzalloc(test, sizeof(*chip), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chip);
	chip->dev = kunit_device_register(test, "fault-sweep-chip");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, chip->dev);
	test->priv = chip;
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(regmap_flat),
	KUNIT_CASE_FAULT_SWEEP(regmap_rbtree),
	KUNIT_CASE_FAULT_SWEEP(regmap_maple),
	KUNIT_CASE_FAULT_SWEEP(regmap_raw),
	KUNIT_CASE_FAULT_SWEEP(regmap_fields),
#if IS_ENABLED(CONFIG_REGMAP_IRQ) && IS_ENABLED(CONFIG_IRQ_SIM)
	KUNIT_CASE_FAULT_SWEEP(regmap_irq),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_regmap",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of regmap");
MODULE_LICENSE("GPL");
