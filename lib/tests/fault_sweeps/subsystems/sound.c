// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit fault sweeps of sound cards and what they are made of.
 */

#include <kunit/fault.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <sound/control.h>
#include <sound/core.h>
#include <sound/pcm.h>
#include <sound/rawmidi.h>

#include "parent.h"

/* A card with whatever @add puts on it, registered and freed. */
static int card_with(struct kunit *test, int (*add)(struct snd_card *card))
{
	struct snd_card *card;
	int err = snd_card_new(test->priv, -1, "sweep", THIS_MODULE, 64, &card);

	if (err)
		return err;
	err = add(card);
	if (!err)
		err = snd_card_register(card);
	snd_card_free(card);
	return err;
}

static int add_none(struct snd_card *card)
{
	return 0;
}

static int empty_card(struct kunit *test)
{
	return card_with(test, add_none);
}

KUNIT_DEFINE_FAULT_SWEEP(empty_card, .allow_success = true, .accept = nameless);

static int get_none(struct snd_kcontrol *kcontrol, struct snd_ctl_elem_value *value)
{
	return 0;
}

static int add_controls(struct snd_card *card)
{
	static const struct snd_kcontrol_new controls[] = {
		{ .iface = SNDRV_CTL_ELEM_IFACE_MIXER, .name = "Front Playback Volume",
		  .info = snd_ctl_boolean_mono_info, .get = get_none, .put = get_none },
		{ .iface = SNDRV_CTL_ELEM_IFACE_MIXER, .name = "Rear Playback Volume",
		  .count = 3,
		  .info = snd_ctl_boolean_stereo_info, .get = get_none, .put = get_none },
	};
	struct snd_kcontrol *last;
	int i, err = 0;

	for (i = 0; i < ARRAY_SIZE(controls) && !err; i++) {
		last = snd_ctl_new1(&controls[i], NULL);
		err = last ? snd_ctl_add(card, last) : -ENOMEM;
	}
	if (!err)
		err = snd_ctl_rename_id(card, &last->id,
					&(struct snd_ctl_elem_id) {
						.iface = SNDRV_CTL_ELEM_IFACE_MIXER,
						.name = "Side Playback Volume",
					});
	return err;
}

static int controls(struct kunit *test)
{
	return card_with(test, add_controls);
}

KUNIT_DEFINE_FAULT_SWEEP(controls, .allow_success = true, .accept = nameless);

static const struct snd_pcm_ops pcm_ops = {};

static int add_pcm(struct snd_card *card)
{
	struct snd_pcm *pcm;
	int err = snd_pcm_new(card, "sweep", 0, 2, 1, &pcm);

	if (err)
		return err;
	snd_pcm_set_ops(pcm, SNDRV_PCM_STREAM_PLAYBACK, &pcm_ops);
	snd_pcm_set_ops(pcm, SNDRV_PCM_STREAM_CAPTURE, &pcm_ops);
	err = snd_pcm_set_managed_buffer_all(pcm, SNDRV_DMA_TYPE_CONTINUOUS, NULL, 16384,
					     32768);
	if (err)
		return err;
	return snd_pcm_add_chmap_ctls(pcm, SNDRV_PCM_STREAM_PLAYBACK, snd_pcm_std_chmaps, 2,
				      0, NULL);
}

static int pcm(struct kunit *test)
{
	return card_with(test, add_pcm);
}

KUNIT_DEFINE_FAULT_SWEEP(pcm, .allow_success = true, .accept = nameless);

#if IS_ENABLED(CONFIG_SND_RAWMIDI)

static int add_rawmidi(struct snd_card *card)
{
	struct snd_rawmidi *midi;
	int err = snd_rawmidi_new(card, "sweep", 0, 2, 2, &midi);

	if (!err)
		midi->info_flags = SNDRV_RAWMIDI_INFO_OUTPUT | SNDRV_RAWMIDI_INFO_INPUT;
	return err;
}

static int rawmidi(struct kunit *test)
{
	return card_with(test, add_rawmidi);
}

KUNIT_DEFINE_FAULT_SWEEP(rawmidi, .allow_success = true, .accept = nameless);

#endif

static struct kunit_case cases[] = {
	KUNIT_CASE_FAULT_SWEEP(empty_card),
	KUNIT_CASE_FAULT_SWEEP(controls),
	KUNIT_CASE_FAULT_SWEEP(pcm),
#if IS_ENABLED(CONFIG_SND_RAWMIDI)
	KUNIT_CASE_FAULT_SWEEP(rawmidi),
#endif
	{}
};

static struct kunit_suite suite = {
	.name = "fault_sweep_sound",
	.init = make_parent,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit fault sweeps of sound cards");
MODULE_LICENSE("GPL");
