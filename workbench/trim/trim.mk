# SPDX-License-Identifier: GPL-2.0
# In tools/testing/radix-tree of a kernel.

all: trim

include ../shared/shared.mk

CFLAGS += -O2 -Wno-unused-function $(SANITIZE)
LDFLAGS += $(SANITIZE)

trim.o $(SHARED_OFILES): generated/map-shift.h generated/bit-length.h generated/autoconf.h
trim: trim.o $(SHARED_OFILES)
