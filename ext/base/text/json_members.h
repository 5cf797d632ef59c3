/* The members of one JSON object, each asked for by name with what it must be; for small models of our own. */
#ifndef ATHLETE_BASE_TEXT_JSON_MEMBERS_H
#define ATHLETE_BASE_TEXT_JSON_MEMBERS_H

#include "base/text/json_lists.h"

/* After the first failure nothing more is read; `status` and the fault say why. */
typedef struct json_members {
    json_lists parsed;
    athlete_budget *budget;
    athlete_status status;
    athlete_fault *fault;
} json_members;

/* Close it also after a failure. `poll` may be NULL. */
athlete_status json_members_open(json_members *members, const char *text, size_t length,
                                 athlete_budget *budget, athlete_poll *poll, athlete_fault *fault);
void json_members_close(json_members *members);

/* What a sentence about the whole says; returns the status. */
athlete_status json_members_refuse(json_members *members, const char *sentence);

bool json_member_is_there(const json_members *members, const char *name);

/* A list of `least` to `most` numbers, each from `min` to `max`; without values after a failure. */
number_list json_member_numbers(json_members *members, const char *name, size_t least, size_t most,
                                double min, double max);

/* A number from `min` to `max`; 0 after a failure. */
double json_member_number(json_members *members, const char *name, double min, double max);

/* Which of the words, which end with NULL, the text is; -1 after a failure. */
int json_member_choice(json_members *members, const char *name, const char *const *words);

/* A list of n texts, which live as long as the members. */
athlete_status json_member_texts(json_members *members, const char *name, size_t n, const char **texts);

#endif
