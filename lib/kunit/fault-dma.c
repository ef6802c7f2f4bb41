// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault injection: let mappings for DMA fail, and find those that are left.
 *
 * A kprobe at the entry of each function that maps asks the window whether this call is
 * to fail.  If so, the function returns at once what says that there is no mapping.  What
 * the others return is noted, and struck out when it is unmapped.
 *
 * Of functions that call each other the innermost is probed, so that a mapping is one
 * point, whichever function was called.
 *
 * Built in even when KUnit is a module, as modules may not look up functions by name.
 */

#include <kunit/fault-hooks.h>
#include <linux/dma-mapping.h>
#include <linux/error-injection.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "fault-impl.h"

/* What a function maps or unmaps, which is its second argument if it is not returned */
enum mapped { MAPPED_ADDRESS, MAPPED_LIST, MAPPED_TABLE };

struct mapping_function {
	const char *name;
	enum mapped mapped;
	const char *inner;	/* what it calls; if that is there, it has the probe */
	unsigned long error;	/* what it returns if it fails */
};

static const struct mapping_function maps[] = {
	{ "dma_map_phys", MAPPED_ADDRESS, NULL, DMA_MAPPING_ERROR },
	{ "dma_map_page_attrs", MAPPED_ADDRESS, "dma_map_phys", DMA_MAPPING_ERROR },
	{ "dma_map_resource", MAPPED_ADDRESS, "dma_map_phys", DMA_MAPPING_ERROR },
	{ "dma_map_sg_attrs", MAPPED_LIST, NULL, 0 },
	{ "dma_map_sgtable", MAPPED_TABLE, NULL, -ENOMEM },
};

static const struct mapping_function unmaps[] = {
	{ "dma_unmap_phys", MAPPED_ADDRESS },
	{ "dma_unmap_page_attrs", MAPPED_ADDRESS, "dma_unmap_phys" },
	{ "dma_unmap_resource", MAPPED_ADDRESS, "dma_unmap_phys" },
	{ "dma_unmap_sg_attrs", MAPPED_LIST },
};

struct map_probe {
	struct kprobe fail;
	struct kretprobe note;
	const struct mapping_function *function;
	struct kunit_fault_dma *dma;
};

struct unmap_probe {
	struct kretprobe strike;
	const struct mapping_function *function;
};

struct kunit_fault_dma {
	struct map_probe maps[ARRAY_SIZE(maps)];
	struct unmap_probe unmaps[ARRAY_SIZE(unmaps)];
};

/* Of a call, from its entry to its return */
struct noted {
	const void *key;
	unsigned long site;
};

/* No address of an object, as scatterlists may be: these are tracked, too. */
static const void *key_of_list(const struct scatterlist *list)
{
	return (const char *)list + 1;
}

static const void *key_of_argument(enum mapped mapped, struct pt_regs *regs)
{
	unsigned long argument = regs_get_kernel_argument(regs, 1);

	switch (mapped) {
	case MAPPED_LIST:
		return key_of_list((const struct scatterlist *)argument);
	case MAPPED_TABLE:
		return key_of_list(((const struct sg_table *)argument)->sgl);
	default:
		return (const void *)argument;
	}
}

static int fail_map(struct kprobe *probe, struct pt_regs *regs)
{
	struct map_probe *map = container_of(probe, struct map_probe, fail);
	unsigned long ip = kunit_fault_to_entry(regs, probe);
	bool fail = kunit_fault_hit_mapping(map->dma, regs);

	instruction_pointer_set(regs, ip);
	if (!fail)
		return 0;
	regs_set_return_value(regs, map->function->error);
	override_function_with_return(regs);
	return 1;
}

NOKPROBE_SYMBOL(fail_map);

/* A kprobe without one may become a jump, and that cannot make its function return. */
static void after_entry(struct kprobe *probe, struct pt_regs *regs, unsigned long flags) {}

NOKPROBE_SYMBOL(after_entry);

static int begin_map(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct map_probe *map = container_of(get_kretprobe(instance), struct map_probe, note);
	struct noted *noted = (struct noted *)instance->data;
	unsigned long ip = kunit_fault_to_entry(regs, &map->note.kp);
	bool note = kunit_fault_notes_mapping(map->dma, regs, &noted->site);

	instruction_pointer_set(regs, ip);
	if (!note)
		return 1;
	noted->key = key_of_argument(map->function->mapped, regs);
	return 0;
}

NOKPROBE_SYMBOL(begin_map);

static int end_map(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct map_probe *map = container_of(get_kretprobe(instance), struct map_probe, note);
	const struct noted *noted = (const struct noted *)instance->data;
	unsigned long value = regs_return_value(regs);
	const void *key = noted->key;

	switch (map->function->mapped) {
	case MAPPED_ADDRESS:
		if (value == DMA_MAPPING_ERROR)
			return 0;
		key = (const void *)value;
		break;
	case MAPPED_LIST:
		if (!(unsigned int)value)
			return 0;
		break;
	case MAPPED_TABLE:
		if ((int)value)
			return 0;
		break;
	}
	kunit_fault_track_add(key, noted->site);
	return 0;
}

NOKPROBE_SYMBOL(end_map);

static int begin_unmap(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct unmap_probe *unmap =
		container_of(get_kretprobe(instance), struct unmap_probe, strike);
	struct noted *noted = (struct noted *)instance->data;

	noted->key = key_of_argument(unmap->function->mapped, regs);
	return 0;
}

NOKPROBE_SYMBOL(begin_unmap);

/* Not at the entry: there it is as in an NMI, and the table has a lock. */
static int end_unmap(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct noted *noted = (const struct noted *)instance->data;

	kunit_fault_untrack(noted->key);
	return 0;
}

NOKPROBE_SYMBOL(end_unmap);

/* The function to be probed, or NULL if the kernel has none, or one that it calls */
static kprobe_opcode_t *address_of(const struct mapping_function *function)
{
	if (function->inner && kallsyms_lookup_name(function->inner))
		return NULL;
	return (kprobe_opcode_t *)kallsyms_lookup_name(function->name);
}

static int probe_call(struct kretprobe *probe, kprobe_opcode_t *address,
		      kretprobe_handler_t begin, kretprobe_handler_t end)
{
	int err;

	probe->kp.addr = address;
	probe->entry_handler = begin;
	probe->handler = end;
	probe->data_size = sizeof(struct noted);
	err = register_kretprobe(probe);
	if (err)
		probe->kp.addr = NULL;
	return err;
}

static int probe_map(struct map_probe *map, struct kunit_fault_dma *dma)
{
	kprobe_opcode_t *address = address_of(map->function);
	int err;

	map->dma = dma;
	if (!address)
		return 0;
	err = probe_call(&map->note, address, begin_map, end_map);
	if (err)
		return err;
	map->fail.addr = address;
	map->fail.pre_handler = fail_map;
	map->fail.post_handler = after_entry;
	err = register_kprobe(&map->fail);
	if (err)
		map->fail.addr = NULL;
	return err;
}

static int probe_unmap(struct unmap_probe *unmap)
{
	kprobe_opcode_t *address = address_of(unmap->function);

	return address ? probe_call(&unmap->strike, address, begin_unmap, end_unmap) : 0;
}

/* Makes the functions that map for DMA ask the window. */
int kunit_fault_probe_dma(struct kunit_fault_dma **dma)
{
	struct kunit_fault_dma *new = kzalloc(sizeof(*new), GFP_KERNEL);
	int err = 0;
	int i;

	if (!new)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(maps) && !err; i++) {
		new->maps[i].function = &maps[i];
		err = probe_map(&new->maps[i], new);
	}
	for (i = 0; i < ARRAY_SIZE(unmaps) && !err; i++) {
		new->unmaps[i].function = &unmaps[i];
		err = probe_unmap(&new->unmaps[i]);
	}
	if (err) {
		kunit_fault_unprobe_dma(new);
		return err;
	}
	*dma = new;
	return 0;
}
EXPORT_SYMBOL_GPL(kunit_fault_probe_dma);

void kunit_fault_unprobe_dma(struct kunit_fault_dma *dma)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(dma->maps); i++) {
		if (dma->maps[i].fail.addr)
			unregister_kprobe(&dma->maps[i].fail);
		if (dma->maps[i].note.kp.addr)
			unregister_kretprobe(&dma->maps[i].note);
	}
	for (i = 0; i < ARRAY_SIZE(dma->unmaps); i++) {
		if (dma->unmaps[i].strike.kp.addr)
			unregister_kretprobe(&dma->unmaps[i].strike);
	}
	kfree(dma);
}
EXPORT_SYMBOL_GPL(kunit_fault_unprobe_dma);
