/* The parts that every SVG picture is made of: its frame and colours, texts, numbers.
**
** Coordinates have one decimal and are printed here, so that the same rows give the same bytes everywhere. A text that is
** shown may be anyone's: what XML gives a meaning is escaped, what it cannot hold becomes U+FFFD. */
#ifndef ATHLETE_CHARTS_SVG_WRITER_H
#define ATHLETE_CHARTS_SVG_WRITER_H

#include "base/text/text_buffer.h"

#define SVG_LABEL_SIZE 32
#define SVG_FONT_PX    12

typedef enum svg_format { SVG_NUMBER, SVG_TIME } svg_format;

/* Light or dark as the reader's system is, or one of them always. */
typedef enum svg_theme { SVG_AUTO, SVG_LIGHT, SVG_DARK } svg_theme;

/* How a picture looks, as its options say. */
typedef struct svg_look {
    char *title, *desc, *unit; /* any may be NULL */
    long long width, height;   /* px; a height of 0 is the chart's own */
    long long decimals;
    int format; /* svg_format: seconds are shown as h:mm:ss */
    int theme;  /* svg_theme */
} svg_look;

/* Begins a picture that is `height` px high; `kind` is its title where it has none, and with the number of rows what it says to
** who cannot see it where it has no description. */
void svg_open(text_buffer *out, const svg_look *look, int height, const char *kind, size_t rows);
void svg_close(text_buffer *out);

/* The title and the unit at the top of the picture; answers how many px they take. */
double svg_heading(text_buffer *out, const svg_look *look);

void svg_put(text_buffer *out, double px);                         /* a coordinate */
void svg_attribute(text_buffer *out, const char *name, double px); /* ` name="px"` */
void svg_escaped(text_buffer *out, const char *text);

/* <text> with one of the anchors "start", "middle" and "end", cut with an ellipsis to `room` px; `class` may be NULL. */
void svg_words(text_buffer *out, double x, double y, const char *anchor, const char *class, const char *text,
               double room);
/* A rectangle that is left open for a title: end it with svg_told or with "/>". */
void svg_box(text_buffer *out, const char *class, double x, double y, double width, double height);
/* Ends an element with what is shown under the pointer: "name: value". */
void svg_told(text_buffer *out, const svg_look *look, const char *element, const char *name, double value);

/* About how wide a text is. */
double svg_width_px(const char *text);

/* `x` with so many decimals (0 to 6), or as a time; terminated. */
void svg_label(double x, int format, int decimals, char label[SVG_LABEL_SIZE]);

#endif
