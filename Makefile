# athlete: build, demo, import, pipeline, test, bench. `make help` lists the targets.

BUILD  ?= build
DB     ?= athlete.db
CC     ?= gcc
PYTHON ?= /usr/bin/python3
VENV    = $(BUILD)/venv

SUFFIX := $(if $(filter Darwin,$(shell uname -s)),dylib,so)
EXTENSION = $(BUILD)/athlete.$(SUFFIX)

# --- flags ---------------------------------------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wundef \
           -Wwrite-strings -Wvla -Wimplicit-fallthrough
# No fused multiply-add: the same input gives the same bytes on every processor.
CFLAGS  ?= -O3
FLAGS    = -std=c11 -fPIC -fvisibility=hidden -ffp-contract=off -Iext $(WARNINGS) $(CFLAGS)
LDLIBS   = -lm

# cJSON: the system's library, or with CJSON_SRC=<folder of cJSON.c and cJSON.h> its source, symbols hidden.
ifdef CJSON_SRC
FLAGS  += -isystem $(CJSON_SRC)
HIDDEN_CJSON = $(BUILD)/obj/cJSON.o
else
FLAGS  += $(shell pkg-config --cflags libcjson 2>/dev/null)
LDLIBS += $(shell pkg-config --libs libcjson 2>/dev/null)
endif
FLAGS  += $(shell pkg-config --cflags sqlite3 2>/dev/null)

SOURCES := $(wildcard ext/*.c ext/*/*.c)
OBJECTS  = $(SOURCES:%.c=$(BUILD)/obj/%.o) $(HIDDEN_CJSON)

# --- building ------------------------------------------------------------------------------------------------

.PHONY: all help deps clean
all: $(EXTENSION)

$(EXTENSION): $(OBJECTS)
	$(CC) -shared $(CFLAGS) -o $@ $(OBJECTS) $(LDLIBS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/cJSON.o: $(CJSON_SRC)/cJSON.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -fPIC -fvisibility=hidden -DCJSON_HIDE_SYMBOLS -DENABLE_LOCALES $(CFLAGS) -c -o $@ $<

-include $(OBJECTS:.o=.d)

clean:
	rm -rf $(BUILD)
