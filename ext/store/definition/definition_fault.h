/* Why a definition is refused. */
#ifndef ATHLETE_STORE_DEFINITION_DEFINITION_FAULT_H
#define ATHLETE_STORE_DEFINITION_DEFINITION_FAULT_H

typedef struct definition_fault {
    char text[520]; /* a sentence without the function's name, which says where: "features[2].min: …" */
} definition_fault;

#endif
