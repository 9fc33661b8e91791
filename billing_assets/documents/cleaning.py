"""Text that other people wrote, made safe to print.

Belongs here: what happens to control, bidirectional and invisible characters and to text that is
too long. Every string of an invoice passes through :func:`clean` on its way into a view model.
Does not belong here: escaping. Each renderer escapes for its own form (Jinja2 autoescape; Typst
receives data, never source).
"""

import unicodedata

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_INVISIBLE = frozenset({"Cc", "Cf"})
_UNKNOWN = frozenset({"Cs", "Co", "Cn"})
_UNKNOWN_MARK = "\N{REPLACEMENT CHARACTER}"


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return " " if character.isspace() else ""
    return _UNKNOWN_MARK if category in _UNKNOWN else character


def clean(text: str, limit: int = 80) -> str:
    r"""Return ``text`` in one line, composed (NFC), visible, and at most ``limit`` characters long.

    White space of any kind becomes one space. Control and format characters are dropped (among
    them the bidirectional controls, which change how the text beside them reads). Private-use,
    surrogate and unassigned characters become U+FFFD: they meant something, so they stay seen.
    A text that is too long ends in an ellipsis.

    >>> clean("Ana\u202e  \n García")
    'Ana García'
    >>> clean("x" * 100, limit=5)
    'xxxx…'
    """
    # The slice bounds the work on hostile input, and leaves room for what is dropped or composed.
    shortened = text[: limit * 8]
    plain = shortened.isascii() and shortened.isprintable()
    visible = shortened if plain else "".join(_seen(character) for character in shortened)
    composed = " ".join(unicodedata.normalize("NFC", visible).split())
    if len(composed) <= limit and len(shortened) == len(text):
        return composed
    return composed[: limit - 1].rstrip(" .,;·-") + ELLIPSIS


def fold_lines(lines: tuple[str, ...], count: int, limit: int = 60) -> list[str]:
    """Return at most ``count`` cleaned, non-empty lines; what is over is joined into the last one.

    >>> fold_lines(("Calle Mayor 1", "", "28013 Madrid", "Madrid"), 2)
    ['Calle Mayor 1', '28013 Madrid, Madrid']
    """
    kept = [line for line in (clean(line, limit) for line in lines) if line]
    if len(kept) <= count:
        return kept
    return [*kept[: count - 1], clean(", ".join(kept[count - 1 :]), limit)]
