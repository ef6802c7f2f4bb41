// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of networking: buffers, devices, sockets, generic netlink.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

/* ENOBUFS, ENFILE and EADDRINUSE say what there was no memory for; EINVAL: no name */
static const int net_errors[] = { -ENOBUFS, -ENFILE, -EADDRINUSE, -EINVAL, 0 };
static const char * const net_caches[] = { "alloc_vmap_area", NULL };

static int use_skb(struct sk_buff *skb)
{
	struct sk_buff *clone, *copy, *bigger;
	int err = -ENOMEM;

	skb_reserve(skb, 16);
	skb_put_zero(skb, 100);
	clone = skb_clone(skb, GFP_KERNEL);
	if (!clone)
		return -ENOMEM;
	copy = skb_copy(skb, GFP_KERNEL);
	if (!copy)
		goto free_clone;
	bigger = skb_copy_expand(copy, 200, 300, GFP_KERNEL);
	if (!bigger)
		goto free_copy;
	err = pskb_expand_head(clone, 100, 100, GFP_KERNEL);
	if (!err)
		err = skb_linearize_cow(skb);
	consume_skb(bigger);
free_copy:
	consume_skb(copy);
free_clone:
	consume_skb(clone);
	return err;
}

static int buffers(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(200, GFP_KERNEL);
	int err;

	if (!skb)
		return -ENOMEM;
	err = use_skb(skb);
	consume_skb(skb);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(buffers);

static int paged_buffer(struct kunit *test)
{
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(100, 5 * PAGE_SIZE, 0, &err, GFP_KERNEL);
	if (!skb)
		return err == -ENOBUFS ? -ENOMEM : err;
	skb_put_zero(skb, 100);
	skb->data_len = 5 * PAGE_SIZE;
	skb->len += 5 * PAGE_SIZE;
	err = skb_linearize(skb);
	consume_skb(skb);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(paged_buffer);

static netdev_tx_t drop(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops device_ops = { .ndo_start_xmit = drop };

static int use_device(struct net_device *dev)
{
	static const u8 group[ETH_ALEN] = { 1, 2, 3, 4, 5, 6 };
	int err = register_netdev(dev);

	if (err)
		return err;
	rtnl_lock();
	err = dev_open(dev, NULL);
	if (!err)
		err = dev_mc_add(dev, group);
	if (!err)
		err = dev_set_alias(dev, "another name", 12);
	rtnl_unlock();
	unregister_netdev(dev);
	return min(err, 0);
}

static int device(struct kunit *test)
{
	struct net_device *dev = alloc_etherdev_mq(16, 4);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->netdev_ops = &device_ops;
	eth_hw_addr_random(dev);
	err = use_device(dev);
	free_netdev(dev);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(device, .allow_success = true, .accept = net_errors,
			 .kept_by = net_caches);

static int datagram_socket(struct kunit *test)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct socket *sock;
	int err = sock_create_kern(&init_net, AF_INET, SOCK_DGRAM, IPPROTO_UDP, &sock);

	if (err)
		return err;
	err = kernel_bind(sock, (struct sockaddr *)&any, sizeof(any));
	sock_release(sock);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(datagram_socket, .allow_success = true, .accept = net_errors,
			 .kept_by = net_caches);

static int stream_socket(struct kunit *test)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct socket *sock;
	int err = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);

	if (err)
		return err;
	err = kernel_bind(sock, (struct sockaddr *)&any, sizeof(any));
	if (!err)
		err = kernel_listen(sock, 5);
	sock_release(sock);
	return err;
}

KUNIT_DEFINE_FAULT_SWEEP(stream_socket, .allow_success = true, .accept = net_errors,
			 .kept_by = net_caches);

static int nothing_to_do(struct sk_buff *skb, struct genl_info *info)
{
	return 0;
}

static const struct genl_small_ops netlink_ops[] = {
	{ .cmd = 1, .doit = nothing_to_do },
};

static const struct genl_multicast_group netlink_groups[] = {
	{ .name = "one" }, { .name = "two" },
};

static int netlink_family(struct kunit *test)
{
	struct genl_family family = {
		.name = "fault-sweep",
		.version = 1,
		.small_ops = netlink_ops,
		.n_small_ops = ARRAY_SIZE(netlink_ops),
		.resv_start_op = 2,
		.mcgrps = netlink_groups,
		.n_mcgrps = ARRAY_SIZE(netlink_groups),
		.netnsok = true,
	};
	int err = genl_register_family(&family);

	return err ?: genl_unregister_family(&family);
}

KUNIT_DEFINE_FAULT_SWEEP(netlink_family, .allow_success = true, .accept = net_errors,
			 .kept_by = net_caches);

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(buffers),
	KUNIT_CASE_FAULT_SWEEP(paged_buffer),
	KUNIT_CASE_FAULT_SWEEP(device),
	KUNIT_CASE_FAULT_SWEEP(datagram_socket),
	KUNIT_CASE_FAULT_SWEEP(stream_socket),
	KUNIT_CASE_FAULT_SWEEP(netlink_family),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_net",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of networking");
MODULE_LICENSE("GPL");
