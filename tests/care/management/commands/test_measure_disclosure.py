"""The command prints a line for each language and part."""

from __future__ import annotations

from io import StringIO

from django.core.management import call_command

from codesign.care.rules.disclosure.measuring import PARTS, measure, read_sentences
from codesign.care.rules.disclosure.tables import language_codes


def test_figures_are_printed_and_errors_shown_on_request() -> None:
    out = StringIO()
    call_command("measure_disclosure", "--show", stdout=out)
    printed = out.getvalue()
    for code in language_codes():
        for part in PARTS:
            figures = measure(read_sentences(code, part))
            (line,) = [row for row in printed.splitlines() if row.split()[:2] == [code, part]]
            assert line.split()[2:6] == [
                str(figures.sentences),
                f"{figures.recall:.3f}",
                f"{figures.precision:.3f}",
                f"{figures.alarms:.3f}",
            ]
            for sentence in figures.missed:
                assert f"missed ({sentence.kind}): {sentence.text}" in printed
            for sentence in figures.false_alarms:
                assert f"false alarm ({sentence.kind}): {sentence.text}" in printed
