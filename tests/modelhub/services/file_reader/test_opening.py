"""Files of every kind as they come from spreadsheets, data frames and survey tools."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from codesign.shared.errors import Invalid, TooLarge
from tests.support.import_files import as_lines, as_parquet, sheet
from tests.support.read_files import Read

FAR = 2**31 - 1


def row(name: str, value: Any, **more: Any) -> str:
    return json.dumps({"prompt": "Hello", name: value, **more})


@pytest.mark.parametrize(
    ("content", "lines", "prompts"),
    [
        ("sep=;\r\nexternal_id;prompt\r\na;Hello\r\n", [3], ["Hello"]),
        ('"sep=,"\nexternal_id,prompt\na,Hello\n', [3], ["Hello"]),
        ("\ufeffsep=\t\nexternal_id\tprompt\na\tHello\n", [3], ["Hello"]),
        ("prompt\nI worry; about rent\n", [2], ["I worry; about rent"]),
        ("prompt\tx\nI worry, about rent\t1\n", [2], ["I worry, about rent"]),
        ("external_id,prompt\na,Hello\n,\n,\n", [2], ["Hello"]),
        ("external_id,prompt\n ,  \na,Hello\n", [3], ["Hello"]),
        ("external_id,prompt\na,Hello,,,\n", [2], ["Hello"]),
        ("external_id,prompt,,\na,Hello,,\n,,,\n", [2], ["Hello"]),
        ('external_id, "prompt"\na, "Hello, you"\n', [2], ["Hello, you"]),
        ("External_ID , PROMPT\na,Hello\n", [2], ["Hello"]),
        ("x,prompt,x\n1,Hello,2\n", [2], ["Hello"]),
        (b"x,prompt\ncaf\xe9,Hello\n", [2], ["Hello"]),
        ("external_id,prompt\ra,Hello\r", [2], ["Hello"]),
    ],
)
def test_tables_of_text(
    tmp_path: Path, content: str | bytes, lines: list[int], prompts: list[str]
) -> None:
    read = Read(tmp_path, content, "p.csv")
    assert (read.problems, read.lines, read.prompts, read.notes) == ([], lines, prompts, [])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("My prompts,,\n,,\nexternal_id,prompt,category\nk,Hello,education\n", "p.csv"),
        ("My prompts, of 2026,v2\n\nexternal_id,prompt,x\nk,Hello,1\n", "p.csv"),
        ("My prompts\n\nprompt\nHello\n", "p.csv"),
        (sheet([["My prompts"], [], ["external_id", "prompt", "x"], ["k", "Hello", 1]]), "p.xlsx"),
    ],
)
def test_titles_above_the_names_are_left_out_and_said(
    tmp_path: Path, content: str | bytes, name: str
) -> None:
    read = Read(tmp_path, content, name)
    assert (read.prompts, read.lines) == (["Hello"], [4])
    assert read.notes == ["The names of the columns are in line 3. Lines above it were left out."]


def test_a_file_without_known_names_lists_its_first_cells(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"The columns are: role, text\."):
        Read(tmp_path, "role,text\nprompt,Hello\nresponse,Hi\n", "p.csv")


@pytest.mark.parametrize("name", ["p.csv", "p.xlsx"])
def test_the_rows_of_qualtrics_below_the_names(tmp_path: Path, name: str) -> None:
    cells = [
        ["ResponseId", "prompt"],
        ["Response ID", "What would\nyou ask?"],
        ['{"ImportId":"_recordId"}', '{ "ImportId": "QID1_TEXT" }'],
        ["R_1", "Hello"],
    ]
    table = "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in cells
    )
    read = Read(tmp_path, sheet(cells) if name == "p.xlsx" else table, name)
    assert (read.prompts, len(read.notes)) == (["Hello"], 1)
    assert read.lines == [4 if name == "p.xlsx" else 5]


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (sheet([["prompt"], ["Hello"]]), "p.csv", "Excel"),
        (as_parquet([{"prompt": "Hello"}]), "p.jsonl", "Parquet"),
        (as_lines([{"prompt": "Hello"}, {"prompt": "Bye"}]), "p.csv", "JSON Lines"),
        ('[{"prompt": "Hello"}]', "p.csv", "JSON"),
        ('{\n"prompt": "Hello"}', "p.xlsx", "JSON"),
        ("prompt,external_id\nHello,1\n", "p.xlsx", "CSV"),
    ],
)
def test_the_content_decides_the_kind(
    tmp_path: Path, content: str | bytes, name: str, kind: str
) -> None:
    read = Read(tmp_path, content, name)
    assert read.prompts[0] == "Hello"
    suffix = name.removeprefix("p")
    said = f"This file is read as {kind}, although its name ends in {suffix}."
    assert read.notes == [said]


@pytest.mark.parametrize(
    ("content", "prompts"),
    [
        ('[{"prompt": "One"}, {"prompt": "Two"}]', ["One", "Two"]),
        ('\ufeff [\n{"prompt":\n"One"}\n,{"prompt": "Two"} ]\n', ["One", "Two"]),
        ('{"version": 1, "data": [{"prompt": "One"}, {"prompt": "Two"}]}', ["One", "Two"]),
        ('{"prompt": "One",\n "topics": []}', ["One"]),
        ('{"prompt": [{"role": "user", "content": "One"}]}', ["One"]),
        ('{"prompt": "One"}\n\n{"prompt": "Two"}\n', ["One", "Two"]),
        ("[]", []),
    ],
)
def test_json_documents(tmp_path: Path, content: str, prompts: list[str]) -> None:
    read = Read(tmp_path, content, "p.json")
    assert (read.problems, read.prompts) == ([], prompts)
    assert read.total >= len(prompts)


@pytest.mark.parametrize(
    "content",
    [
        '{"prompt": {"0": "One", "1": "Two"}, "responses": {"0": "x", "1": "y"}}',
        '{"train": [{"prompt": "One"}], "test": [{"prompt": "Two"}]}',
    ],
)
def test_a_json_document_without_a_list_of_rows_says_what_to_save(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(Invalid, match=r"is not a list of rows\. Please save it as"):
        Read(tmp_path, content, "p.json")


def test_a_table_of_another_encoding_says_once_how_to_save_it(tmp_path: Path) -> None:
    read = Read(tmp_path, "prompt,x\nŚpię,ą\nHello,ą\nNo, śpię\nŚpię,ą\n".encode("cp1250"), "p.csv")
    assert read.prompts == ["Hello", "No"]
    assert len(read.problems) == 2
    assert [note for note in read.notes if "“CSV UTF-8”" in note] == read.notes[:1]
    assert len(read.notes) == 1


@pytest.mark.parametrize(
    ("content", "prompts", "notes"),
    [
        # Texts after the first megabyte are found, and names of columns are read as well.
        ("prompt,día\n" + "A long worry in ASCII alone,x\n" * 40_000 + "café,é\n", 40_001, 1),
        # A column that is not used tells nothing.
        ("prompt,x\nHello,café\n", 1, 0),
    ],
)
def test_a_table_of_windows_1252_is_read(
    tmp_path: Path, content: str, prompts: int, notes: int
) -> None:
    read = Read(tmp_path, content.encode("cp1252"), "p.csv")
    assert (len(read.prompts), len(read.notes), read.problems) == (prompts, notes, [])


def test_a_table_that_is_mostly_utf8_is_not_read_as_something_else(tmp_path: Path) -> None:
    content = "prompt\nDesde ayer café\n".encode() + "Más café\n".encode("cp1252")
    read = Read(tmp_path, content, "p.csv")
    assert len(read.problems) == 1
    assert "“CSV UTF-8”" in read.notes[0]


def test_a_long_json_list_is_read_entry_by_entry(tmp_path: Path) -> None:
    """Entries end at every place of the parts in which the file is read."""
    rows = [{"prompt": f"{number} " + "é" * (number % 997)} for number in range(3_000)]
    read = Read(tmp_path, json.dumps(rows, ensure_ascii=False), "p.json")
    assert read.prompts == [row["prompt"] for row in rows]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"prompt": "One"}, {"prompt": "Tw', "line 2: the row is not valid JSON"),
        ('[{"prompt": "One"} {"prompt": "Two"}]', "“,” is missing"),
        ('[{"prompt": "One"}] more', "there is more after the end of the list"),
        ('[{"prompt": "One"}, ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_damaged_json_list_is_read_up_to_the_damage(
    tmp_path: Path, content: str, says: str
) -> None:
    read = Read(tmp_path, content, "p.json")
    assert read.prompts == ["One"]
    (problem,) = read.problems
    assert says in problem
    assert "nothing after it could be read" in problem


def test_cells_of_excel(tmp_path: Path) -> None:
    content = sheet(
        [
            [None, "prompt", "external_id", "held_out", "responses"],
            [None, "Hello", 17, True, "[1] Rest."],
            [],
            [None, "Second", 2.5, 0, None],
            [None, "Third", "007", False, "#N/A"],
        ],
        second=[["prompt"], ["Of another sheet"]],
    )
    read = Read(tmp_path, content, "p.xlsx")
    assert read.prompts == ["Hello", "Second"]
    assert [one.prompt.external_id for one in read.rows] == ["17", "2.5"]
    assert [one.prompt.held_out for one in read.rows] == [True, False]
    assert read.problems == ["line 5: the cell of responses holds the error #N/A of a formula."]


def test_numbers_of_excel_that_were_rounded_are_errors_of_their_lines(tmp_path: Path) -> None:
    number = 12_345_678_901_234_567
    names = ["external_id", "prompt", "note"]
    rows = [
        [number, "One", 1],
        [number + 1, "Two", 1],
        [7, "Three", number],
        [2**53 - 1, "Four", 1],
    ]
    read = Read(tmp_path, sheet([names, *rows]), "p.xlsx")
    assert [one.prompt.external_id for one in read.rows] == ["7", "9007199254740991"]
    sentence = "external_id is a number that was rounded (1.23457e+16). Write it as text."
    assert read.problems == [f"line 2: {sentence}", f"line 3: {sentence}"]


def test_a_sheet_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    content = sheet([["prompt"], ["Hello"]])
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/media/zeros", b"\x00" * 60_000_000)
    with pytest.raises(TooLarge, match="unpacks to 60,"):
        Read(tmp_path, file.getvalue(), "p.xlsx")


def test_a_packed_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="unpacks to more than 2"):
        Read(tmp_path, gzip.compress(b"\n" * 60_000_000, mtime=0), "p.jsonl.gz")


def test_a_cut_packed_file_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(as_lines([{"prompt": f"Prompt {n}"} for n in range(5_000)]), mtime=0)
    with pytest.raises(Invalid, match=r"cannot be unpacked \(gzip\)"):
        Read(tmp_path, packed[: len(packed) // 2], "p.jsonl.gz")


def odd(kind: pa.DataType, *values: int) -> pa.Array:
    """Values that Python cannot hold, from the integers that Arrow stores."""
    small = kind in (pa.date32(), pa.time32("s"))
    return pa.array(values, pa.int32() if small else pa.int64()).view(kind)


ODD = {
    "a zone that Python does not know": odd(pa.timestamp("us", tz="Mars/Olympus"), 0, 0),
    "a zone of another notation": odd(pa.timestamp("us", tz="GMT+1"), 0, 0),
    "the year 0": odd(pa.timestamp("us"), -62_167_219_200_000_000, 0),
    "infinity": odd(pa.timestamp("us"), 2**63 - 1, 0),
    "a far date": odd(pa.date32(), FAR, 0),
    "bytes": pa.array([b"\xff\xfe", b"a"]).view(pa.string()),
}


@pytest.mark.parametrize("values", ODD.values(), ids=ODD)
def test_columns_that_are_not_used_are_never_decoded(tmp_path: Path, values: pa.Array) -> None:
    table = pa.table({"prompt": ["Hello", "Bye"], "created": values})
    file = io.BytesIO()
    parquet.write_table(table, file)
    read = Read(tmp_path, file.getvalue(), "p.parquet")
    assert (read.prompts, read.problems, read.unused) == (["Hello", "Bye"], [], {"created"})


@pytest.mark.parametrize("name", ["the year 0", "infinity", "a far date", "bytes"])
def test_in_a_used_column_they_are_errors_of_their_lines(tmp_path: Path, name: str) -> None:
    table = pa.table({"prompt": ["Hello", "Bye"], "family": ODD[name]})
    file = io.BytesIO()
    parquet.write_table(table, file)
    read = Read(tmp_path, file.getvalue(), "p.parquet")
    assert read.prompts == ["Bye"]
    (problem,) = read.problems
    assert problem.startswith("line 1: the value of family cannot be read (")


def test_repeated_names_of_unused_columns_are_accepted(tmp_path: Path) -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table([["Hello"], [1], [2]], names=["prompt", "x", "x"]), file)
    assert Read(tmp_path, file.getvalue(), "p.parquet").prompts == ["Hello"]
    file = io.BytesIO()
    parquet.write_table(pa.table([["Hello"], ["Bye"]], names=["prompt", "prompt"]), file)
    with pytest.raises(Invalid, match="there are two columns called prompt"):
        Read(tmp_path, file.getvalue(), "p.parquet")


def test_values_of_arrow_that_json_does_not_have(tmp_path: Path) -> None:
    key = bytes(range(16))
    table = pa.table(
        {
            "prompt": pa.array(["Hello"]).dictionary_encode(),
            "external_id": pa.array([key], pa.binary(16)),
            "family": pa.array([dt.date(2026, 11, 3)]),
            "responses": pa.array([[b"One."]]),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    (read,) = Read(tmp_path, file.getvalue(), "p.parquet").rows
    assert read.prompt.external_id == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert (read.prompt.family, read.responses[0].text) == ("2026-11-03", "One.")


def test_objects_as_arrow_writes_them(tmp_path: Path) -> None:
    """Arrow gives each object of a list all keys, and each list the longest object."""
    turn = pa.struct(
        [("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(pa.string()))]
    )
    reply = pa.struct([("text", pa.string()), ("model", pa.string()), ("score", pa.float64())])
    table = pa.table(
        {
            "prompt": pa.array([[{"role": "user", "content": "Hello"}, None]], pa.list_(turn)),
            "responses": pa.array([[{"text": "One."}, {}, None]], pa.list_(reply)),
        }
    )
    file = io.BytesIO()
    parquet.write_table(table, file)
    (read,) = Read(tmp_path, file.getvalue(), "p.parquet").rows
    assert read.prompt.messages == [{"role": "user", "content": "Hello"}]
    assert [one.text for one in read.responses] == ["One."]


def test_bytes_that_are_not_utf8_do_no_harm_in_unused_keys(tmp_path: Path) -> None:
    lines = b'{"prompt": "Hello", "x": "caf\xe9"}\n{"prompt": "caf\xe9"}\n'
    read = Read(tmp_path, lines, "p.jsonl")
    assert read.prompts == ["Hello"]
    assert read.problems == ["line 2: the prompt is not Unicode text (UTF-8)."]


def test_a_parquet_file_that_begins_with_zeros_is_no_utf_16(tmp_path: Path) -> None:
    columns = pa.table({"n": pa.array([1] * 4_000, pa.int16()), "prompt": ["Hello"] * 4_000})
    content = io.BytesIO()
    parquet.write_table(columns, content, compression="none", use_dictionary=False)
    read = Read(tmp_path, content.getvalue(), "p.parquet")
    assert (len(read.prompts), read.problems) == (4_000, [])
