#include "base/binding/module_arguments.h"

#include <limits.h>
#include <string.h>

int module_fail(const athlete_function *function, char **message, int rc, const athlete_fault *fault) {
    bool is_told = *fault->text && rc != SQLITE_INTERRUPT;
    if (rc == SQLITE_OK || rc == SQLITE_NOMEM || (!is_told && rc != SQLITE_INTERRUPT && rc != SQLITE_AUTH))
        return rc;
    sqlite3_free(*message);
    *message = rc == SQLITE_INTERRUPT
                   ? sqlite3_mprintf("%s", sqlite3_errstr(rc))
                   : sqlite3_mprintf("%s: %s", function->name, is_told ? fault->text : sqlite3_errstr(rc));
    return *message ? rc : SQLITE_NOMEM;
}

static size_t trimmed(const char **text, size_t length) {
    while (length > 0 && strchr(" \t\r\n", **text)) ++*text, length--;
    while (length > 0 && strchr(" \t\r\n", (*text)[length - 1])) length--;
    return length;
}

char *unquoted(const char *text, size_t length) {
    length = trimmed(&text, length);
    char *out = sqlite3_malloc64(length + 1);
    if (!out) return NULL;
    char quote = length > 1 ? text[0] : '\0';
    if (quote == '[') quote = ']';
    bool quoted = quote && strchr("'\"`]", quote) && text[length - 1] == quote;
    size_t n = 0;
    for (size_t i = quoted; i < length - quoted; i++) {
        out[n++] = text[i];
        if (quoted && text[i] == quote && quote != ']' && i + 1 < length - 1 && text[i + 1] == quote) i++;
    }
    out[n] = '\0';
    return out;
}

static int unknown_option(const athlete_function *function, const char *name, size_t length,
                          athlete_fault *fault) {
    sqlite3_str *out = sqlite3_str_new(NULL);
    sqlite3_str_appendf(out, "unknown option \"%.*s\"; known are", (int)(length > 40 ? 40 : length), name);
    for (int i = 1; function->arguments[i].name; i++)
        sqlite3_str_appendf(out, "%s %s", i > 1 ? "," : "", function->arguments[i].name);
    return status_code(fault_refuse_str(fault, out));
}

static int module_read_option(module_arguments *arguments, const char *text, athlete_fault *fault) {
    const athlete_argument *declared = arguments->function->arguments;
    const char *equals = strchr(text, '=');
    if (!equals) {
        return status_code(fault_refuse(fault, "expected option=value, got %.40s", text));
    }
    const char *name = text;
    size_t length = trimmed(&name, (size_t)(equals - text));
    int index = 1;
    while (declared[index].name && (strlen(declared[index].name) != length ||
                                    sqlite3_strnicmp(declared[index].name, name, (int)length) != 0)) {
        index++;
    }
    if (!declared[index].name) return unknown_option(arguments->function, name, length, fault);
    if (arguments->texts[index]) {
        return status_code(fault_refuse(fault, "option \"%s\" is given twice", declared[index].name));
    }
    arguments->texts[index] = unquoted(equals + 1, strlen(equals + 1));
    return arguments->texts[index] ? SQLITE_OK : SQLITE_NOMEM;
}

int module_arguments_read(module_arguments *arguments, const athlete_function *function, int argc,
                          const char *const *argv, athlete_fault *fault) {
    *arguments = (module_arguments){.function = function};
    if (sqlite3_stricmp(argv[1], "temp") != 0) {
        return status_code(
            fault_refuse(fault,
                         "must be created in temp (CREATE VIRTUAL TABLE temp.%s …), because the file must "
                         "open without the extension",
                         argv[2]));
    }
    if (argc < 4) {
        return status_code(fault_refuse(fault, "argument 1 (%s) is missing", function->arguments[0].name));
    }
    arguments->texts[0] = unquoted(argv[3], strlen(argv[3]));
    int rc = arguments->texts[0] ? SQLITE_OK : SQLITE_NOMEM;
    for (int i = 4; i < argc && rc == SQLITE_OK; i++) rc = module_read_option(arguments, argv[i], fault);
    return rc;
}

void module_arguments_free(module_arguments *arguments) {
    for (int i = 0; i < MODULE_ARGUMENTS_MAX; i++) {
        sqlite3_free(arguments->texts[i]);
        arguments->texts[i] = NULL;
    }
}

int module_flag(const module_arguments *arguments, int index, int otherwise, athlete_fault *fault) {
    const char *text = arguments->texts[index];
    if (!text) return otherwise;
    if (strcmp(text, "1") == 0 || sqlite3_stricmp(text, "true") == 0) return 1;
    if (strcmp(text, "0") == 0 || sqlite3_stricmp(text, "false") == 0) return 0;
    fault_refuse(fault, "option \"%s\" must be 0 or 1, got '%.40s'",
                 arguments->function->arguments[index].name, text);
    return -1;
}
