"""The delimiter and the names of a table are found, whatever signs its texts contain."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.shared.errors import Invalid
from modelhub.rules.import_choices import Options
from modelhub.rules.imports import ImportRow
from modelhub.services.file_rows import NoPrompts, reading
from tests.support.import_files import sheet

HARD = (
    "<p>It&nbsp;sounds&nbsp;hard.&nbsp;</p><p>Try&nbsp;to&nbsp;rest,&nbsp;walk&nbsp;a&nbsp;bit.</p>"
)


def prompts(folder: Path, content: bytes | str, name: str, **columns: str) -> list[str]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with reading(path=path, options=Options(columns)) as rows:
        found = [row for _line, row in rows]
    return [row.prompt.messages[0]["content"] for row in found if isinstance(row, ImportRow)]


def names(folder: Path, content: str, name: str) -> list[str]:
    with pytest.raises(NoPrompts) as refused:
        prompts(folder, content, name)
    return refused.value.columns


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (
            "questionID,questionText,topic,answerText,upvotes\n"
            + "".join(f'{n},"Why so low, now?",mood,"{HARD}",1\n' for n in range(20)),
            "p.csv",
            ["Why so low, now?"] * 20,
        ),
        (
            "id,question,answer\n1,I worry; a; b; c,So\n2,Hm,Ok\n",
            "p.csv",
            ["I worry; a; b; c", "Hm"],
        ),
        (
            "id;question;answer\n1;I worry, a, b, c;So\n2;Hm;Ok\n",
            "p.csv",
            ["I worry, a, b, c", "Hm"],
        ),
        (
            "question\nI feel low; what now\nHow are you\n",
            "p.csv",
            ["I feel low; what now", "How are you"],
        ),
        (
            "id\tquestion\n1\tI feel, well, low, you, know\n",
            "p.tsv",
            ["I feel, well, low, you, know"],
        ),
        ("id,question\n1,Hello\n", "p.tsv", ["Hello"]),
        (
            ",question\n0,How do I sleep?\n1,I feel low\n",
            "p.csv",
            ["How do I sleep?", "I feel low"],
        ),
        (",prompt\n0,Hello\n1,Bye\n", "p.csv", ["Hello", "Bye"]),
        (sheet([[None, "question"], [0, "Hello"], [1, "Bye"]]), "p.xlsx", ["Hello", "Bye"]),
        (sheet([["My"], ["id", "question"], [1, "Hello"]]), "p.xlsx", ["Hello"]),
        ("A survey, of June, 2026\nid;question\n1;Hello\n", "p.csv", ["Hello"]),
        ("id|question|answer\n1|I feel low, today; so|Hm\n", "p.csv", ["I feel low, today; so"]),
        ("SEP=|\nid|question\n1|a, b\n", "p.csv", ["a, b"]),
        ("sep=;;\nid;question\n1;a, b\n", "p.csv", ["a, b"]),
    ],
)
def test_names_of_prompts_tell_the_delimiter_and_their_line(
    tmp_path: Path, content: bytes | str, name: str, expected: list[str]
) -> None:
    assert prompts(tmp_path, content, name) == expected


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("nr,said,reply\n1,I worry; a; b; c,So\n2,Hm,Ok\n", "p.csv", ["nr", "said", "reply"]),
        ("nr;said;reply\n1;I worry, a, b, c;So\n2;Hm\n", "p.csv", ["nr", "said", "reply"]),
        ("nr\tsaid\n1\tI, well, worry, so\n", "p.tsv", ["nr", "said"]),
        (",said\n0,I worry\n", "p.csv", ["said"]),
        ("said\nI worry; a; b\nHm\n", "p.csv", ["said"]),
        ("text,kind\nWhat is it,question\nIt is this,answer\n", "p.csv", ["text", "kind"]),
    ],
)
def test_of_other_names_the_widths_of_the_records_tell_it(
    tmp_path: Path, content: str, name: str, expected: list[str]
) -> None:
    assert names(tmp_path, content, name) == expected


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("said\nHello; and; you\n", "p.csv"),
        ('A, b, c\n\nnr;said\n1;"Hello, you; and"\n', "p.csv"),
        (sheet([["My words"], ["said"], ["Hello, you; and; you"]]), "p.xlsx"),
    ],
)
def test_a_mapped_name_is_known(tmp_path: Path, content: bytes | str, name: str) -> None:
    assert prompts(tmp_path, content, name, prompt="said")[0].startswith("Hello")


def test_a_mapped_name_that_is_missing_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"no column called nowhere\. The columns are: nr, said"):
        prompts(tmp_path, "nr,said\n1,Hello\n", "p.csv", prompt="nowhere")
