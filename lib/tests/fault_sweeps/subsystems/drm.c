// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of DRM: devices, managed resources, mode objects, GEM on shmem.
 */

#include <drm/drm_atomic_state_helper.h>
#include <drm/drm_blend.h>
#include <drm/drm_connector.h>
#include <drm/drm_crtc.h>
#include <drm/drm_drv.h>
#include <drm/drm_encoder.h>
#include <drm/drm_file.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_managed.h>
#include <drm/drm_mode_config.h>
#include <drm/drm_modes.h>
#include <drm/drm_plane.h>
#include <drm/drm_property.h>
#include <drm/drm_vblank.h>
#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>

#include "parent.h"

DEFINE_DRM_GEM_FOPS(no_operations);

static const struct drm_driver driver = {
	.driver_features = DRIVER_GEM | DRIVER_MODESET | DRIVER_ATOMIC,
	.fops = &no_operations,
	.name = "fault-sweep",
	.desc = "fault sweep",
	.major = 1,
};

static void nothing(struct drm_device *drm, void *unused) {}

/* A device that @use gets, and that is given back. */
static int device_for(struct kunit *test, int (*use)(struct drm_device *drm))
{
	struct drm_device *drm = drm_dev_alloc(&driver, test->priv);
	int err;

	if (IS_ERR(drm))
		return PTR_ERR(drm);
	err = use(drm);
	drm_dev_put(drm);
	return err;
}

static int use_managed(struct drm_device *drm)
{
	struct mutex lock;	/* only to be managed, never taken */
	void *memory = drmm_kzalloc(drm, 100, GFP_KERNEL);
	int err;

	if (!memory || !drmm_kstrdup(drm, "name", GFP_KERNEL))
		return -ENOMEM;
	err = drmm_add_action_or_reset(drm, nothing, memory);
	if (err)
		return err;
	err = drmm_mutex_init(drm, &lock);
	if (err)
		return err;
	/* Before the mutex is gone. */
	drmm_release_action(drm, __drmm_mutex_release, &lock);
	drmm_kfree(drm, memory);
	return 0;
}

static int managed(struct kunit *test)
{
	return device_for(test, use_managed);
}

KUNIT_DEFINE_FAULT_SWEEP(managed, .allow_success = true);

static int register_device(struct drm_device *drm)
{
	int err = drm_dev_register(drm, 0);

	if (!err)
		drm_dev_unregister(drm);
	return err;
}

static const struct drm_plane_funcs plane_funcs = {
	.atomic_duplicate_state = drm_atomic_helper_plane_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_plane_destroy_state,
	.reset = drm_atomic_helper_plane_reset,
};

static const struct drm_crtc_funcs crtc_funcs = {
	.atomic_duplicate_state = drm_atomic_helper_crtc_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_crtc_destroy_state,
	.reset = drm_atomic_helper_crtc_reset,
};

static const struct drm_connector_funcs connector_funcs = {
	.atomic_duplicate_state = drm_atomic_helper_connector_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_connector_destroy_state,
	.reset = drm_atomic_helper_connector_reset,
};

struct output {
	struct drm_encoder encoder;
	struct drm_connector connector;
};

static int add_output(struct drm_device *drm, struct drm_crtc *crtc)
{
	struct output *output;
	int err;

	output = drmm_encoder_alloc(drm, struct output, encoder, NULL,
				    DRM_MODE_ENCODER_VIRTUAL, NULL);
	if (IS_ERR(output))
		return PTR_ERR(output);
	output->encoder.possible_crtcs = drm_crtc_mask(crtc);
	err = drmm_connector_init(drm, &output->connector, &connector_funcs,
				  DRM_MODE_CONNECTOR_VIRTUAL, NULL);
	return err ?: drm_connector_attach_encoder(&output->connector, &output->encoder);
}

/* Objects, properties and their first states; then all that it takes to register. */
static int use_modes(struct drm_device *drm)
{
	static const u32 formats[] = { DRM_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888 };
	struct drm_plane *plane;
	struct drm_crtc *crtc;
	int err = drmm_mode_config_init(drm);

	if (err)
		return err;
	plane = __drmm_universal_plane_alloc(drm, sizeof(*plane), 0, 1, &plane_funcs, formats,
					     ARRAY_SIZE(formats), NULL,
					     DRM_PLANE_TYPE_PRIMARY, NULL);
	if (IS_ERR(plane))
		return PTR_ERR(plane);
	err = drm_plane_create_zpos_property(plane, 0, 0, 5);
	if (!err)
		err = drm_plane_create_rotation_property(plane, DRM_MODE_ROTATE_0,
							 DRM_MODE_ROTATE_0 |
							 DRM_MODE_ROTATE_180);
	if (err)
		return err;
	crtc = __drmm_crtc_alloc_with_planes(drm, sizeof(*crtc), 0, plane, NULL, &crtc_funcs,
					     NULL);
	if (IS_ERR(crtc))
		return PTR_ERR(crtc);
	err = add_output(drm, crtc);
	if (err)
		return err;
	err = drm_vblank_init(drm, 1);
	if (err)
		return err;
	drm_mode_config_reset(drm);
	return register_device(drm);
}

static int modes(struct kunit *test)
{
	return device_for(test, use_modes);
}

KUNIT_DEFINE_FAULT_SWEEP(modes, .allow_success = true);

static int use_properties(struct drm_device *drm)
{
	static const struct drm_prop_enum_list list[] = {
		{ 0, "none" }, { 1, "one" }, { 2, "two" },
	};
	struct drm_property_blob *blob;
	struct drm_property *property;
	struct drm_display_mode *mode;
	int err = drmm_mode_config_init(drm);

	if (err)
		return err;
	property = drm_property_create_enum(drm, 0, "enum", list, ARRAY_SIZE(list));
	if (!property || !drm_property_create_range(drm, 0, "range", 0, 10))
		return -ENOMEM;
	blob = drm_property_create_blob(drm, 10, "123456789");
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	mode = drm_cvt_mode(drm, 640, 480, 60, false, false, false);
	if (mode)
		drm_mode_destroy(drm, mode);
	drm_property_blob_put(blob);
	return mode ? 0 : -ENOMEM;
}

static int properties(struct kunit *test)
{
	return device_for(test, use_properties);
}

KUNIT_DEFINE_FAULT_SWEEP(properties, .allow_success = true);

/* Who has no memory for an inode of shmem says that there is no space for it. */
static const int no_inode[] = { -ENOSPC, 0 };

/* vmap() has its mapping described by an object that is cached when it is freed. */
static const char * const caches[] = { "alloc_vmap_area", NULL };

static int use_shmem(struct drm_device *drm)
{
	struct drm_gem_shmem_object *shmem = drm_gem_shmem_create(drm, 4 * PAGE_SIZE);
	struct iosys_map map;
	struct sg_table *table;
	int err;

	if (IS_ERR(shmem))
		return PTR_ERR(shmem);
	err = drm_gem_shmem_pin(shmem);
	if (err)
		goto free;
	dma_resv_lock(shmem->base.resv, NULL);
	err = drm_gem_shmem_vmap_locked(shmem, &map);
	if (!err)
		drm_gem_shmem_vunmap_locked(shmem, &map);
	dma_resv_unlock(shmem->base.resv);
	if (!err) {
		table = drm_gem_shmem_get_pages_sgt(shmem);
		err = PTR_ERR_OR_ZERO(table);
	}
	drm_gem_shmem_unpin(shmem);
free:
	drm_gem_shmem_free(shmem);
	return err;
}

static int gem_shmem(struct kunit *test)
{
	return device_for(test, use_shmem);
}

KUNIT_DEFINE_FAULT_SWEEP(gem_shmem, .allow_success = true, .kept_by = caches, .accept = no_inode);

static int init(struct kunit *test)
{
	int err = make_parent(test);

	return err ?: dma_coerce_mask_and_coherent(test->priv, DMA_BIT_MASK(64));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(managed),
	KUNIT_CASE_FAULT_SWEEP(modes),
	KUNIT_CASE_FAULT_SWEEP(properties),
	KUNIT_CASE_FAULT_SWEEP(gem_shmem),
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_drm",
	.init = init,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of DRM");
MODULE_LICENSE("GPL");
