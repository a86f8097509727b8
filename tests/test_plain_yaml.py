"""The one reader of YAML: what it takes for text, what it refuses, and in which line."""

from math import inf

import pytest

from helpers.errors import InputError
from helpers.plain_yaml import DEPTH, parse, read
from helpers.runner import notebooks

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{key}: &{key} [{', '.join([f'*{before}'] * 10)}]\n" for before, key in zip("abcdefgh", "bcdefghi", strict=True)
)
LONG = f"a: &a {'x' * 1_000_000}\nb: [*a, *a, *a, *a]"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2020-13-45", "2020-13-45"),
        ("2021-03-30", "2021-03-30"),
        ("no", "no"),
        ("on", "on"),
        ("12:30:45", "12:30:45"),
        ("1_000", "1_000"),
        ("", None),
        ("~", None),
        ("True", True),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("-5", -5),
        ("5e-1", 0.5),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("-.inf", -inf),
        ("'5'", "5"),
        ('"null"', "null"),
        ("!!str 5", "5"),
        ("한국 \U0001f1f0\U0001f1f7", "한국 \U0001f1f0\U0001f1f7"),
        ("[1, a, {b: c}]", [1, "a", {"b": "c"}]),
    ],
)
def test_a_value_is_what_a_person_would_take_it_for(written, value):
    found = parse(f"key: {written}", "file")["key"]
    assert found == value
    assert type(found) is type(value)


def test_anchors_name_what_is_said_again():
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {y: 4, <<: [*a, {z: 5, x: 6}]}\nd: *a"
    assert parse(text, "file") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 4, "z": 5},
        "d": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb:\n  c: 2\n  c: 3", r"line 4: the key 'c' is given twice \(first in line 3\)"),
        ("1: a\n1.0: b", "line 2: the key 1.0 is given twice"),
        ("- {a: 1, 'a': 2}", "line 1: the key 'a' is given twice"),
        (f"a: {'9' * 5000}", "line 1: the number 99999999999999999999... is too large"),
        (f"a: 0x{'f' * 300}", "is too large"),
        ("a:\n- 1e999", "line 2: the number 1e999 is too large"),
        ("[" * 100_000, f"line 1: lists and mappings are nested more than {DEPTH} levels"),
        ("{a: " * 100_000, f"nested more than {DEPTH} levels"),
        ("\n".join(f"{' ' * n}a:" for n in range(100)), f"line {DEPTH + 1}: .* nested more than {DEPTH} levels"),
        (BOMB, "line 7: more than 4,000,000 characters"),
        (LONG, "line 2: more than 4,000,000 characters"),
        ("a: &a [*a]", r"line 1: \*a names nothing that is complete"),
        ("a: *b", r"line 1: \*b names nothing that is complete"),
        ("a: 1\nb: !!python/object/apply:os.getcwd []", "line 2: tags such as .* are not read"),
        ("a: !!binary YQ==", "line 1: tags such as .* are not read"),
        ("a: {<<: 1}", "'<<' takes over mappings"),
        ("? [a]\n: 1", "line 1: a list or mapping cannot be a key"),
        ("a: 1\n---\nb: 2", "line 2: a second document"),
        ("a: [", "line [12]: not valid YAML"),
        ("a: b: c", "line 1: not valid YAML: mapping values are not allowed"),
        ("a: \x00", "not valid YAML: unacceptable character"),
        ('a: "\\ud800"', "line 1: not valid YAML"),
    ],
)
def test_what_cannot_be_taken_as_written_is_refused_with_its_line(text, told):
    with pytest.raises(InputError, match=told) as caught:
        parse(text, "file")
    assert str(caught.value).startswith("file")
    assert len(str(caught.value)) < 300


def test_files_are_read_in_utf_8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "a.yml"
    path.write_bytes("\ufefftitle: 한국\r\nyear: 2018\r\n".encode())
    assert read(path) == {"title": "한국", "year": 2018}
    path.write_bytes(b"year: 2018\ntitle: " + "한국".encode("cp949"))
    with pytest.raises(InputError, match=r"a.yml, line 2: not encoded as UTF-8"):
        read(path)
    path.write_bytes("year: 2018".encode("utf-16"))
    with pytest.raises(InputError, match=r"a.yml, line 1: not encoded as UTF-8"):
        read(path)
    with pytest.raises(InputError, match=r"cannot be read: No such file"):
        read(tmp_path / "b.yml")


def test_a_list_where_names_are_expected_is_refused(tmp_path):
    (tmp_path / "a.yml").write_text("- 1")
    with pytest.raises(InputError, match=r"must hold names and values, one `name: value` a line"):
        notebooks.read_mapping(tmp_path / "a.yml")
