# What is made for other hosts: pip, npm, browsers, applications. Included by the Makefile.

HOST_TARGETS = wheel npm wasm app dist
.PHONY: $(HOST_TARGETS)

# cJSON is inside, from its source as Debian has it. Asked of the shell: make would go on believing that a folder made by this very run is not there.
DEBIAN_CJSON  = $(firstword $(shell ls -d $(BUILD)/traced/cJSON-* 2>/dev/null) $(CJSON_SRC))
DEBIAN_SQLITE = $(firstword $(shell ls -d $(BUILD)/traced/sqlite3-* 2>/dev/null))

# Of another processor beside those of this one: make wheel CC=aarch64-linux-gnu-gcc. SQLite's headers are not among its compiler's.
PACKED = $(BUILD)/wheel$(if $(filter-out $(shell gcc -dumpmachine),$(TARGET)),-$(TARGET))

# Objects know nothing of where cJSON is: where its header and SQLite's are those of this machine, what was compiled for it is taken.
header  = $(shell pkg-config --variable=includedir $(1))/$(2)
AS_HERE = $(if $(filter $(BUILD)/wheel,$(PACKED)),$(shell cmp -s $(DEBIAN_CJSON)/cJSON.h $(call header,libcjson,cjson/cJSON.h) && \
            cmp -s $(DEBIAN_SQLITE)/sqlite3ext.h $(call header,sqlite3,sqlite3ext.h) && echo yes))

.PHONY: $(PACKED)/athlete.$(SUFFIX)
$(PACKED)/athlete.$(SUFFIX): $(BUILD)/traced/installed | packages
	@mkdir -p $(PACKED)/linked
	@$(MAKE) --no-print-directory CJSON_SRC=$(DEBIAN_CJSON) $(if $(AS_HERE),,BUILD=$(PACKED) CFLAGS="$(CFLAGS) -isystem $(DEBIAN_SQLITE)") \
	  EXTENSION=$(PACKED)/linked/athlete.$(SUFFIX) all
	@cp $(PACKED)/linked/athlete.$(SUFFIX) $@

$(BUILD)/packaging/installed: ext/hosts/python/requirements.txt | python-packages
	$(environment)

wheel: $(PACKED)/athlete.$(SUFFIX) $(BUILD)/packaging/installed ## dist/athlete_sqlite-….whl for pip, of this machine's processor and C library, or of another's: CC=aarch64-linux-gnu-gcc
	@$(BUILD)/packaging/bin/python ext/hosts/python/build.py $< $(DIST)

npm: $(PACKED)/athlete.$(SUFFIX) ## dist/athlete-sqlite-….tgz for npm, of this machine's processor
	@$(PYTHON) ext/hosts/npm/build.py $< $(DIST)

wasm: $(BUILD)/traced/installed ## dist/athlete.html, a page that opens an athlete.db in a browser; installs emscripten, some 1 GB
	$(call install,emscripten)
	@$(PYTHON) ext/hosts/wasm/build.py $(BUILD)/wasm $(DEBIAN_SQLITE) $(DEBIAN_CJSON) $(DIST)

# The example of an application, for the compiler's target: SQLite, cJSON and athlete as one C file each, and the library alone, in pages of
# 16 KB as Android wants them. make app CC=aarch64-linux-gnu-gcc
APP        = $(BUILD)/app/$(TARGET)
APP_FLAGS  = -std=gnu11 -O2 -fPIC -fvisibility=hidden -ffp-contract=off -DSQLITE_CORE -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION \
             -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_DQS=0 -DCJSON_HIDE_SYMBOLS -I$(BUILD)/one -I$(DEBIAN_SQLITE) -I$(DEBIAN_CJSON)
APP_PARTS  = $(BUILD)/one/athlete.c $(DEBIAN_SQLITE)/sqlite3.c $(DEBIAN_CJSON)/cJSON.c ext/hosts/app/app.c

app: $(BUILD)/traced/installed $(BUILD)/one/athlete.c ## build/app/<target>/app, what an application on a phone does, and its assets: make app CC=aarch64-linux-gnu-gcc
	@mkdir -p $(APP)
	@for part in $(APP_PARTS); do made=$(APP)/$$(basename $$part .c).o; test $$made -nt $$part || $(CC) $(APP_FLAGS) -w -c -o $$made $$part || exit 1; done
	@$(CC) -static -s -o $(APP)/app $(addprefix $(APP)/,app.o athlete.o sqlite3.o cJSON.o) -lm -pthread
	@$(CC) -shared -s -Wl,-z,max-page-size=16384 -Wl,-z,common-page-size=16384 -o $(APP)/libathlete.so $(APP)/athlete.o $(APP)/cJSON.o -lm -pthread
	@$(PYTHON) ext/hosts/app/assets.py $(BUILD)/app/assets
	@ls -l $(APP)/app $(APP)/libathlete.so | awk '{ printf "%s: %.2f MB\n", $$NF, $$5 / 1e6 }'

# A release: archives, packages, the page, with checksums and a bill of materials (ext/hosts/README.md).
RELEASE = $(BUILD)/release

dist: wheel npm wasm amalgamation ## dist/: archives, packages, the page, the reference, notes, a bill of materials and checksums of this version
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)/source $(RELEASE)/amalgamation $(RELEASE)/library $(RELEASE)/out
	@git archive HEAD | tar x -C $(RELEASE)/source
	@cp $(DIST)/athlete.c $(DIST)/athlete.h LICENSE $(RELEASE)/amalgamation
	@cp $(PACKED)/athlete.$(SUFFIX) LICENSE $(RELEASE)/library
	@$(PYTHON) ext/hosts/app/assets.py $(RELEASE)/assets
	@$(PYTHON) ext/hosts/release.py $(RELEASE)/out $(DEBIAN_CJSON) $(DEBIAN_SQLITE) source=$(RELEASE)/source amalgamation=$(RELEASE)/amalgamation \
	  $(shell uname -s | tr A-Z a-z)-$(shell uname -m)=$(RELEASE)/library assets=$(RELEASE)/assets \
	  wheel/=$(lastword $(sort $(wildcard $(DIST)/*.whl))) npm/=$(lastword $(sort $(wildcard $(DIST)/*.tgz))) page.html=$(DIST)/athlete.html
	@cp $(RELEASE)/out/* $(DIST)
