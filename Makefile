# SPDX-License-Identifier: GPL-2.0-or-later
# radsecgw. `make help` lists what can be made.

O        ?= build
WOLFSSL  ?= lean
CC       ?= gcc
PREFIX   ?= /usr/local
SAN      ?=
LEAN     ?= build/wolfssl

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

warnings  = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wformat=2 -Wvla -Wundef -Wcast-qual
hardening = -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections
ifeq ($(SAN),)
hardening += -D_FORTIFY_SOURCE=2
OPT ?= -O2
else
hardening += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
OPT ?= -O1
endif
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine)),)
hardening += -fcf-protection
endif

CFLAGS  ?= $(OPT) -g
cflags   = -std=c11 -D_GNU_SOURCE -Iinclude $(warnings) $(hardening) $(CFLAGS)
ldflags  = -pie -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)

ifeq ($(WOLFSSL),lean)
tls_ready  = $(LEAN)/lib/libwolfssl.a
tls_cflags = -isystem $(LEAN)/include
tls_libs   = $(LEAN)/lib/libwolfssl.a -lm
else ifeq ($(WOLFSSL),system)
tls_ready  =
tls_cflags = $(shell pkg-config --cflags wolfssl)
tls_libs   = $(shell pkg-config --libs wolfssl)
else
$(error WOLFSSL is lean or system, not '$(WOLFSSL)')
endif
libs = $(tls_libs) -lev -linih -lcares

lib_src  = $(filter-out src/app/main.c,$(wildcard src/*/*.c))
lib_obj  = $(lib_src:%.c=$(O)/%.o)
test_src = $(wildcard tests/unit/test_*.c tests/scenario/test_*.c)
test_bin = $(test_src:tests/%.c=$(O)/tests/%)
help_src = $(filter-out $(test_src),$(wildcard tests/unit/*.c tests/scenario/*.c))
help_obj = $(help_src:%.c=$(O)/%.o)
fuzz_src = $(wildcard tests/fuzz/fuzz_*.c)

.PHONY: all FORCE
all: $(O)/radsecgw

$(O)/radsecgw: $(O)/src/app/main.o $(O)/libradsecgw.a
	$(CC) $(cflags) $(ldflags) -o $@ $^ $(libs)

$(O)/libradsecgw.a: $(lib_obj)
	rm -f $@ && ar rcs $@ $^

$(O)/%.o: %.c $(O)/flags | $(tls_ready)
	@mkdir -p $(@D)
	$(CC) $(cflags) $(tls_cflags) -MMD -MP -c -o $@ $<

$(O)/src/app/version.o: cflags += -DRGW_VERSION='"$(VERSION)"' -DRGW_WOLFSSL='"$(WOLFSSL)"'

$(O)/tests/%: $(O)/tests/%.o $(help_obj) $(O)/libradsecgw.a
	$(CC) $(cflags) $(ldflags) -o $@ $^ $(libs) -lcmocka

$(LEAN)/lib/libwolfssl.a:
	etc/build/lean-wolfssl.sh $(LEAN)

# Objects are made anew when the flags change, so that one folder never mixes two builds.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(cflags) $(ldflags) $(tls_cflags) $(libs)' | cmp -s - $@ || \
		echo '$(CC) $(cflags) $(ldflags) $(tls_cflags) $(libs)' >$@

-include $(lib_obj:.o=.d) $(O)/src/app/main.d $(test_bin:=.d) $(help_obj:.o=.d)
