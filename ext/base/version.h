/* Of the extension, in athlete_version() and in the models that it writes. */
#ifndef ATHLETE_BASE_VERSION_H
#define ATHLETE_BASE_VERSION_H

#define ATHLETE_VERSION "0.1.0"

#endif
