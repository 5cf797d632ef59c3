# athlete: build, demo, import, pipeline, test, bench. `make help` lists the targets.

# No rule but those below: make need not ask for each of a thousand headers how C++ or Fortran would make it.
MAKEFLAGS += --no-builtin-rules

BUILD  ?= build
# One name for one folder, so that what an object depends on is known however the folder was named when it was made.
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
DB     ?= athlete.db
PORT   ?= 8001
PYTHON ?= /usr/bin/python3
ifeq ($(origin CC),default)
CC      = gcc
endif

# Which system the compiler builds for, which need not be this one: x86_64-linux-gnu, x86_64-w64-mingw32, …
TARGET := $(shell $(CC) -dumpmachine 2>/dev/null)
SUFFIX := $(if $(findstring darwin,$(TARGET)),dylib,$(if $(findstring mingw,$(TARGET)),dll,so))
EXTENSION = $(BUILD)/athlete.$(SUFFIX)

# --- flags ---------------------------------------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef \
           -Wwrite-strings -Wvla -Wimplicit-fallthrough
# No fused multiply-add: the same input gives the same bytes on every processor.
CFLAGS  ?= -O3
FLAGS    = -std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -Iext $(WARNINGS) $(CFLAGS)
LDLIBS   = -lm

# MinGW's own printf in place of Windows's, which is older than C99.
ifneq ($(findstring mingw,$(TARGET)),)
THREADS  = 0
FLAGS   += -D__USE_MINGW_ANSI_STDIO=1
LDLIBS  += -static-libgcc
endif

# Threads are optional, and POSIX's: make THREADS=0 leaves them out.
THREADS ?= 1
ifeq ($(THREADS),0)
FLAGS   += -DATHLETE_NO_THREADS
else
FLAGS   += -pthread
LDLIBS  += -pthread
endif

# With preconditions checked (ext/base/precondition.h).
ifdef DEBUG
FLAGS   += -DATHLETE_DEBUG
endif

# cJSON: the system's library, or with CJSON_SRC=<folder of cJSON.c and cJSON.h> its source, symbols hidden.
ifdef CJSON_SRC
FLAGS  += -isystem $(CJSON_SRC)
HIDDEN_CJSON = $(BUILD)/obj/cJSON.o
else
FLAGS  += $(shell pkg-config --cflags libcjson 2>/dev/null)
LDLIBS += $(shell pkg-config --libs libcjson 2>/dev/null)
endif
FLAGS  += $(shell pkg-config --cflags sqlite3 2>/dev/null)

# One line for each folder that is compiled and each library; make V=1 prints the commands.
Q      := $(if $(V),,@)
SILENT  = $(or $(V),$(findstring s,$(firstword -$(MAKEFLAGS))))
say     = $(if $(SILENT)$(said-$(1)),,$(info $(1))$(eval said-$(1) := yes))

SOURCES := $(sort $(wildcard ext/*.c ext/*/*.c ext/*/*/*.c))
OBJECTS  = $(SOURCES:%.c=$(BUILD)/obj/%.o) $(MADE:%=$(BUILD)/obj/%.o) $(HIDDEN_CJSON)

# SQL that lies in .sql files is C from here on.
TEMPLATES := $(sort $(wildcard ext/*/*/templates/*.sql))
MADE       = store_templates

# --- building ------------------------------------------------------------------------------------------------

.PHONY: all static parts amalgamation install debug sanitized fuzzed clean help packages deps test-deps test check soak lint pytest sanitize fuzz architectures
.DEFAULT_GOAL = all

all: $(EXTENSION) ## build the extension, build/athlete.so (the default)

$(EXTENSION): $(OBJECTS) $(if $(ONE_FILE),$(BUILD)/one/athlete.o)
	$(call say,$@)$(Q)$(CC) -shared $(CFLAGS) -o $@ $(if $(ONE_FILE),$(BUILD)/one/athlete.o $(HIDDEN_CJSON),$(OBJECTS)) $(LDLIBS)

$(BUILD)/obj/%.o: %.c | packages
	@mkdir -p $(@D)
	$(call say,$(@D))$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/made/%_templates.c: ext/templates.py $(TEMPLATES)
	@$(PYTHON) $< $* $@

$(BUILD)/obj/%_templates.o: $(BUILD)/made/%_templates.c | packages
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/static/%_templates.o: $(BUILD)/made/%_templates.c | packages
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -DSQLITE_CORE -MMD -MP -c -o $@ $<

$(BUILD)/obj/cJSON.o: $(CJSON_SRC)/cJSON.c
	@mkdir -p $(@D)
	$(call say,$@)$(Q)$(CC) -std=c11 -fPIC -fvisibility=hidden -DCJSON_HIDE_SYMBOLS -DENABLE_LOCALES $(CFLAGS) -c -o $@ $<

# For programs that embed athlete: linked to SQLite instead of loaded by it.
STATIC_OBJECTS = $(SOURCES:%.c=$(BUILD)/static/%.o) $(MADE:%=$(BUILD)/static/%.o) $(HIDDEN_CJSON)

static: $(BUILD)/libathlete.a ## build build/libathlete.a for embedding: one symbol, sqlite3_athlete_init (ext/athlete.h)

# One object, in which all other names are as good as static: a program may have a memory_alloc of its own.
OBJCOPY = $(shell $(CC) -print-prog-name=objcopy)
ifeq ($(shell uname -s),Darwin)
ALONE   = $(CC) -r -nostdlib -Wl,-exported_symbol,_sqlite3_athlete_init -o $@ $^
else
ALONE   = $(CC) -r -nostdlib -o $@ $^ && $(OBJCOPY) --keep-global-symbol=sqlite3_athlete_init $@
endif

$(BUILD)/libathlete.o: $(STATIC_OBJECTS)
	$(call say,$@)$(Q)$(ALONE)

$(BUILD)/libathlete.a: $(BUILD)/libathlete.o
	@rm -f $@
	$(call say,$@)$(Q)$(AR) rcs $@ $^

# For programs that try a kernel alone: every function is there.
parts: $(BUILD)/parts.a

$(BUILD)/parts.a: $(STATIC_OBJECTS)
	@rm -f $@
	$(call say,$@)$(Q)$(AR) rcs $@ $^

# For programs that compile athlete themselves. ONE_FILE=1 builds the extension from it.
DIST ?= dist

amalgamation: ## write the extension as one file, dist/athlete.c, and its header
	@$(PYTHON) ext/amalgamate.py $(DIST)
	$(call say,$(DIST)/athlete.c)

$(BUILD)/one/athlete.c: ext/amalgamate.py ext/templates.py $(TEMPLATES) $(SOURCES) $(wildcard ext/*.h ext/*/*.h ext/*/*/*.h)
	@$(PYTHON) $< $(@D)

# What one file keeps to itself, a local of another hides: no fault where they are one.
$(BUILD)/one/athlete.o: $(BUILD)/one/athlete.c | packages
	$(call say,$@)$(Q)$(CC) $(FLAGS) -Wno-shadow -c -o $@ $<

$(BUILD)/static/%.o: %.c | packages
	@mkdir -p $(@D)
	$(call say,$(@D))$(Q)$(CC) $(FLAGS) -DSQLITE_CORE -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d) $(STATIC_OBJECTS:.o=.d)
.SECONDARY: $(MADE:%=$(BUILD)/made/%.c)

# --- installing ----------------------------------------------------------------------------------------------

prefix = $(or $(PREFIX),/usr/local)

install: all static $(BUILD)/athlete.pc ## install the library, its header and athlete.pc for programs: make install PREFIX=/usr/local
	@mkdir -p "$(DESTDIR)$(prefix)/lib/pkgconfig" "$(DESTDIR)$(prefix)/include"
	@cp $(EXTENSION) $(BUILD)/libathlete.a "$(DESTDIR)$(prefix)/lib"
	@cp $(BUILD)/athlete.pc "$(DESTDIR)$(prefix)/lib/pkgconfig"
	@cp $(BUILD)/one/athlete.h "$(DESTDIR)$(prefix)/include"

.PHONY: $(BUILD)/athlete.pc
$(BUILD)/athlete.pc: $(BUILD)/one/athlete.c
	@printf '%s\n' 'prefix=$(prefix)' 'Name: athlete' 'Description: training-load features and race-time models inside SQLite' \
	  "Version: $$(sed -n 's/^#define ATHLETE_VERSION "\(.*\)"/\1/p' $(BUILD)/one/athlete.h)" \
	  'Cflags: -I$${prefix}/include' 'Requires: sqlite3 >= 3.37.2$(if $(CJSON_SRC),, libcjson)' \
	  'Libs: -L$${prefix}/lib -l:libathlete.a -lm$(if $(filter 0,$(THREADS)),, -pthread)' >$@

debug: ## build build/debug/athlete.so with -O0 -g
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/debug DEBUG=1 CFLAGS="-O0 -g" all

SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

sanitized: ## build build/asan/athlete.so, which stops at the first memory error or undefined behaviour
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan DEBUG=1 CC=gcc CFLAGS="$(SANITIZE)" all check-programs

# What libFuzzer's programs are linked with.
fuzzed:
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/fuzz DEBUG=1 CC=clang CFLAGS="$(shell $(PYTHON) tests/fuzz/fuzz.py --flags)" parts

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

# --- running -------------------------------------------------------------------------------------------------

.PHONY: demo import pipeline page define deploy stages training-set rebuild-training-set parquet-out parquet-in serve token bench readme
STAGES   = $(sort $(wildcard sql/[0-9]_*/*.sql sql/[0-9]_*/*/*.sql))
RUNNER   = $(wildcard tests/data/strava-api/runner/*.json)
export ATHLETE_EXTENSION = $(abspath $(EXTENSION))

# What a person says reaches a program as it is, through the environment: no shell reads it, and make no dollar in it.
NAMES_A_DB := $(if $(filter file,$(origin DB)),,yes)
SAID = DB PREFIX SRC DEF SPEC ID ATHLETE AS_OF DIR BY GROUP PORT METADATA NAME WRITE DAYS
$(foreach name,$(SAID),$(eval override export $(name) := $$(value $(name))))
TOOL = $(PYTHON) sql/tools
# $(call needs,VARIABLE,question)
needs = @test -n "$${$(strip $(1))}" || { echo '$(2)' >&2; exit 1; }

demo: deps ## the whole pipeline on a real runner's eight years, and the page it ends with
	@$(MAKE) -s --no-print-directory all
	@$(TOOL)/import demo.db $(RUNNER)
	@sqlite3 demo.db "UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'" # he has published them for everyone
	@$(MAKE) -s --no-print-directory DB=demo.db pipeline page

import: all ## land activities: make import SRC=activities.json (or SRC=- for standard input)
	$(call needs,SRC,Say what to import: make import SRC=activities.json)
	@$(TOOL)/import -- "$$DB" "$$SRC"

pipeline: all ## run all stages over DB=athlete.db; AS_OF=today (or a date) for days without activity at the end
	@$(TOOL)/pipeline $${AS_OF:+"--as-of=$$AS_OF"} -- "$$DB"

training-set: all ## store a training set in DB=athlete.db: make training-set SPEC=spec.json
	$(call needs,SPEC,Say which: make training-set SPEC=spec.json)
	@$(TOOL)/training-set -- "$$DB" "$$SPEC"

rebuild-training-set: all ## make a stored training set again, to the bit: make rebuild-training-set ID=1
	$(call needs,ID,Say which: make rebuild-training-set ID=1)
	@$(TOOL)/training-set "--rebuild=$$ID" -- "$$DB"

page: all ## print the page of DB=athlete.db, of ATHLETE=id or of the athlete with the most activities
	@$(TOOL)/page -- "$$DB" $${ATHLETE:+"$$ATHLETE"}

define: all ## register a feature group and make its tables: make define DEF=sleep.json
	$(call needs,DEF,Say which definition: make define DEF=sleep.json)
	@$(TOOL)/define -- "$$DB" "$$DEF"

deploy: all ## install below PREFIX=/usr/local, bring DB= to this schema, run the stages every morning: make deploy PREFIX=~/.local DB=athlete.db
	$(call needs,PREFIX,Say where to: make deploy PREFIX=/usr/local DB=athlete.db)
	@$(TOOL)/deploy -- "$$PREFIX" $(if $(NAMES_A_DB),"$$DB")

stages: all ## print into the stages what their headers and the definitions of feature groups say
	@$(PYTHON) sql/tools/stages $(STAGES)

# Feature groups as Parquet need Python with pyarrow, in an environment of their own; names of groups have no blanks.
PARQUET = ATHLETE_PYTHON=$(BUILD)/exchange/bin/python $(TOOL)/parquet

parquet-out: $(BUILD)/exchange/installed ## write feature groups as Parquet: make parquet-out DIR=folder [GROUP=name] [BY=day|month|year]
	$(call needs,DIR,Say where to: make parquet-out DIR=folder)
	@set -f; $(PARQUET) out $${BY:+"--by=$$BY"} -- "$$DB" "$$DIR" $$GROUP

parquet-in: all $(BUILD)/exchange/installed ## read a feature group from Parquet: make parquet-in DIR=folder GROUP=name
	$(call needs,DIR,Say what to read: make parquet-in DIR=folder GROUP=name)
	$(call needs,GROUP,Say what to read: make parquet-in DIR=folder GROUP=name)
	@set -f; $(PARQUET) in -- "$$DB" "$$DIR" $$GROUP

serve: $(BUILD)/serve/installed ## feature groups over HTTP, from DB=athlete.db, on this machine: PORT=8001 METADATA=settings.json; PAGES=1 for Datasette's own pages
	@$(MAKE) -s --no-print-directory all
	@test -e "$$DB" || { printf 'There is no %s: say which database, make serve DB=demo.db\n' "$$DB" >&2; exit 1; }
	@printf 'Serving %s at http://127.0.0.1:%s, described in /openapi.json. Values need a token: make token DB=%s NAME=me ATHLETE=all\n' "$$DB" "$$PORT" "$$DB"
	@exec $(BUILD)/serve/bin/datasette serve $(if $(PAGES),--root) --load-extension $(EXTENSION) --plugins-dir sql/tools/serve/plugins \
	  --port "$$PORT" $${METADATA:+--metadata "$$METADATA"} -- "$$DB"

token: ## make a token for `make serve`: NAME=watch ATHLETE=4001 (or all) [WRITE=athlete_sleep] [DAYS=90]; sql/tools/serve/token does more
	@$(TOOL)/serve/token "--athlete=$$ATHLETE" $${WRITE:+"--write=$$WRITE"} $${DAYS:+"--days=$$DAYS"} -- "$$DB" "$$NAME"

BENCHES = $(wildcard tests/bench/*.py)

bench: all static $(BUILD)/venv/bench-installed ## speed beside DuckDB, LightGBM, pandas and others; more than an hour, or BENCHES=tests/bench/asof.py
	$(call install,redis-server wrk)
	@for program in $(BENCHES); do echo "== $$program"; PYTHONPATH=tests $(BUILD)/venv/bin/python $$program || exit 1; done

readme: demo ## write the outputs and the reference that README.md shows, from the program itself
	@$(PYTHON) tests/readme.py --write

# --- packages ------------------------------------------------------------------------------------------------

# Programs that a machine may have from elsewhere, whose packages would then stand in the way.
unless-there  = $(foreach program,$(1),$(if $(shell command -v $(program)),,$(program)))
RUN_PACKAGES  = sqlite3 libsqlite3-dev libcjson-dev pkg-config python3
TEST_PACKAGES = $(RUN_PACKAGES) python3-venv clang clang-format libclang-rt-dev binutils strace tcl
CROSS_PACKAGES = gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
                 gcc-i686-linux-gnu libc6-dev-i386-cross musl-tools gcc-mingw-w64-x86-64 wine64 wasi-libc dpkg-dev $(call unless-there,npm)
LIBRARIES     = sqlite3 $(if $(CJSON_SRC),,libcjson)

packages:
	@pkg-config --exists $(LIBRARIES) 2>/dev/null || { \
	  echo "athlete needs pkg-config and the headers of SQLite and cJSON. On Debian and Ubuntu: make deps, or"; \
	  echo "  apt-get install $(RUN_PACKAGES)"; exit 1; } >&2

# $(call install,PACKAGES): those that are missing, as root; otherwise says what to run.
define install
@missing=; for package in $(1); do \
  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
done; \
if [ -z "$$missing" ]; then exit 0; fi; \
if [ "$$(id -u)" != 0 ]; then echo "Packages are missing. Run:  sudo apt-get install$$missing" >&2; exit 1; fi; \
echo "Installing with apt-get:$$missing"; mkdir -p $(BUILD); \
{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends $$missing; } \
  >$(BUILD)/apt.log 2>&1 || { cat $(BUILD)/apt.log >&2; exit 1; }
endef

deps: ## install what building and running need (Debian, Ubuntu)
	$(call install,$(RUN_PACKAGES))

test-deps: $(BUILD)/venv/installed $(BUILD)/feast/installed $(BUILD)/traced/installed

.PHONY: test-packages
test-packages:
	$(call install,$(TEST_PACKAGES))

# An environment of Python's in build, with what its list says.
define environment
@test ! -L $(@D) || { echo "$(@D) is a link: what it leads to is not emptied" >&2; exit 1; }
@echo "Installing $< into $(@D)"
@$(PYTHON) -m venv --clear $(@D)
@$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
@touch $@
endef

.PHONY: python-packages
python-packages:
	$(call install,$(RUN_PACKAGES) python3-venv)

$(BUILD)/serve/installed: sql/tools/serve/requirements.txt | python-packages
	$(environment)

$(BUILD)/exchange/installed: sql/tools/exchange/requirements.txt | python-packages
	$(environment)

$(BUILD)/venv/installed: tests/requirements.txt sql/tools/serve/requirements.txt sql/tools/exchange/requirements.txt | test-packages
	$(environment)

$(BUILD)/venv/bench-installed: tests/bench/requirements.txt $(BUILD)/venv/installed
	@$(BUILD)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# For the sanitizers: libraries whose stacks they can read fast.
$(BUILD)/traced/installed: tests/helpers/traced_libraries.py tests/helpers/debian.py | test-packages
	@echo "Compiling SQLite and cJSON with frame pointers into $(@D)"
	@$(PYTHON) tests/helpers/traced_libraries.py $(@D) && touch $@

# Apart, because Feast needs an older pandas than the other tests.
$(BUILD)/feast/installed: tests/sql/tools/exchange/requirements.txt | test-packages
	$(environment)

# --- checking ------------------------------------------------------------------------------------------------

RUN_TESTS = $(BUILD)/venv/bin/python tests/run --build $(BUILD)

test: test-deps ## everything that checks: lint, tests, and the tests again under the sanitizers
	@$(RUN_TESTS) build lint pytest sanitize

check: test-deps ## lint, and the tests that take under a second each
	@$(RUN_TESTS) lint check

soak: test-deps ## what `make test` takes a sample of, in full: whole grids, long fuzzing, other processors; hours
	$(call install,$(call unless-there,npm cargo))
	@$(RUN_TESTS) soak
	@mkdir -p $(BUILD)/one-file && for d in venv feast serve exchange; do ln -sfn ../$$d $(BUILD)/one-file/$$d; done
	@$(MAKE) --no-print-directory pytest BUILD=$(BUILD)/one-file ONE_FILE=1
	@$(MAKE) --no-print-directory architectures fuzz RUNS=5000000 FILES=20000

lint: test-deps ## gcc and clang with more warnings, clang-format, headers of the stages
	@$(RUN_TESTS) lint

pytest: test-deps ## the tests alone; make pytest TESTS="tests/base -k json"
	@$(RUN_TESTS) pytest -- $(TESTS)

sanitize: test-deps ## the tests under AddressSanitizer, UBSan and LeakSanitizer; takes TESTS= too
	@$(RUN_TESTS) sanitize -- $(TESTS)

fuzz: test-deps all ## feed readers of models and options with made-up texts, and all with damaged files; make fuzz RUNS=5000000 FILES=20000
	@$(BUILD)/venv/bin/python tests/fuzz/fuzz.py --build $(BUILD) --runs $(or $(RUNS),1000000)
	@PYTHONPATH=tests $(BUILD)/venv/bin/python -m fuzz.mutated_databases --build $(BUILD) --files $(or $(FILES),2000)

architectures: ## the same answers on arm64, s390x, 32 bits, musl and Windows, under qemu and wine; installs compilers, some 1 GB
	$(call install,$(CROSS_PACKAGES))
	@$(PYTHON) tests/laws/architectures/builds.py --build $(BUILD)

# C programs of the tests, and a library with planted errors.
CHECK_PROGRAMS = $(patsubst tests/laws/%.c,$(BUILD)/laws/%,$(filter-out %/planted.c,$(wildcard tests/laws/*.c)))

.PHONY: check-programs
check-programs: $(CHECK_PROGRAMS) $(BUILD)/laws/planted.so

$(BUILD)/laws/%: tests/laws/%.c $(BUILD)/libathlete.a
	@mkdir -p $(@D)
	$(call say,$@)$(Q)$(CC) $(FLAGS) -o $@ $^ $(LDLIBS) -lsqlite3

$(BUILD)/laws/root_histogram: tests/laws/root_histogram.c $(BUILD)/parts.a
	@mkdir -p $(@D)
	$(call say,$@)$(Q)$(CC) $(FLAGS) -o $@ $^ $(LDLIBS) -lsqlite3

$(BUILD)/laws/planted.so: tests/laws/planted.c | packages
	@mkdir -p $(@D)
	$(call say,$@)$(Q)$(CC) $(FLAGS) -shared -o $@ $< $(LDLIBS)

# The compilers at their strictest. -Wconversion pays: a lost bit in a size or a count is a wrong answer. Signs may
# change silently, because every index would need a cast.
.PHONY: lint-gcc lint-clang lint-format lint-stages
LINT = -Wconversion -Wno-sign-conversion -Wcast-align -Wold-style-definition -Wformat=2

lint-gcc:
	@$(MAKE) -s BUILD=$(BUILD)/lint/gcc CC=gcc CFLAGS="-O2 $(LINT) -Wlogical-op -Wduplicated-cond -Wduplicated-branches" all

lint-clang:
	@printf '%s\n' $(SOURCES) | xargs -P $$(nproc) -n 8 clang $(FLAGS) $(LINT) -Wunreachable-code -fsyntax-only

lint-format:
	@clang-format --dry-run -Werror $(wildcard ext/*.[ch] ext/*/*.[ch] ext/*/*/*.[ch])

lint-stages:
	@PYTHONPATH=sql/tools/stages $(PYTHON) tests/helpers/stage_headers.py $(sort $(wildcard sql/[0-9]_*/*.sql sql/[0-9]_*/*/*.sql))
