// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweep of disks.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/blk-mq.h>
#include <linux/module.h>

#include "parent.h"

static blk_status_t queue_request(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *data)
{
	blk_mq_start_request(data->rq);
	blk_mq_end_request(data->rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops queue_ops = { .queue_rq = queue_request };

static const struct block_device_operations disk_ops = { .owner = THIS_MODULE };

static int add_a_disk(struct blk_mq_tag_set *set)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, NULL, NULL);
	int err;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->fops = &disk_ops;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "fault-sweep");
	/* Without a capacity nobody looks for partitions. */
	err = add_disk(disk);
	if (!err)
		del_gendisk(disk);
	put_disk(disk);
	return err;
}

static int block(struct kunit *test)
{
	struct blk_mq_tag_set set = {
		.ops = &queue_ops,
		.nr_hw_queues = 1,
		.queue_depth = 4,
		.numa_node = NUMA_NO_NODE,
		.cmd_size = 16,
	};
	int err = blk_mq_alloc_tag_set(&set);

	if (err)
		return err;
	err = add_a_disk(&set);
	blk_mq_free_tag_set(&set);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(block, .allow_success = true, .accept = nameless);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(block),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_block",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweep of disks");
MODULE_LICENSE("GPL");
