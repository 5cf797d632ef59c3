"""What a person's eye asks of a page in a browser: contrasts, texts that are cut off, what sticks out."""

# Of each text that is shown: it, its colour and the colour behind it, each with what shines through, and their ratio by WCAG 2.
CONTRASTS = """(() => {
    const parts = text => { const found = text.match(/[\\d.]+/g).map(Number); return found.length < 4 ? [...found.slice(0, 3), 1] : found; };
    const over = (top, below) => [0, 1, 2].map(i => top[3] * top[i] + (1 - top[3]) * below[i]).concat(1);
    const light = colour => { const [r, g, b] = colour.slice(0, 3).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = each => { const chain = []; for (; each; each = each.parentElement) chain.push(parts(getComputedStyle(each).backgroundColor));
        return chain.reverse().reduce((below, colour) => over(colour, below), [255, 255, 255, 1]); };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Map();
    while (walk.nextNode()) {
        const each = walk.currentNode.parentElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
        if (!walk.currentNode.data.trim() || ['STYLE', 'SCRIPT', 'title', 'desc', 'OPTION'].includes(each.tagName) || box.width * box.height === 0 || style.visibility === 'hidden') continue;
        let colour = parts(each instanceof SVGElement ? style.fill : style.color);
        for (let up = each; up; up = up.parentElement) colour = [...colour.slice(0, 3), colour[3] * Number(getComputedStyle(up).opacity) * (up === each && up instanceof SVGElement ? Number(style.fillOpacity) : 1)];
        if (colour[3] === 0) continue; // a label of an axis that another one would cover
        const below = behind(each), shown = over(colour, below), [high, low] = [light(shown), light(below)].sort((a, b) => b - a);
        const pair = shown.slice(0, 3).map(Math.round) + ' on ' + below.slice(0, 3).map(Math.round);
        if (!found.has(pair)) found.set(pair, [walk.currentNode.data.trim().slice(0, 40), pair, (high + 0.05) / (low + 0.05)]);
    }
    return [...found.values()];
})()"""

# Texts of pictures that end in an ellipsis, or stand out of their picture.
CUT = """Array.from(document.querySelectorAll('svg')).flatMap(svg => { const frame = svg.getBoundingClientRect();
    return Array.from(svg.querySelectorAll('text')).filter(text => { const box = text.getBoundingClientRect();
        return text.textContent.endsWith('…') || Math.max(frame.left - box.left, box.right - frame.right, 0) > 1; }).map(text => text.textContent); })"""
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
TWICE = "document.documentElement.style.fontSize = '200%'"


def contrast(one, other):
    """Of two colours as hexadecimal digits, three or six, by WCAG 2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    digits = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
