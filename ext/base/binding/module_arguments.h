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
** open without the extension. SQLITE_OK, or an error, said in `fault`. */
int module_arguments_read(module_arguments *arguments, const athlete_function *function, int argc,
                          const char *const *argv, athlete_fault *fault);
void module_arguments_free(module_arguments *arguments);

/* Option `index` as true (1) or false (0); `otherwise` if it is not given. -1 if it is neither, which is said. */
int module_flag(const module_arguments *arguments, int index, int otherwise, athlete_fault *fault);

/* Ends a routine of a virtual table's that `rc` is the code of: SQLite's *message is then "<function>: <what is wrong>", if
** that was said or was forbidden, or "interrupted", in place of what is there. Returns the code. */
int module_fail(const athlete_function *function, char **message, int rc, const athlete_fault *fault);

/* `text` without its quotes, if it has any: 'a''b', "a", [a] or `a`. NULL when memory is short. */
char *unquoted(const char *text, size_t length);

#endif
