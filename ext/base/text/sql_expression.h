/* Whether a text can stand between parentheses in a statement without getting out of them. */
#ifndef ATHLETE_BASE_TEXT_SQL_EXPRESSION_H
#define ATHLETE_BASE_TEXT_SQL_EXPRESSION_H

/* NULL, or why not: a static phrase. Quotes and parentheses must be closed, and there may be neither a comment, which
** could swallow what follows, nor a semicolon. Whether it is an expression SQLite says when it compiles it. */
const char *sql_expression_fault(const char *text);

#endif
