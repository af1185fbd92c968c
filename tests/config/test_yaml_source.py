"""The YAML reader: plain values, places, and every way in which a file can be hostile."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.faults import ConfigError, path_text
from config.yaml_source import DEPTH_MAX, SIZE_BYTES_MAX, VALUES_MAX, Tree, parse_yaml


def parse(text: str) -> Tree:
    document = parse_yaml(text.encode(), "test.yaml")
    assert document.faults == []
    return document.tree


def refusal(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(data, "test.yaml")
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1985-01-01", "1985-01-01"),
        ("no", "no"),
        ("12:30:00", "12:30:00"),
        ("010", 10),
        ("100_000", 100000),
        ("1e6", 1e6),
        ("-.5", -0.5),
        ("true", True),
        ("~", None),
        ("", None),
        ('"5"', "5"),
        ("'true'", "true"),
        ("60s", "60s"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: Tree) -> None:
    tree = parse(f"key: {text}")
    assert tree == {"key": value}
    assert isinstance(tree, dict)
    assert type(tree["key"]) is type(value)


def test_infinity_and_nan_are_numbers_for_the_schema_to_refuse() -> None:
    assert parse("a: -.inf") == {"a": float("-inf")}
    tree = parse("a: .nan")
    assert isinstance(tree, dict)
    assert isinstance(tree["a"], float)


def test_places_are_those_of_keys_and_items() -> None:
    document = parse_yaml(b"a:\n  - x\n  - b: 1\n", "test.yaml")
    assert document.places == {("a",): (1, 1), ("a", 0): (2, 5), ("a", 1): (3, 5), ("a", 1, "b"): (3, 5)}
    assert document.line(("a", 1, "missing", 3)) == 3
    assert document.line(("nowhere",)) == 0


def test_duplicate_keys_show_both_lines_and_reading_goes_on() -> None:
    document = parse_yaml(b"a: 1\nb: 2\na: 3\nb: 4\n", "test.yaml")
    assert [fault.message for fault in document.faults] == [
        "duplicate key 'a': lines 1 and 3",
        "duplicate key 'b': lines 2 and 4",
    ]


@pytest.mark.parametrize("tag", ["!!python/object:os.system {}", "!mine 5", "!!python/tuple [1]"])
def test_tags_are_refused(tag: str) -> None:
    document = parse_yaml(f"a: {tag}".encode(), "test.yaml")
    assert [fault.path for fault in document.faults] == ["a"]
    assert "tags are not accepted" in document.faults[0].message


def test_a_mapping_as_a_key_is_refused() -> None:
    document = parse_yaml(b"? {a: 1}\n: 2\n", "test.yaml")
    assert "a key must be text" in document.faults[0].message


def test_aliases_are_values_of_their_own_place() -> None:
    assert parse("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert f"more than {VALUES_MAX} values" in refusal("\n".join(lines).encode())


def test_an_alias_of_itself_is_refused() -> None:
    assert "nesting must not be deeper" in refusal(b"a: &a [*a]")


def test_deep_nesting_is_refused_with_its_place() -> None:
    message = refusal(b"[" * 5000)
    assert f"test.yaml:1:{DEPTH_MAX + 1}: nesting must not be deeper than {DEPTH_MAX}" in message


def test_a_file_over_the_size_is_refused() -> None:
    assert f"larger than {SIZE_BYTES_MAX} bytes" in refusal(b"#" * (SIZE_BYTES_MAX + 1))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: \xff", "must be UTF-8, got byte 0xff at 3"),
        (b"a: [1", "test.yaml:1:6: not YAML"),
        (b"a: *nothing", "undefined alias"),
        (b"a: 1\n---\nb: 2\n", "single document"),
        (b"a: \x01", "not YAML"),
        (b"a:\n\t- 1", "test.yaml:2:1: not YAML"),
    ],
)
def test_what_is_no_yaml_says_where(data: bytes, words: str) -> None:
    assert words in refusal(data)


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_document_or_a_config_error(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        document = parse_yaml(data, "test.yaml")
        assert all(line >= 1 and column >= 1 for line, column in document.places.values())


def test_paths_read_as_people_write_them() -> None:
    assert path_text(("enforcement", "limits", 2, "levels", 0, "at")) == "enforcement.limits[2].levels[0].at"
    assert path_text((0, "a")) == "[0].a"
