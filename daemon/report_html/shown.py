"""Names from outside as a page may show them: they come from recordings, and whoever wrote them may mean harm."""

import unicodedata

LABEL_MAX = 36  # characters of a name on a chart: a longer one would push the chart off the page
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Control characters, those that turn the direction of text, surrogates, private and unassigned ones, line separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(text: str) -> str:
    r"""Return the text with a visible sign for every character that nobody would see.

    >>> shown("firm\x00/a\u202e"), shown("Übersee 株")
    ('firm�/a�', 'Übersee 株')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_REPLACEMENT if unicodedata.category(character) in _HIDDEN else character for character in text)


def label(name: str) -> str:
    """Return a name for a chart: visible, and cut in its middle where it is long.

    >>> label("firm/eq"), len(label("x" * 100))
    ('firm/eq', 36)
    """
    text = shown(name)
    if len(text) <= LABEL_MAX:
        return text
    half = (LABEL_MAX - 1) // 2
    return f"{text[: LABEL_MAX - 1 - half]}…{text[-half:]}"
