/* The arguments of CREATE VIRTUAL TABLE … USING name(first, option=value, …). */
#ifndef ATHLETE_BASE_BINDING_MODULE_ARGUMENTS_H
#define ATHLETE_BASE_BINDING_MODULE_ARGUMENTS_H

#include "base/binding/function.h"

#define MODULE_ARGUMENTS_MAX 16

/* The texts of the arguments that the function's declaration names, unquoted; NULL where one is not given. The first
** comes by position, the others as name=value. */
typedef struct module_arguments {
    const athlete_function *function;
    char *texts[MODULE_ARGUMENTS_MAX];
} module_arguments;

/* `argc` and `argv` are those of xCreate. A virtual table outside temp is refused: it would stay in the file, which must
** open without the extension. SQLITE_OK, or an error with its sentence in *message. */
int module_arguments_read(module_arguments *arguments, const athlete_function *function, int argc,
                          const char *const *argv, char **message);
void module_arguments_free(module_arguments *arguments);

/* Option `index` as true (1) or false (0); `otherwise` if it is not given. -1 sets *message. */
int module_flag(const module_arguments *arguments, int index, int otherwise, char **message);

/* "<function>: <what is wrong>" into *message, in place of what is there; returns SQLITE_ERROR or SQLITE_NOMEM. */
int module_fail(const athlete_function *function, char **message, const char *format, ...);

/* `text` without its quotes, if it has any: 'a''b', "a", [a] or `a`. NULL when memory is short. */
char *unquoted(const char *text, size_t length);

#endif
