# SPDX-License-Identifier: GPL-2.0-or-later
# radsecgw. `make help` lists what can be made.

O        ?= build
WOLFSSL  ?= lean
PREFIX   ?= /usr/local
SAN      ?=
# LIBC=musl makes a static program; SIZE=medium or small takes a smaller and slower wolfSSL (etc/build/lean-wolfssl.sh).
LIBC     ?=
SIZE     ?=
# HOST=TRIPLE makes a static program for another processor, with TRIPLE-gcc and its C library.
HOST     ?=
# PAGE=no leaves the status page out, and HELP=no what `radsecgw help` says about commands and log events.
PAGE     ?= yes
HELP     ?= yes
# A sanitizer sees into the library only if that was built with it, too, by the same compiler.
comma    := ,
kind      = $(if $(LIBC),-$(LIBC))$(if $(HOST),-$(HOST))$(if $(SAN),-$(CC)-$(subst $(comma),-,$(SAN)))
LEAN     ?= build/wolfssl$(kind)$(if $(SIZE),-$(SIZE))
HTTPD    ?= build/microhttpd$(kind)

ifeq ($(origin CC),default)
CC = gcc
endif
ifeq ($(LIBC),musl)
CC = musl-gcc
endif
AR = ar
ifneq ($(HOST),)
CC = $(HOST)-gcc
AR = $(HOST)-ar
endif
# V=1 shows the commands.
ifeq ($(V),)
quiet = @echo '  $(1) $@';
else
quiet =
endif

# An archive of `make dist` has both in a file.
VERSION  := $(shell sed -n 1p etc/build/version 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo unknown)
# When the sources were written, in seconds since 1970: no clock that is right can be before that.
WRITTEN  := $(shell sed -n 2p etc/build/version 2>/dev/null || git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)

warnings  = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wformat=2 -Wvla -Wundef -Wcast-qual
hardening = -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections
ifeq ($(SAN),)
hardening += -D_FORTIFY_SOURCE=2
OPT ?= -O2
# Assertions are for the builds with sanitizers and for DEBUG=1: nobody from outside may stop the program by one.
ifeq ($(DEBUG),)
hardening += -DNDEBUG
endif
else
hardening += -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=$(SAN)
OPT ?= -O1
endif
# Shadow stacks need a C library that has them, too.
ifneq ($(findstring x86_64,$(if $(LIBC),,$(shell $(CC) -dumpmachine 2>/dev/null))),)
hardening += -fcf-protection
endif

CFLAGS  ?= $(OPT) -g
cflags   = -std=c11 -D_GNU_SOURCE -pthread -Iinclude -ffile-prefix-map=$(CURDIR)=. $(warnings) $(hardening) $(CFLAGS)
ldflags  = -pie -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)

ifeq ($(WOLFSSL),lean)
tls_ready  = $(LEAN)/lib/libwolfssl.a
tls_stamp  = "$$(cat $(LEAN)/stamp)"
tls_cflags = -isystem $(LEAN)/include
tls_libs   = $(LEAN)/lib/libwolfssl.a -lm
http_ready  = $(HTTPD)/lib/libmicrohttpd.a
http_stamp  = "$$(cat $(HTTPD)/stamp)"
http_cflags = -isystem $(HTTPD)/include
http_libs   = $(HTTPD)/lib/libmicrohttpd.a
else ifeq ($(WOLFSSL),system)
tls_ready  =
tls_cflags = $(shell pkg-config --cflags wolfssl)
tls_libs   = $(shell pkg-config --libs wolfssl)
http_ready  =
http_cflags = $(shell pkg-config --cflags libmicrohttpd)
http_libs   = $(shell pkg-config --libs libmicrohttpd)
else
$(error WOLFSSL is lean or system, not '$(WOLFSSL)')
endif
libs = $(tls_libs) $(http_libs) -lev -linih -lcares -lm -pthread

# A static program brings its own libraries.
ifneq ($(LIBC)$(HOST),)
STATIC      ?= build/$(if $(HOST),libraries-$(HOST),musl)
static_ready = $(STATIC)/lib/libcares.a
static_stamp = "$$(cat $(STATIC)/stamp)"
cflags      += -isystem $(STATIC)/include
ldflags     += -L$(STATIC)/lib
endif
# musl-gcc knows static programs and position-independent ones, but not both in one.
ifeq ($(LIBC),musl)
musl_crt    = /usr/lib/$(subst gnu,musl,$(shell gcc -print-multiarch))
cflags     += -idirafter $(STATIC)/kernel
ldflags    += -static -nostartfiles -Wl,-pie,--no-dynamic-linker,-z,text -Wl,-T,etc/build/no-unwind.ld
crt_begin   = $(addprefix $(musl_crt)/,rcrt1.o crti.o) $(shell gcc -print-file-name=crtbeginS.o)
crt_end     = $(shell gcc -print-file-name=crtendS.o) $(musl_crt)/crtn.o
endif

# Some C libraries have no start of static programs whose addresses are chosen anew each time. Where numbers have 32 bits,
# times and sizes have 64 all the same; all libraries are built so.
ifneq ($(HOST),)
cflags  += -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
ldflags += $(if $(wildcard $(shell $(CC) -print-file-name=rcrt1.o)),-static-pie,-static -no-pie)
endif

lib_src  = $(filter-out src/app/main.c,$(wildcard src/*/*.c src/*/*/*.c))
lib_obj  = $(lib_src:%.c=$(O)/%.o) $(O)/src/app/pagehtml.o $(O)/src/app/helptext.o $(O)/src/setup/texts.o
test_src = $(wildcard tests/unit/test_*.c tests/scenario/test_*.c)
unit_bin = $(patsubst %.c,%,$(wildcard tests/unit/test_*.c))
test_bin = $(test_src:tests/%.c=$(O)/tests/%)
unit_help = $(filter-out tests/unit/test_% tests/unit/networld.c,$(wildcard tests/unit/*.c))
sim_help = $(filter-out tests/scenario/test_%,$(wildcard tests/scenario/*.c))
fuzz_src = $(wildcard tests/fuzz/fuzz_*.c)
fuzz_bin = $(fuzz_src:tests/%.c=$(O)/tests/%)
bench_src = $(addprefix tests/bench/,crl.c floor.c load.c respond.c respond_tls.c storm.c)
bench_bin = $(bench_src:tests/%.c=$(O)/tests/%)
bench_help = $(filter-out $(bench_src),$(wildcard tests/bench/*.c))

.SECONDARY:
.PHONY: all small static cross cross-test cross-test-one static-libraries libraries sbom dist deb containers-test boot-test help \
	tests test check asan tsan valgrind sim lint fuzz fuzzers bench-tools bench bench-quick bench-ready lab reload-load \
	scrape-test coa-bench page-test clauses instructions telling interop cert-lab coa-lab import-lab demo deps install clean FORCE

all: $(O)/radsecgw

help:
	@echo 'make               builds $(O)/radsecgw (WOLFSSL=lean|system, CC=gcc|clang, SAN=address,undefined)'
	@echo 'make deps          installs what building needs (Debian, as root)'
	@echo 'make static        build/static/radsecgw: a static program with musl, assembler for P-256 and RSA-2048'
	@echo 'make small         build/small/radsecgw: the same in half the size, for routers; slower'
	@echo 'make cross         the same for another processor: TARGET=mips|armhf|aarch64 or a triple, SIZE=small'
	@echo 'make cross-test    unit tests and logins of those three processors, in an emulator: half an hour'
	@echo 'make demo          sets everything up and shows logins crossing, with real servers at both ends'
	@echo 'make test          installs what it needs and runs all tests, with both wolfSSLs and with sanitizers'
	@echo 'make check         all tests of this build only'
	@echo 'make asan          all tests with AddressSanitizer and UndefinedBehaviorSanitizer'
	@echo 'make tsan          tests of several workers with ThreadSanitizer'
	@echo 'make valgrind      all tests under valgrind'
	@echo 'make sim           the random simulation: SEEDS=$(SEEDS), FIRST=$(FIRST); one seed prints the same each time'
	@echo 'make lint          clang-tidy, cppcheck, includes, size of functions, manual pages'
	@echo 'make clauses       $(O)/clauses.md: each clause of the RFCs beside the code and the tests that keep it'
	@echo 'make instructions  instructions per request, counted by callgrind; WITH=BINARY compares'
	@echo 'make telling       what it costs to tell of logins: line, ring and metrics'
	@echo 'make fuzz          each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS), or for FUZZ_RUNS= executions'
	@echo 'make bench         costs, speed and memory, workers, hostile clients and servers that go away, beside radsecproxy'
	@echo 'make bench-quick   costs, speed and memory only, in a few minutes'
	@echo 'make lab           200 logins each while real servers and proxies of a federation come and go: ten minutes'
	@echo 'make reload-load   200 reloads in 100 s under load in both directions, with 1 and 3 workers: five minutes'
	@echo 'make scrape-test   what logins notice of metrics of 1,000 peers, and of 200 bad clients of theirs: three minutes'
	@echo 'make coa-bench     10,000 sessions at 500 NASes that a home server ends, and floods of CoA: a minute'
	@echo 'make page-test     the status page in Chromium, with pictures in build/page'
	@echo 'make interop       a table of what works with which RADIUS/TLS peer: Debian 12 and 13, OpenSSL, GnuTLS, JSSE; ONLY=REGEX'
	@echo 'make cert-lab      a table of who is admitted with which certificate; OpenSSL, GnuTLS, JSSE, both roles and builds'
	@echo 'make coa-lab       a table of CoA and Disconnect to hostapd and FreeRADIUS, through NAT and a third gateway'
	@echo 'make import-lab    radsecproxy and FreeRADIUS beside radsecgw with the imported configuration: the same answers?'
	@echo 'make bench-tools   only builds the load tools into $(O)/tests/bench'
	@echo 'make containers-test  builds the images of docker/ and runs them with podman: alone, in a pod, with compose'
	@echo 'make boot-test     boots a Debian with systemd in a container and looks at the service of the package'
	@echo 'make deb           a package for Debian in build/deb; WOLFSSL=system takes the library of Debian'
	@echo 'make dist          an archive of what is committed, and its checksum, in build/dist'
	@echo 'make sbom          what the static program is made of, as SPDX: build/static/radsecgw.spdx.json'
	@echo 'make install       DESTDIR=, PREFIX=$(PREFIX)'

# ---- the program

$(O)/radsecgw: $(O)/src/app/main.o $(O)/libradsecgw.a
	$(call quiet,LINK) $(CC) $(cflags) $(ldflags) -o $@ $(crt_begin) $^ $(libs) $(crt_end)

$(O)/libradsecgw.a: $(lib_obj)
	@rm -f $@
	$(call quiet,AR  ) $(AR) rcs $@ $^

$(O)/%.o: %.c $(O)/flags | $(tls_ready) $(http_ready) $(static_ready)
	@mkdir -p $(@D)
	$(call quiet,CC  ) $(CC) $(cflags) $(tls_cflags) $(http_cflags) -MMD -MP -c -o $@ $<

$(O)/src/app/version.o $(O)/src/app/crash.o: cflags += -DRGW_VERSION='"$(VERSION)"' -DRGW_WOLFSSL='"$(WOLFSSL)"'

# The scripts know whether there is something to do.
$(LEAN)/lib/libwolfssl.a: FORCE
	@CC=$(CC) LIBC=$(LIBC) HOST=$(HOST) SIZE=$(SIZE) etc/build/lean-wolfssl.sh $(LEAN) $(SAN)

$(HTTPD)/lib/libmicrohttpd.a: FORCE
	@CC=$(CC) LIBC=$(LIBC) HOST=$(HOST) etc/build/lean-microhttpd.sh $(HTTPD) $(SAN)

$(STATIC)/lib/libcares.a: FORCE
	@HOST=$(HOST) etc/build/static-libs.sh $(STATIC)

# Objects are made anew when the flags or the library change, so that one folder never mixes two builds.
built_with = '$(CC) $(cflags) $(cold) $(ldflags) $(tls_cflags) $(http_cflags) $(libs)' $(tls_stamp) $(http_stamp) $(static_stamp)
$(O)/flags: FORCE | $(tls_ready) $(http_ready) $(static_ready)
	@mkdir -p $(@D)
	@echo $(built_with) | cmp -s - $@ || echo $(built_with) >$@

# The status page is a text in the program.
$(O)/src/app/pagehtml.c: etc/web/status.html $(O)/with-texts
	@mkdir -p $(@D)
	@{ echo 'extern const char rgw_page_html[];'; echo 'const char rgw_page_html[] = ""'; \
		[ '$(PAGE)' = no ] || sed 's/[\\"?]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@
$(O)/src/app/pagehtml.o: $(O)/src/app/pagehtml.c $(O)/flags
	$(call quiet,CC  ) $(CC) $(cflags) -c -o $@ $<

# So is what the manual says about commands and log events.
$(O)/src/app/helptext.c: etc/build/help.awk etc/man/radsecgw.8 $(O)/with-texts
	@mkdir -p $(@D)
	@awk -f etc/build/help.awk $(if $(filter no,$(HELP)),/dev/null,etc/man/radsecgw.8) >$@.tmp && mv $@.tmp $@
$(O)/src/app/helptext.o: $(O)/src/app/helptext.c src/app/help.h $(O)/flags
	$(call quiet,CC  ) $(CC) $(cflags) -Isrc/app -c -o $@ $<
$(O)/with-texts: FORCE
	@mkdir -p $(@D)
	@echo '$(PAGE) $(HELP)' | cmp -s - $@ || echo '$(PAGE) $(HELP)' >$@

# So are the templates of `radsecgw setup`, and the script for a PKI that it runs.
as_text = sed 's/[\\"?]/\\&/g; s/.*/"&\\n"/'
setup_in = $(sort $(wildcard etc/setup/*.in))
$(O)/src/setup/texts.c: $(setup_in) certs/make-pki.sh Makefile
	@mkdir -p $(@D)
	@{ echo '#include "src/setup/answers.h"'; echo 'const struct rgw_template rgw_setup_templates[] = {'; \
		for f in $(setup_in); do echo "{ \"$$(basename $$f .in)\","; $(as_text) $$f; echo '},'; done; \
		echo '{ 0 } };'; echo 'const char rgw_setup_make_pki[] ='; $(as_text) certs/make-pki.sh; echo ';'; } >$@
$(O)/src/setup/texts.o: $(O)/src/setup/texts.c $(O)/flags
	$(call quiet,CC  ) $(CC) $(cflags) -I. -c -o $@ $<

# What runs once at the start, or when somebody asks, need not be fast where the program is to be small.
ifneq ($(SIZE),)
cold = app conf core import net setup
$(foreach d,$(cold),$(O)/src/$(d)/%.o): private cflags += -Os
endif

# Only the files that tell the version are made anew when that changes.
$(O)/src/net/tlsreview.o: cflags += -DRGW_WRITTEN=$(WRITTEN)
$(O)/src/app/version.o $(O)/src/app/crash.o $(O)/src/net/tlsreview.o: $(O)/version
$(O)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# ---- static programs

# The names of functions go into a file beside the program, for the addresses that a crash leaves (addr2line).
small_flags  = O=build/small LIBC=musl SIZE=small OPT=-Os PAGE=no HELP=no
static_flags = O=build/static LIBC=musl SIZE=medium
define stripped
$(2)objcopy --only-keep-debug $(1) $(1).debug
$(2)strip $(1)
@$(2)size $(1); ls -l $(1)
endef

small:
	@etc/build/deps.sh musl
	$(MAKE) $(small_flags) all
	$(call stripped,build/small/radsecgw)

static:
	@etc/build/deps.sh musl
	$(MAKE) $(static_flags) all
	$(call stripped,build/static/radsecgw)

# Other processors. TARGET is one of these names, or the triple of a cross compiler of Debian; SIZE=small is for routers.
TARGET       ?= aarch64
host_mips     = mips-linux-gnu
host_armhf    = arm-linux-gnueabihf
host_aarch64  = aarch64-linux-gnu
host          = $(or $(host_$(TARGET)),$(TARGET))
cross         = build/cross-$(TARGET)$(if $(SIZE),-$(SIZE))
cross_flags   = O=$(cross) HOST=$(host) SIZE=$(or $(SIZE),medium) $(if $(filter small,$(SIZE)),OPT=-Os PAGE=no HELP=no)
CROSS_TARGETS = mips armhf aarch64

cross:
	@etc/build/deps.sh build $(host)
	$(MAKE) $(cross_flags) all
	$(call stripped,$(cross)/radsecgw,$(host)-)

# The unit tests, and the logins of the demonstration, of each processor in an emulator of it.
cross-test:
	@etc/build/deps.sh build test qemu $(foreach t,$(CROSS_TARGETS),$(or $(host_$(t)),$(t)))
	set -e; for t in $(CROSS_TARGETS); do $(MAKE) TARGET=$$t cross-test-one; done

cross-test-one:
	$(MAKE) $(cross_flags) all $(unit_bin:%=$(cross)/%)
	tests/run.py --build $(cross) --wrap $(qemu) unit
	RADSECGW='$(qemu) $(cross)/radsecgw' LAB_PATIENCE=8 tests/e2e/demo.py
qemu = qemu-$(or $(qemu_$(TARGET)),$(firstword $(subst -, ,$(host))))-static

# What the static program is made of, as SPDX.
sbom: static
	etc/build/sbom.sh '$(VERSION)' $(WRITTEN) build/static/radsecgw build/wolfssl-musl-medium build/microhttpd-musl \
		build/musl >build/static/radsecgw.spdx.json

static-libraries:
	$(MAKE) $(static_flags) libraries
libraries: $(tls_ready) $(http_ready) $(static_ready)

# ---- tests

tests: all $(test_bin) $(fuzz_bin) $(bench_bin)

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(unit_help:%.c=$(O)/%.o) $(O)/libradsecgw.a
	$(call quiet,LINK) $(CC) $(cflags) $(ldflags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs) -lcmocka

$(O)/tests/scenario/%: $(O)/tests/scenario/%.o $(sim_help:%.c=$(O)/%.o) $(O)/libradsecgw.a
	$(call quiet,LINK) $(CC) $(cflags) $(ldflags) -o $@ $^ $(libs) -lcmocka

# This one looks at memory that is given back, and lets there be none.
$(O)/tests/scenario/test_memory: ldflags += -Wl,--wrap=free,--wrap=calloc

# These stand in the place of the engine where that hears of servers that are not there, and of connections.
$(O)/tests/unit/test_flush: ldflags += -Wl,--wrap=rgw_source_on_refused
$(O)/tests/unit/test_peek: ldflags += -Wl,--wrap=rgw_gw_on_accept,--wrap=rgw_conn_on_connected,--wrap=rgw_conn_on_open \
	-Wl,--wrap=rgw_conn_on_data,--wrap=rgw_conn_on_lost,--wrap=rgw_gw_deadline
$(O)/tests/unit/test_adopt $(O)/tests/unit/test_judge: $(O)/tests/unit/networld.o
$(O)/tests/unit/test_adopt $(O)/tests/unit/test_judge: ldflags += -Wl,--wrap=rgw_gw_on_accept \
	-Wl,--wrap=rgw_conn_on_connected,--wrap=rgw_conn_on_open,--wrap=rgw_conn_on_expiring,--wrap=rgw_conn_on_data \
	-Wl,--wrap=rgw_conn_on_goodbye,--wrap=rgw_conn_on_stalled,--wrap=rgw_conn_on_lost,--wrap=rgw_gw_on_udp,--wrap=rgw_gw_count \
	-Wl,--wrap=rgw_gw_deadline

# These let there be no memory.
$(O)/tests/unit/test_outbuf: ldflags += -Wl,--wrap=realloc
$(O)/tests/unit/test_crlset: ldflags += -Wl,--wrap=realloc,--wrap=calloc

# Without libFuzzer a target reads the files it is given: the seed corpora are part of the tests.
ifeq ($(findstring fuzzer,$(SAN)),)
fuzz_main  = $(O)/tests/fuzz/replay.o
else
fuzz_flags = -fsanitize=fuzzer
# What is compared in these teaches a fuzzer nothing, and takes a third of its time.
$(sim_help:%.c=$(O)/%.o) $(O)/src/base/md5.o $(O)/src/base/md5_lanes.o: cflags += -fno-sanitize-coverage=trace-cmp
endif
$(O)/tests/fuzz/fuzz_engine: $(sim_help:%.c=$(O)/%.o)
$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(fuzz_main) $(O)/libradsecgw.a
	$(call quiet,LINK) $(CC) $(cflags) $(ldflags) $(fuzz_flags) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libs) -lcmocka

check: tests
	tests/run.py --build $(O)

asan:
	$(MAKE) O=build/asan SAN=address,undefined check

tsan:
	$(MAKE) O=build/tsan SAN=thread tests
	tests/run.py --build build/tsan --select "test_workers or test_control or test_metrics or test_notify" unit e2e

valgrind: tests
	tests/run.py --build $(O) --wrap '$(VALGRIND)' unit scenario conf corpus e2e
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect

# One seed with all that the engine says: SIM_SEED=17 SIM_LOG=1 $(O)/tests/scenario/test_random
SEEDS = 1000
FIRST = 1
sim: $(O)/tests/scenario/test_random
	SIM_FIRST=$(FIRST) SIM_SEEDS=$(SEEDS) $<

test:
	etc/build/deps.sh build system test
	$(MAKE) O=build tests
	$(MAKE) O=build/system WOLFSSL=system tests
	$(MAKE) O=build/asan SAN=address,undefined tests
	tests/all.sh

# FUZZ_RUNS=10000000 ends each fuzzer after so many executions instead.
FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?=
fuzz:
	etc/build/deps.sh build test fuzz
	$(MAKE) O=build/fuzz CC=clang SAN=address,undefined,fuzzer-no-link LEAN=build/wolfssl-fuzz HTTPD=build/microhttpd-fuzz fuzzers
	FUZZ_RUNS=$(FUZZ_RUNS) tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

fuzzers: $(fuzz_bin)

# The tools are the same whatever is measured with them.
$(O)/tests/bench/%: $(O)/tests/bench/%.o $(bench_help:%.c=$(O)/%.o) $(O)/libradsecgw.a
	$(call quiet,LINK) $(CC) $(cflags) $(ldflags) -o $@ $^ $(libs)

bench-tools: $(bench_bin)

bench-ready:
	etc/build/deps.sh build system test
	$(MAKE) all bench-tools
	$(MAKE) O=build/system WOLFSSL=system all

# Numbers for a report: BENCH_JSON=FILE keeps all that was measured.
BENCH_JSON ?= $(O)/bench.json
table = tests/bench/table.py --tools $(O)/tests/bench --lean $(O)/radsecgw --json $(BENCH_JSON)

bench-quick: bench-ready
	$(table) --quick

bench: bench-ready
	$(table)
	tests/bench/storms.py --tools $(O)/tests/bench --gateway $(O)/radsecgw
	tests/bench/failover.py --tools $(O)/tests/bench --gateway $(O)/radsecgw
	tests/bench/memory.py --tools $(O)/tests/bench --lean $(O)/radsecgw

lab:
	etc/build/deps.sh build test
	$(MAKE) all bench-tools
	tests/bench/deadrealms.py --tools $(O)/tests/bench --gateway $(O)/radsecgw

# The status page in a browser, which is too large for all tests; pictures of it are in build/page.
page-test:
	etc/build/deps.sh build test browser
	$(MAKE) all
	RADSECGW='$(abspath $(O))/radsecgw' /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider tests/e2e/test_page.py

# CoA at scale, floods of it, and what it costs beside a login.
coa-bench: all
	tests/bench/coa.py --gateway $(O)/radsecgw

reload-load:
	etc/build/deps.sh build test
	$(MAKE) all bench-tools
	tests/bench/reloads.py --gateway $(O)/radsecgw

scrape-test:
	etc/build/deps.sh build test
	$(MAKE) all bench-tools
	/usr/bin/python3 tests/bench/scrapes.py --gateway $(O)/radsecgw

# What cannot be installed is said in the table. As root: each row has a network and mounts of its own.
ONLY =
interop:
	etc/build/deps.sh build test
	-etc/build/deps.sh interop
	$(MAKE) all
	tests/interop/root.sh build/interop/trixie
	RADSECGW='$(abspath $(O))/radsecgw' tests/interop/matrix.py --only '$(ONLY)'

# Who is admitted with which certificate, by whom it is shown: both builds.
cert-lab:
	etc/build/deps.sh build test
	-etc/build/deps.sh interop
	$(MAKE) all
	$(MAKE) O=build/system WOLFSSL=system all
	@set -e; for o in $(O) build/system; do echo; echo "== $$o"; RADSECGW="$$PWD/$$o/radsecgw" tests/interop/certlab.py; done

# CoA and Disconnect from home to hostapd and FreeRADIUS at a site. As root: the site has a network of its own.
coa-lab:
	etc/build/deps.sh build test
	$(MAKE) all
	RADSECGW='$(abspath $(O))/radsecgw' tests/interop/coalab.py

# The shapes of tests/import, each by the program that it was written for and by radsecgw with what it imports.
import-lab:
	etc/build/deps.sh build test
	$(MAKE) all
	RADSECGW='$(abspath $(O))/radsecgw' tests/interop/importlab.py --only '$(ONLY)'

lint:
	etc/build/deps.sh build test lint
	$(MAKE) tests
	$(MAKE) O=build/clang CC=clang tests
	tests/lint/run.sh

# Images, pods and manifests. As root; says so where podman is missing.
containers-test:
	-etc/build/deps.sh containers
	tests/containers/run.py

# The package in a Debian that boots with systemd. As root.
boot-test: deb
	-etc/build/deps.sh boot
	tests/containers/boot.sh build/deb/radsecgw_*.deb

# Which clause of etc/doc/clauses.md is kept by which code and which tests.
clauses:
	@tests/lint/clauses.py --report $(O)/clauses.md

# Instructions per request of this build, and of others to compare: WITH="BINARY ..."
instructions: bench-tools all
	etc/build/deps.sh test valgrind
	tests/bench/instructions.py --tools $(O)/tests/bench $(WITH) $(O)/radsecgw

# What the login line, the ring and metrics cost, in instructions and in processor time.
telling: bench-tools all
	etc/build/deps.sh build test valgrind
	tests/bench/telling.py --tools $(O)/tests/bench $(O)/radsecgw

# ---- use

deps:
	etc/build/deps.sh build

demo:
	@etc/build/deps.sh build test
	@$(MAKE) -s all
	@tests/e2e/demo.py

install: all
	install -D -m 755 $(O)/radsecgw $(DESTDIR)$(PREFIX)/sbin/radsecgw
	install -d $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 etc/man/radsecgw.ini.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 etc/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -d $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples
	install -m 644 etc/examples/*.ini $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples/
	install -m 755 certs/make-pki.sh $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples/
	install -d $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples/monitoring/fail2ban
	install -m 644 $(wildcard etc/monitoring/*.*) $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples/monitoring/
	install -m 644 etc/monitoring/fail2ban/*.conf $(DESTDIR)$(PREFIX)/share/doc/radsecgw/examples/monitoring/fail2ban/
	install -D -m 644 etc/completion/radsecgw.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/radsecgw

clean:
	rm -rf build

# ---- what is given to others

# What is committed, as an archive, and its checksum. The same commit gives the same octets.
dist_name    = radsecgw-$(shell git describe --tags --always)
dist_written = $(shell git log -1 --format=%ct)
dist:
	@mkdir -p build/dist
	@printf '%s\n' '$(dist_name:radsecgw-%=%)' $(dist_written) >build/dist/version
	git archive --prefix=$(dist_name)/etc/build/ --add-file=build/dist/version --prefix=$(dist_name)/ \
		HEAD | gzip -9n >build/dist/$(dist_name).tar.gz
	cd build/dist && sha256sum $(dist_name).tar.gz >$(dist_name).tar.gz.sha256 && cat $(dist_name).tar.gz.sha256

# A package for the Debian that this machine has, from what is committed, with either wolfSSL.
deb_tree = build/deb/$(dist_name)
deb: dist $(tls_ready) $(http_ready)
	etc/build/deps.sh build system package
	rm -rf build/deb && mkdir -p build/deb
	tar xzf build/dist/$(dist_name).tar.gz -C build/deb
	cp -a $(deb_tree)/etc/debian $(deb_tree)/debian
	cp etc/systemd/radsecgw.service $(deb_tree)/debian/radsecgw.service
	printf 'radsecgw (0~%s+%s) unstable; urgency=medium\n\n  * What is committed as %s.\n\n -- %s  %s\n' \
		"$$(date -u -d @$(dist_written) +%Y%m%d.%H%M)" '$(dist_name:radsecgw-%=%)' '$(dist_name:radsecgw-%=%)' \
		"$$(sed -n 's/^Maintainer: //p' etc/debian/control)" "$$(date -u -R -d @$(dist_written))" >$(deb_tree)/debian/changelog
	cd $(deb_tree) && WOLFSSL=$(WOLFSSL) LEAN=$(abspath $(LEAN)) HTTPD=$(abspath $(HTTPD)) \
		dpkg-buildpackage -us -uc -b --no-check-builddeps
	lintian --fail-on error build/deb/*.changes
	@ls -l build/deb/*.deb

-include $(lib_obj:.o=.d) $(O)/src/app/main.d $(test_bin:=.d) $(fuzz_bin:=.d)
-include $(bench_bin:=.d) $(bench_help:%.c=$(O)/%.d)
-include $(unit_help:%.c=$(O)/%.d) $(sim_help:%.c=$(O)/%.d)
