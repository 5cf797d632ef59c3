#include "charts/svg_writer.h"

#include <string.h>
#include "base/numbers/decimal.h"
#include "base/utf8.h"

/* Okabe and Ito's order of hues, which readers with any colour vision tell apart, each darkened or lightened until it stands out from
** the page at 4.5 : 1 or more. */
static const char light_colours[] = "--i:#1a1a1a;--m:#565656;--g:#dcdcdc;--p:#fff;--c0:#0069a6;--c1:#b84a00;"
                                    "--c2:#00735a;--c3:#93407f;--c4:#7a5c00;--c5:#555";
static const char dark_colours[] =
    "--i:#f2f2f2;--m:#b8b8b8;--g:#3c3c3c;--p:#161616;--c0:#62b6ee;--c1:#ff9d5c;"
    "--c2:#4fcba0;--c3:#e59bd0;--c4:#e3c64f;--c5:#c4c4c4";
static const char rules[] =
    ".athlete{background:var(--p);font:12px system-ui,sans-serif;max-width:100%;height:auto}"
    ".athlete text{fill:var(--i)}.athlete .m{fill:var(--m)}.athlete .t{font-size:14px;font-weight:600}"
    ".athlete .h{paint-order:stroke;stroke:var(--p);stroke-width:3px;fill:var(--m)}"
    ".athlete .g{stroke:var(--g);fill:none}.athlete .x{stroke:var(--m);fill:none}"
    ".athlete .l{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".athlete .d{stroke-dasharray:5 4;stroke-width:1.5}.athlete .r{fill:var(--p);stroke-width:1.5}"
    ".athlete .b{fill-opacity:.28}.athlete .k{fill-opacity:.45}.athlete "
    ".zgood{fill:var(--c2);fill-opacity:.14}"
    ".athlete .zwarn{fill:var(--c4);fill-opacity:.16}.athlete .zbad{fill:var(--c1);fill-opacity:.18}"
    ".athlete .znone{fill:none}.athlete .q0{fill:var(--g)}";

static void add_colour_rules(text_buffer *out) {
    for (int i = 0; i < 6; i++) {
        text_add(out, ".athlete .s");
        text_add_integer(out, i);
        text_add(out, "{stroke:var(--c");
        text_add_integer(out, i);
        text_add(out, ")}.athlete .f");
        text_add_integer(out, i);
        text_add(out, "{fill:var(--c");
        text_add_integer(out, i);
        text_add(out, ")}");
    }
}

void svg_open(text_buffer *out, const svg_look *look, int height, const char *kind, size_t rows) {
    text_add(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"athlete\" role=\"img\" viewBox=\"0 0 ");
    text_add_integer(out, look->width);
    text_add(out, " ");
    text_add_integer(out, height);
    text_add(out, "\"");
    svg_attribute(out, "width", (double)look->width);
    svg_attribute(out, "height", height);
    text_add(out, "><title>");
    svg_escaped(out, look->title ? look->title : kind);
    text_add(out, "</title><desc>");
    if (look->desc) svg_escaped(out, look->desc);
    else {
        text_add(out, kind);
        text_add(out, " of ");
        text_add_integer(out, (int64_t)rows);
        text_add(out, rows == 1 ? " row" : " rows");
    }
    text_add(out, "</desc><style>.athlete{");
    text_add(out, look->theme == SVG_DARK ? dark_colours : light_colours);
    text_add(out, "}");
    if (look->theme == SVG_AUTO) {
        text_add(out, "@media(prefers-color-scheme:dark){.athlete{");
        text_add(out, dark_colours);
        text_add(out, "}}");
    }
    text_add(out, rules);
    add_colour_rules(out);
    text_add(out, "</style>");
}

void svg_close(text_buffer *out) {
    text_add(out, "</svg>");
}

double svg_heading(text_buffer *out, const svg_look *look) {
    if (!look->title && !look->unit) return 8;
    double unit_px = look->unit ? svg_width_px(look->unit) : 0;
    double most = (double)look->width * 0.4;
    if (unit_px > most) unit_px = most;
    if (look->title) /* 14 px and bold, for which svg_width_px is told less room */
        svg_words(out, 8, 18, "start", "t", look->title, ((double)look->width - 24 - unit_px) * 0.7);
    if (look->unit) svg_words(out, (double)look->width - 8, 18, "end", "m", look->unit, unit_px + 1);
    return 28;
}

/* --- numbers -------------------------------------------------------------------------------------------- */

void svg_put(text_buffer *out, double px) {
    int64_t tenths = (int64_t)(px * 10 + (px < 0 ? -0.5 : 0.5));
    if (tenths < 0) text_add(out, "-");
    if (tenths < 0) tenths = -tenths;
    text_add_integer(out, tenths / 10);
    if (tenths % 10 == 0) return;
    text_add(out, ".");
    text_add_integer(out, tenths % 10);
}

void svg_attribute(text_buffer *out, const char *name, double px) {
    text_add(out, " ");
    text_add(out, name);
    text_add(out, "=\"");
    svg_put(out, px);
    text_add(out, "\"");
}

/* The digits of `n`, at least `least` of them, before `end`; where they begin. */
static char *digits_before(char *end, uint64_t n, int least) {
    for (; n > 0 || least > 0; n /= 10, least--) *--end = (char)('0' + n % 10);
    return end;
}

void svg_label(double x, int format, int decimals, char label[SVG_LABEL_SIZE]) {
    static const int64_t scales[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    double size = (x < 0 ? -x : x) * (format == SVG_TIME ? 1 : (double)scales[decimals]);
    if (!(size < 9e17)) {
        decimal_write_short(x, label);
        return;
    }
    uint64_t n = (uint64_t)(size + 0.5);
    char digits[SVG_LABEL_SIZE], *end = digits + sizeof digits - 1, *start = end;
    *end = '\0';
    if (format == SVG_TIME) {
        start = digits_before(start, n % 60, 2);
        *--start = ':';
        start = digits_before(start, n / 60 % 60, n >= 3600 ? 2 : 1);
        if (n >= 3600) {
            *--start = ':';
            start = digits_before(start, n / 3600, 1);
        }
    } else {
        if (decimals > 0) {
            start = digits_before(start, n % (uint64_t)scales[decimals], decimals);
            *--start = '.';
        }
        start = digits_before(start, n / (uint64_t)scales[decimals], 1);
    }
    if (x < 0 && n > 0) *--start = '-';
    memcpy(label, start, (size_t)(end - start) + 1);
}

/* --- texts ---------------------------------------------------------------------------------------------- */

/* XML 1.0 has no control characters but tab and line ends, and neither U+FFFE nor U+FFFF. */
static bool is_xml_character(const char *text, size_t length) {
    if (length == 1) return (unsigned char)text[0] >= ' ' && text[0] != 0x7f;
    return length != 3 || memcmp(text, "\xef\xbf", 2) != 0 || (unsigned char)text[2] < 0xbe;
}

/* Writes the one character at `text` and answers its bytes. */
static size_t add_character(text_buffer *out, const char *text, size_t left) {
    size_t length = utf8_length(text, left);
    if (text[0] == '\t' || text[0] == '\n' || text[0] == '\r') text_add(out, " ");
    else if (length == 0 || !is_xml_character(text, length)) text_add(out, "\xef\xbf\xbd");
    else if (text[0] == '&') text_add(out, "&amp;");
    else if (text[0] == '<') text_add(out, "&lt;");
    else if (text[0] == '>') text_add(out, "&gt;");
    else if (text[0] == '"') text_add(out, "&quot;");
    else if (text[0] == '\'') text_add(out, "&#39;");
    else text_add_bytes(out, text, length);
    return length > 0 ? length : 1;
}

void svg_escaped(text_buffer *out, const char *text) {
    for (size_t left = strlen(text), used; left > 0; text += used, left -= used)
        used = add_character(out, text, left);
}

/* What is of three bytes and more is mostly as wide as it is high. */
static double character_px(const char *text, size_t length) {
    if (length >= 3) return SVG_FONT_PX;
    if (length == 1 && memchr("iljftrI.,:;|'!()[] ", text[0], 19)) return SVG_FONT_PX * 0.36;
    return length == 1 && (memchr("mwMW%@", text[0], 6) || (text[0] >= 'A' && text[0] <= 'Z'))
               ? SVG_FONT_PX * 0.8
               : SVG_FONT_PX * 0.6;
}

double svg_width_px(const char *text) {
    double px = 0;
    for (size_t left = strlen(text), used; left > 0; text += used, left -= used) {
        used = utf8_length(text, left);
        px += character_px(text, used > 0 ? used : 3);
        if (used == 0) used = 1;
    }
    return px;
}

static void add_cut(text_buffer *out, const char *text, double room) {
    size_t left = strlen(text);
    bool fits = left < 400 && svg_width_px(text) <= room;
    if (!fits) room -= SVG_FONT_PX;
    while (left > 0) {
        size_t length = utf8_length(text, left);
        room -= character_px(text, length > 0 ? length : 3);
        if (!fits && room < 0) {
            text_add(out, "\xe2\x80\xa6");
            return;
        }
        size_t used = add_character(out, text, left);
        text += used;
        left -= used;
    }
}

void svg_words(text_buffer *out, double x, double y, const char *anchor, const char *class, const char *text,
               double room) {
    text_add(out, "<text");
    svg_attribute(out, "x", x);
    svg_attribute(out, "y", y);
    if (strcmp(anchor, "start") != 0) {
        text_add(out, " text-anchor=\"");
        text_add(out, anchor);
        text_add(out, "\"");
    }
    if (class) {
        text_add(out, " class=\"");
        text_add(out, class);
        text_add(out, "\"");
    }
    text_add(out, ">");
    add_cut(out, text, room);
    text_add(out, "</text>");
}

void svg_box(text_buffer *out, const char *class, double x, double y, double width, double height) {
    text_add(out, "<rect class=\"");
    text_add(out, class);
    text_add(out, "\"");
    svg_attribute(out, "x", x);
    svg_attribute(out, "y", y);
    svg_attribute(out, "width", width);
    svg_attribute(out, "height", height);
}

void svg_told(text_buffer *out, const svg_look *look, const char *element, const char *name, double value) {
    char label[SVG_LABEL_SIZE];
    svg_label(value, look->format, (int)look->decimals, label);
    text_add(out, "><title>");
    svg_escaped(out, name);
    text_add(out, ": ");
    text_add(out, label);
    text_add(out, "</title></");
    text_add(out, element);
    text_add(out, ">");
}
