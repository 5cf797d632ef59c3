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

SOURCES := $(sort $(filter-out ext/hosts/%,$(wildcard ext/*.c ext/*/*.c ext/*/*/*.c)))
OBJECTS  = $(PIECES:%=$(BUILD)/obj/%.o) $(MADE:%=$(BUILD)/obj/%.o) $(HIDDEN_CJSON)

# What knows SQLite is compiled twice, to be loaded by it and to be linked to it. Kernels, which do not know it, are the same objects.
BINDINGS       = $(filter %_sql.c ext/base/binding/% ext/base/judge/% $(patsubst %,ext/%.c,athlete base/memory base/own_statement base/poll),$(SOURCES))
STATIC_OBJECTS = $(BINDING_PIECES:%=$(BUILD)/static/%.o) $(patsubst %,$(BUILD)/obj/%.o,$(filter-out $(BINDING_PIECES),$(PIECES))) \
                 $(MADE:%=$(BUILD)/static/%.o) $(HIDDEN_CJSON)

# A source is compiled alone; with BY_FOLDER=1 beside the others of its folder, kernels and bindings apart, which reads most headers once: for
# libraries that are built whole, and not again after each change of a file.
ifndef BY_FOLDER
PIECES         := $(SOURCES:.c=)
BINDING_PIECES := $(BINDINGS:.c=)
else
PIECES :=
# $(call piece,name,folder,files)
define piece
PIECES += ext/folders/$(1)
$(BUILD)/made/ext/folders/$(1).c: $(2)
	@mkdir -p $$(@D)
	@printf '#include "%s"\n' $(3:ext/%=%) >$$@
endef
in_folder = $(foreach file,$(2),$(if $(filter $(1),$(dir $(file))),$(file)))
pieces    = $(foreach folder,$(sort $(dir $(1))),$(eval $(call piece,$(subst /,_,$(folder))$(2),$(folder),$(call in_folder,$(folder),$(1)))))
$(call pieces,$(BINDINGS),sql)
BINDING_PIECES := $(PIECES)
$(call pieces,$(filter-out $(BINDINGS),$(SOURCES)),kernels)
endif

# SQL that lies in .sql files is C from here on.
TEMPLATES := $(sort $(wildcard ext/*/*/templates/*.sql))
MADE       = store_templates

# --- building ------------------------------------------------------------------------------------------------

.PHONY: all static cli parts amalgamation install debug sanitized fuzzed clean help packages deps test-deps test check soak lint pytest sanitize fuzz architectures
.DEFAULT_GOAL = all

all: $(EXTENSION) ## build the extension, build/athlete.so (the default)

# ONE_FILE=1 builds the extension from the amalgamation, and so does whatever makes something in that folder again.
ONE_FILE ?= $(wildcard $(BUILD)/one/athlete.o)

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

# What a file keeps to itself, a local of another hides: no fault where they are one. What a source says in front of all headers is said here.
TOGETHER = -Wno-shadow -D_DEFAULT_SOURCE

$(BUILD)/obj/ext/folders/%.o: $(BUILD)/made/ext/folders/%.c | packages
	@mkdir -p $(@D)
	$(call say,$(@D))$(Q)$(CC) $(FLAGS) $(TOGETHER) -MMD -MP -c -o $@ $<

$(BUILD)/static/ext/folders/%.o: $(BUILD)/made/ext/folders/%.c | packages
	@mkdir -p $(@D)
	$(call say,$(@D))$(Q)$(CC) $(FLAGS) $(TOGETHER) -DSQLITE_CORE -MMD -MP -c -o $@ $<

$(BUILD)/obj/cJSON.o: $(CJSON_SRC)/cJSON.c
	@mkdir -p $(@D)
	$(call say,$@)$(Q)$(CC) -std=c11 -fPIC -fvisibility=hidden -DCJSON_HIDE_SYMBOLS -DENABLE_LOCALES $(CFLAGS) -c -o $@ $<

# For programs that embed athlete: linked to SQLite instead of loaded by it.
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

# For programs that compile athlete themselves.
DIST ?= dist

amalgamation: ## write the extension as one file, dist/athlete.c, and its header
	@$(PYTHON) ext/amalgamate.py $(DIST)
	$(call say,$(DIST)/athlete.c)

$(BUILD)/one/athlete.c: ext/amalgamate.py ext/templates.py $(TEMPLATES) $(SOURCES) $(wildcard ext/*.h ext/*/*.h ext/*/*/*.h)
	@$(PYTHON) $< $(@D)

$(BUILD)/one/athlete.o: $(BUILD)/one/athlete.c | packages
	$(call say,$@)$(Q)$(CC) $(FLAGS) -Wno-shadow -c -o $@ $<

$(BUILD)/static/%.o: %.c | packages
	@mkdir -p $(@D)
	$(call say,$(@D))$(Q)$(CC) $(FLAGS) -DSQLITE_CORE -MMD -MP -c -o $@ $<

-include $(sort $(OBJECTS:.o=.d) $(STATIC_OBJECTS:.o=.d))
.SECONDARY: $(MADE:%=$(BUILD)/made/%.c)

# --- a shell with the extension built in -----------------------------------------------------------------------

# Of the amalgamation with its shell in SQLITE_SRC=<folder>; or of the shell in the source of Debian's package and its library, both of one
# version. Elsewhere it is a script that has the shell of this machine load the extension.
CLI          = $(BUILD)/athlete-cli
CLI_PACKAGES = $(RUN_PACKAGES) tcl libreadline-dev
CLI_SOURCE   = $(or $(SQLITE_SRC),$(patsubst %/shell.c,%,$(firstword $(wildcard $(BUILD)/traced/sqlite3-*/shell.c))),$(if $(wildcard /usr/bin/apt-get),$(BUILD)/cli/source))
CLI_OPTIONS  = $(patsubst %,-DSQLITE_ENABLE_%,COLUMN_METADATA DBSTAT_VTAB EXPLAIN_COMMENTS FTS5 JSON1 MATH_FUNCTIONS RTREE STMTVTAB UPDATE_DELETE_LIMIT) \
               -DSQLITE_THREADSAFE=1 -DHAVE_USLEEP=1
READLINE     = $(shell pkg-config --exists readline 2>/dev/null && echo yes)

cli: $(CLI) ## build build/athlete-cli, a sqlite3 shell with the extension built in: build/athlete-cli demo.db [SQLITE_SRC=folder of the amalgamation]

ifneq ($(CLI_SOURCE),)
$(BUILD)/cli/source/shell.c: tests/helpers/machine/traced_libraries.py | cli-packages
	$(call say,$@)$(Q)$(PYTHON) $< --sqlite-alone $(@D) && touch $@

# Every connection of the shell gets the functions when it opens.
$(BUILD)/cli/everywhere.c:
	@mkdir -p $(@D)
	@printf '%s\n' '#include "sqlite3.h"' 'int sqlite3_athlete_init(sqlite3 *, char **, const struct sqlite3_api_routines *);' \
	  'void athlete_everywhere(void);' \
	  'void athlete_everywhere(void) { sqlite3_auto_extension((void (*)(void))sqlite3_athlete_init); }' >$@

$(CLI): $(BUILD)/cli/everywhere.c $(BUILD)/libathlete.a $(CLI_SOURCE)/shell.c
	$(call say,$@)$(Q)$(CC) -O2 -w -I$(CLI_SOURCE) $(CLI_OPTIONS) -DSQLITE_SHELL_INIT_PROC=athlete_everywhere $(if $(READLINE),-DHAVE_READLINE=1) -o $@ \
	  $(CLI_SOURCE)/shell.c $(if $(SQLITE_SRC),$(SQLITE_SRC)/sqlite3.c,-lsqlite3) $< $(BUILD)/libathlete.a $(LDLIBS) $(if $(READLINE),-lreadline) $(if $(findstring linux,$(TARGET)),-ldl)
else
$(CLI): $(EXTENSION)
	@sqlite3 -batch -bail -init /dev/null -cmd ".load '$(abspath $<)'" :memory: 'SELECT athlete_version()' >/dev/null 2>&1 || { \
	  echo 'The sqlite3 shell of this machine cannot load the extension: make doctor says why. With the amalgamation of sqlite.org,' \
	    'make cli SQLITE_SRC=folder builds one that has it.' >&2; exit 1; }
	@printf '%s\n' '#!/bin/sh' "exec sqlite3 -cmd \".load '$(abspath $<)'\" \"\$$@\"" >$@ && chmod +x $@
endif

.PHONY: cli-packages
cli-packages:
	$(call install,$(CLI_PACKAGES))

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

SANITIZE = -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

sanitized: ## build build/asan/athlete.so, which stops at the first memory error or undefined behaviour
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan BY_FOLDER=1 DEBUG=1 CC=gcc CFLAGS="$(SANITIZE)" all check-programs

# What libFuzzer's programs are linked with.
fuzzed:
	@$(MAKE) -s --no-print-directory BUILD=$(BUILD)/fuzz BY_FOLDER=1 DEBUG=1 CC=clang CFLAGS="$(shell $(PYTHON) tests/fuzz/fuzz.py --flags)" parts

clean: ## remove everything that was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(filter %Makefile %.mk,$(MAKEFILE_LIST)) | expand -t 12

include ext/hosts/hosts.mk

# --- running -------------------------------------------------------------------------------------------------

.PHONY: demo doctor import sync forget pipeline daily page report glossary squad card search define deploy stages training-set mlflow rebuild-training-set parquet-out parquet-in fleet fleet-pool metadata serve token mcp bench readme tour
STAGES   = $(sort $(wildcard sql/[0-9]_*/*.sql sql/[0-9]_*/*/*.sql))
RUNNER   = $(wildcard tests/data/strava-api/runner/*.json)
export ATHLETE_EXTENSION = $(abspath $(EXTENSION))

# What a person says reaches a program as it is, through the environment: no shell reads it, and make no dollar in it.
NAMES_A_DB := $(if $(filter file,$(origin DB)),,yes)
SAID = DB CLIENT CODE EVENTS PREFIX SRC DEF SPEC ID POSITIONS ATHLETE AS_OF DIR BY GROUP PORT METADATA NAME WRITE DAYS ZONE OUT MODEL LOG ENGINE CHANNELS WORD SAY UNITS
$(foreach name,$(SAID),$(eval override export $(name) := $$(value $(name))))
# Not every shell makes a home of ~ behind a name: zsh and dash leave SRC=~/watch as it is.
PATHS = DB EVENTS PREFIX SRC DEF SPEC DIR METADATA OUT LOG CHANNELS
$(foreach name,$(PATHS),$(if $(filter ~/%,$(firstword $(value $(name)))),$(eval override export $(name) := $$(subst <~/,$$(value HOME)/,<$$(value $(name))))))
TOOL = $(PYTHON) sql/tools
# $(call needs,VARIABLE,question)
needs = @test -n "$${$(strip $(1))}" || { echo '$(2)' >&2; exit 1; }

demo: deps ## the whole pipeline on a real runner's eight years, and the page it ends with
	@$(MAKE) -s --no-print-directory all
	@$(TOOL)/import demo.db $(RUNNER)
	@sqlite3 demo.db "UPDATE ops_config SET value = 1 WHERE name = 'train_on_api_rows'" # he has published them for everyone
	@$(MAKE) -s --no-print-directory DB=demo.db pipeline page

import: all ## land files: make import SRC=export.zip (a folder, a watch's file, JSON; - reads standard input) [ATHLETE=me NAME="Ann"] [ZONE=Europe/Lisbon]
	$(call needs,SRC,Say what to import: make import SRC=export.zip)
	@if $(TOOL)/import "--needs-packages=$$SRC" -- "$$DB"; then $(MAKE) -s --no-print-directory $(BUILD)/importers/installed; fi
	@ATHLETE_PYTHON=$${ATHLETE_PYTHON:-$(BUILD)/importers/bin/python} \
	  $(TOOL)/import $${ATHLETE:+"--athlete=$$ATHLETE"} $${NAME:+"--name=$$NAME"} $${ZONE:+"--zone=$$ZONE"} $${POSITIONS:+"--positions=$$POSITIONS"} -- "$$DB" "$$SRC"

sync: all $(BUILD)/sync/installed ## bring what is new at Strava, for those who have access to its API: [EVENTS=events.ndjson] [CLIENT=number:secret] [CODE=…] [POSITIONS=1]
	@$(BUILD)/sync/bin/python sql/tools/sync $${CLIENT:+"--client=$$CLIENT"} $${CODE:+"--code=$$CODE"} $${EVENTS:+"--events=$$EVENTS"} \
	  $${POSITIONS:+"--positions=$$POSITIONS"} -- "$$DB"

forget: all ## remove one athlete from every table and history of DB=athlete.db: make forget ATHLETE=4001
	$(call needs,ATHLETE,Say whom: make forget ATHLETE=4001)
	@$(TOOL)/forget -- "$$DB" "$$ATHLETE"

pipeline: all ## run all stages over DB=athlete.db; AS_OF=today (or a date) for days without activity at the end
	@$(TOOL)/pipeline $${AS_OF:+"--as-of=$$AS_OF"} -- "$$DB"

daily: all $(if $(CHANNELS),$(BUILD)/alerts/installed) ## the day's job: import SRC, features, training once a month, inference, monitoring, alerts [CHANNELS=channels.txt] [AS_OF=2025-10-20]
	@if test -n "$$SRC" && $(TOOL)/import "--needs-packages=$$SRC" -- "$$DB"; then $(MAKE) -s --no-print-directory $(BUILD)/importers/installed; fi
	@ATHLETE_PYTHON=$${ATHLETE_PYTHON:-$(BUILD)/importers/bin/python} ATHLETE_NOTIFY_PYTHON=$${ATHLETE_NOTIFY_PYTHON:-$(BUILD)/alerts/bin/python} \
	  $(TOOL)/daily $${CHANNELS:+"--channels=$$CHANNELS"} $${AS_OF:+"--as-of=$$AS_OF"} -- "$$DB" $${SRC:+"$$SRC"}

training-set: all ## store a training set in DB=athlete.db: make training-set SPEC=spec.json
	$(call needs,SPEC,Say which: make training-set SPEC=spec.json)
	@$(TOOL)/training-set -- "$$DB" "$$SPEC"

rebuild-training-set: all ## make a stored training set again, to the bit: make rebuild-training-set ID=1
	$(call needs,ID,Say which: make rebuild-training-set ID=1)
	@$(TOOL)/training-set "--rebuild=$$ID" -- "$$DB"

page: all ## print the page of DB=athlete.db, of ATHLETE=id or of the athlete with the most activities [SAY=pt] [UNITS=imperial]
	@$(TOOL)/page $${SAY:+"--language=$$SAY"} $${UNITS:+"--units=$$UNITS"} -- "$$DB" $${ATHLETE:+"$$ATHLETE"}

report: all ## write one HTML file of pictures, OUT=report.html, of ATHLETE=id or of the athlete with the most activities [SAY=pt] [UNITS=imperial]
	@$(TOOL)/report $${SAY:+"--language=$$SAY"} $${UNITS:+"--units=$$UNITS"} -- "$$DB" "$${OUT:-report.html}" $${ATHLETE:+"$$ATHLETE"}

doctor: ## say which SQLite this machine has, whether it loads extensions, what is missing and what to do
	@command -v $(PYTHON) >/dev/null || { echo 'There is no $(PYTHON): install Python 3, or say which: make PYTHON=python3 doctor' >&2; exit 1; }
	@$(TOOL)/doctor --python=$(PYTHON) --compiler=$(CC) --extension=$(EXTENSION)

glossary: all ## say what the words of page and report mean, whether a number is much, and for whom: make glossary WORD=CTL [ATHLETE=id] [SAY=pt]
	@$(TOOL)/glossary $${SAY:+"--language=$$SAY"} -- "$$DB" $${WORD:+"$$WORD"} $${WORD:+$${ATHLETE:+"$$ATHLETE"}}

squad: all ## print one row for each athlete of DB=athlete.db; OUT=squad.html writes it as a page, too [SAY=pt] [UNITS=imperial]
	@$(TOOL)/squad $${SAY:+"--language=$$SAY"} $${UNITS:+"--units=$$UNITS"} -- "$$DB" $${OUT:+"$$OUT"}

card: all ## print what a model of DB=athlete.db is and is not: make card MODEL=pace_predictor (or pace_predictor/2); OUT=card.md writes it
	$(call needs,MODEL,Say of which model: make card MODEL=pace_predictor)
	@$(TOOL)/card -- "$$DB" "$$MODEL" $${OUT:+"$$OUT"}

mlflow: $(BUILD)/mlflow/installed ## show experiments, runs and models of DB=athlete.db to MLflow, in mlflow.db beside it: sql/tools/tracking/README.md
	@$(TOOL)/mlflow -- "$$DB"

search: all ## try options of the models of DB=athlete.db, or of MODEL=name, and train with the best
	@$(TOOL)/search -- "$$DB" $${MODEL:+"$$MODEL"}

define: all ## register a feature group and make its tables: make define DEF=sleep.json
	$(call needs,DEF,Say which definition: make define DEF=sleep.json)
	@$(TOOL)/define -- "$$DB" "$$DEF"

deploy: all ## install below PREFIX=/usr/local, bring DB= to this schema, run the day's job every morning: make deploy PREFIX=~/.local DB=athlete.db [SRC=inbox] [CHANNELS=channels.txt]
	$(call needs,PREFIX,Say where to: make deploy PREFIX=/usr/local DB=athlete.db)
	@$(TOOL)/deploy $${CHANNELS:+"--channels=$$CHANNELS"} -- "$$PREFIX" $(if $(NAMES_A_DB),"$$DB" $${SRC:+"$$SRC"})

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

FLEET = $(BUILD)/fleet/bin/python sql/tools/fleet

fleet: all $(BUILD)/fleet/installed ## a database for each of many athletes: make fleet DIR=folder SRC=raw [ENGINE=processes|dask] (sql/tools/fleet/README.md)
	$(call needs,DIR,Say where to: make fleet DIR=fleet SRC=raw)
	@$(FLEET) run $${ENGINE:+"--engine=$$ENGINE"} -- "$$DIR" $${SRC:+"$$SRC"}

fleet-pool: all $(BUILD)/fleet/installed ## models of all athletes of a fleet: make fleet-pool DIR=folder
	$(call needs,DIR,Say which: make fleet-pool DIR=fleet)
	@$(FLEET) pool -- "$$DIR"

metadata: all ## write what plain Datasette needs to show DB=athlete.db with words, units and rounded views: make metadata OUT=metadata.json
	@$(TOOL)/metadata -- "$$DB" "$${OUT:-metadata.json}"

serve: $(BUILD)/serve/installed ## feature groups over HTTP, from DB=athlete.db, on this machine: PORT=8001 METADATA=settings.json; PAGES=1 for dashboards and tables
	@$(MAKE) -s --no-print-directory all
	@test -e "$$DB" || { printf 'There is no %s: say which database, make serve DB=demo.db\n' "$$DB" >&2; exit 1; }
	@printf '%s\n' "The API of $$DB: http://127.0.0.1:$$PORT/openapi.json. Values need a token: make token DB=$$DB NAME=me ATHLETE=all" \
	  "$(if $(PAGES),Dashboards and tables: open the address that comes now: it signs you in,Dashboards and tables: make serve PAGES=1)"
	@exec $(BUILD)/serve/bin/datasette serve $(if $(PAGES),--root) --load-extension $(EXTENSION) --plugins-dir sql/tools/serve/plugins \
	  --port "$$PORT" $${METADATA:+--metadata "$$METADATA"} -- "$$DB"

token: ## make a token for `make serve`: NAME=watch ATHLETE=4001 (or all) [WRITE=athlete_sleep] [DAYS=90]; sql/tools/serve/token does more
	@$(TOOL)/serve/token "--athlete=$$ATHLETE" $${WRITE:+"--write=$$WRITE"} $${DAYS:+"--days=$$DAYS"} -- "$$DB" "$$NAME"

mcp: ## an assistant's door, read-only: speaks MCP over stdio for ATHLETE=id of DB=athlete.db, with HTTP=1 on PORT=8001 by token; LOG=reads.jsonl
	@$(MAKE) -s --no-print-directory $(BUILD)/assistant/installed all >&2
	@exec $(BUILD)/assistant/bin/python sql/tools/assistant $(if $(HTTP),"--port=$$PORT",$${ATHLETE:+"--athlete=$$ATHLETE"}) $${LOG:+"--log=$$LOG"} -- "$$DB"

BENCHES = $(wildcard tests/bench/*.py)

bench: all static $(BUILD)/venv/bench-installed ## speed beside DuckDB, LightGBM, pandas and others; more than an hour, or BENCHES=tests/bench/asof.py
	$(call install,redis-server wrk)
	@for program in $(BENCHES); do echo "== $$program"; PYTHONPATH=tests $(BUILD)/venv/bin/python $$program || exit 1; done

readme: demo ## write the outputs and the reference that README.md shows, from the program itself
	@$(PYTHON) tests/readme.py --write

tour: demo $(BUILD)/venv/installed ## execute notebooks/tour.ipynb over demo.db, and keep what came of it in it
	@$(BUILD)/venv/bin/python tests/tour.py

# --- packages ------------------------------------------------------------------------------------------------

# Programs that a machine may have from elsewhere, whose packages would then stand in the way.
unless-there  = $(foreach program,$(1),$(if $(shell command -v $(program)),,$(program)))
RUN_PACKAGES  = sqlite3 libsqlite3-dev libcjson-dev pkg-config python3
TEST_PACKAGES = $(RUN_PACKAGES) python3-venv clang clang-format libclang-rt-dev llvm binutils strace tcl
CROSS_PACKAGES = gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user \
                 gcc-i686-linux-gnu libc6-dev-i386-cross musl-tools gcc-mingw-w64-x86-64 wine64 emscripten dpkg-dev $(call unless-there,npm)
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

test-deps: $(BUILD)/venv/installed $(BUILD)/feast/installed $(BUILD)/packaging/installed $(BUILD)/traced/installed

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

$(BUILD)/assistant/installed: sql/tools/assistant/requirements.txt | python-packages
	$(environment)

$(BUILD)/fleet/installed: sql/tools/fleet/requirements.txt | python-packages
	$(environment)

$(BUILD)/exchange/installed: sql/tools/exchange/requirements.txt | python-packages
	$(environment)

$(BUILD)/importers/installed: sql/tools/importers/requirements.txt | python-packages
	$(environment)

$(BUILD)/alerts/installed: sql/tools/alerts/requirements.txt | python-packages
	$(environment)

$(BUILD)/mlflow/installed: sql/tools/tracking/requirements.txt | python-packages
	$(environment)

$(BUILD)/sync/installed: sql/tools/sync/requirements.txt | python-packages
	$(environment)

$(BUILD)/venv/installed: tests/requirements.txt notebooks/requirements.txt sql/tools/alerts/requirements.txt sql/tools/assistant/requirements.txt sql/tools/tracking/requirements.txt sql/tools/sync/requirements.txt sql/tools/importers/requirements.txt sql/tools/serve/requirements.txt sql/tools/exchange/requirements.txt | test-packages
	$(environment)

$(BUILD)/venv/bench-installed: tests/bench/requirements.txt $(BUILD)/venv/installed
	@$(BUILD)/venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# For the sanitizers: libraries whose stacks they can read fast.
$(BUILD)/traced/installed: tests/helpers/machine/traced_libraries.py tests/helpers/machine/debian.py | test-packages
	@echo "Compiling SQLite and cJSON with frame pointers into $(@D)"
	@$(PYTHON) tests/helpers/machine/traced_libraries.py $(@D) && touch $@

# Apart, because Feast needs an older pandas than the other tests.
$(BUILD)/feast/installed: tests/sql/tools/exchange/requirements.txt | test-packages
	$(environment)

# Apart, because NannyML brings a hundred packages; for `make soak` alone.
$(BUILD)/nannyml/installed: tests/validation/requirements.txt | test-packages
	$(environment)

# Apart, because Evidently brings a hundred packages; for tests/bench/drift.py alone.
$(BUILD)/evidently/installed: tests/bench/requirements-evidently.txt | test-packages
	$(environment)

# Apart, because MLflow with its pages is 800 MB and each version brings others; for `make soak` alone.
$(BUILD)/mlflow-%/installed: tests/sql/tools/tracking/requirements-%.txt | test-packages
	$(environment)

# Apart, because Spark is half a gigabyte; for `make soak` alone.
$(BUILD)/engines/installed: tests/sql/tools/fleet/requirements.txt | test-packages
	$(call install,default-jre-headless)
	$(environment)

# Apart, because Sail knows an older PySpark, of which it needs the client alone; for `make soak` alone.
$(BUILD)/sail/installed: tests/sql/tools/fleet/requirements-sail.txt | test-packages
	$(environment)

# --- checking ------------------------------------------------------------------------------------------------

RUN_TESTS = $(BUILD)/venv/bin/python tests/run --build $(BUILD)

test: test-deps ## everything that checks: lint, tests, and the tests again under the sanitizers
	@$(RUN_TESTS) build lint pytest sanitize

check: test-deps ## lint, and the tests that take under half a second, of many cases some
	@$(RUN_TESTS) lint check

soak: test-deps $(BUILD)/nannyml/installed $(BUILD)/mlflow-2/installed $(BUILD)/mlflow-3/installed $(BUILD)/engines/installed $(BUILD)/sail/installed ## what `make test` takes a sample of, in full: whole grids, long fuzzing, other processors; hours
	$(call install,$(call unless-there,npm cargo chromium) emscripten gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user dpkg-dev debootstrap)
	@$(RUN_TESTS) soak soak-sanitized
	@mkdir -p $(BUILD)/one-file && for d in venv feast serve exchange nannyml mlflow-2 mlflow-3 engines sail; do ln -sfn ../$$d $(BUILD)/one-file/$$d; done
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

architectures: ## the same answers on arm64, armhf, s390x, 32 bits, wasm, musl and Windows, under qemu and wine; installs compilers, some 2 GB
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

# What only an optimizer sees, the build itself is asked about, with -O3 and -Werror; here it is not done again.
lint-gcc: $(MADE:%=$(BUILD)/made/%.c)
	@printf '%s\n' $(SOURCES) $^ | xargs -P $$(nproc) -n 8 gcc $(FLAGS) $(LINT) -Wlogical-op -Wduplicated-cond -Wduplicated-branches -fsyntax-only

lint-clang: $(MADE:%=$(BUILD)/made/%.c)
	@printf '%s\n' $(SOURCES) $^ | xargs -P $$(nproc) -n 8 clang $(FLAGS) $(LINT) -Wunreachable-code -fsyntax-only

lint-format:
	@clang-format --dry-run -Werror $(wildcard ext/*.[ch] ext/*/*.[ch] ext/*/*/*.[ch])

lint-stages:
	@PYTHONPATH=sql/tools/stages $(PYTHON) tests/helpers/stage_headers.py $(sort $(wildcard sql/[0-9]_*/*.sql sql/[0-9]_*/*/*.sql))
