#!/usr/bin/env bash
# ftfy 6.3.1: UTF-8 read as code page 437 is recognised, but not where only curly quotation marks are damaged.
#
# Expected: cp437 is one of the encodings that ftfy knows, so "IΓÇÖm tired" (the UTF-8 of "I’m tired", read as
# cp437 by a console or an old spreadsheet) counts as badly decoded and is repaired, as "Iâ€™m tired" is.
# Seen: accented letters damaged in this way are found and repaired; curly quotation marks and the apostrophe,
# the most frequent such characters in English text, are neither.
# What it means for us: the check of imported texts looks for the letters "ΓÇ" itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ftfy==6.3.1
"$work/venv/bin/python" - <<'PYTHON'
import ftfy
from ftfy.badness import is_bad
from ftfy.chardata import CHARMAP_ENCODINGS


def seen(text, encoding):
    damaged = text.encode().decode(encoding)
    found = is_bad(damaged), ftfy.fix_encoding(damaged) == text
    print(f"{encoding:8} {damaged!r}: bad {found[0]}, repaired {found[1]}")
    return found


print("ftfy", ftfy.__version__, "knows", *CHARMAP_ENCODINGS)
assert "cp437" in CHARMAP_ENCODINGS
assert seen("naïve café", "cp437") == (True, True)
assert seen("“I am tired”", "cp437") == (False, False), "the behaviour changed"
assert seen("I’m tired, and I don’t know why.", "cp1252") == (True, True)
assert seen("I’m tired, and I don’t know why.", "cp437") == (False, False), "the behaviour changed"
PYTHON
