"""The JSON reporter: one strict document, laid out for reading, in any encoding, at no more than linear cost."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcli.core.errors import CoreError
from gradcli.language.text.diagnostics import Diagnostic
from gradcli.output import json as layout
from gradcli.output.json import WIDTH, Json, json_text
from gradcli.session.results import FileSummary, Verdict
from tests.language.running import run

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
documents = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(st.text(), inner, max_size=6))
)


def document(out: io.StringIO) -> Any:
    """What was written, if it is one JSON document."""
    return json.loads(out.getvalue())


@given(documents, st.sampled_from(["utf-8", "ascii", "cp1252", "utf-16"]))
def test_any_data_reads_back(data: Any, encoding: str) -> None:
    """From text that the encoding holds, and that steers no terminal."""
    text = json_text(data, encoding)
    text.encode(encoding)
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == data


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    """Whoever makes the data writes it otherwise."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_text({"x": [number]})


def test_it_is_laid_out_for_reading() -> None:
    """What fits a line stands in one; numbers side by side, however many they are; a matrix row by row."""
    assert json_text({"a": [1, 2], "b": {"c": None}}) == '{"a": [1, 2], "b": {"c": null}}'
    vector = [*range(1000)]
    assert json_text({"a": vector}).split("\n") == ["{", f'  "a": {vector}', "}"]
    assert json_text([vector, vector]).count("\n") == 3
    text = json_text([{"name": "x" * 60, "value": n} for n in range(4)])
    assert len(text.split("\n")) == 6
    assert max(map(len, text.split("\n"))) <= WIDTH


@pytest.mark.parametrize("deep", [10, 200, 400])
def test_nesting_is_no_danger(deep: int) -> None:
    """As deep as tuples may lie within tuples, twice."""
    data: Any = [1] * 100
    for _ in range(deep):
        data = {"items": [data, "x" * 50]}
    text = json_text(data)
    assert json.loads(text) == data
    assert len(text) < 200 * deep + 1000


def test_the_cost_grows_with_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with its square: what is looked at to see whether it fits a line is no more than that line could hold."""
    looks: list[int] = []
    original = layout._room_left

    def counted(data: Any, room: int) -> int:
        looks.append(1)
        return original(data, room)

    monkeypatch.setattr(layout, "_room_left", counted)
    per_row = []
    for count in (200, 2000):
        looks.clear()
        json_text([{"name": f"n{i}", "rows": [[float(i)] * 90] * 3} for i in range(count)])
        per_row.append(len(looks) / count)
    assert per_row[1] < 1.1 * per_row[0]
    looks.clear()
    json_text([[1.5] * 200_000, [[2.5] * 10] * 10_000])
    assert len(looks) < 300_000


def test_files_have_their_own_results_and_diagnostics() -> None:
    """What stands outside of them belongs to the command."""
    out = io.StringIO()
    report = Json("run", out)
    report.begin_file("a")
    for result in run("1\nassert 1 == 2\nassert true").results:
        report.result(result)
    report.diagnostic(Diagnostic("name", "odd", severity="warning"))
    report.end_file(FileSummary("a", Verdict.ASSERT_FAILED, 1, 1))
    report.diagnostic(Diagnostic("usage", "wrong"))
    assert out.getvalue() == ""
    report.close(2)
    got = document(out)
    (file,) = got["files"]
    assert (file["file"], file["exit_code"], file["passed"], file["failed"]) == ("a", 1, 1, 1)
    assert [r["kind"] for r in file["results"]] == ["value", "assert", "assert"]
    assert [d["message"] for d in file["diagnostics"]] == ["odd"]
    assert [d["message"] for d in got["diagnostics"]] == ["wrong"]
    assert got["summary"] == {"files": 1, "passed": 1, "failed": 1, "errors": 1, "warnings": 1}
    assert (got["version"], got["command"], got["exit_code"]) == (1, "run", 2)


@pytest.mark.parametrize(
    ("error", "kind"), [(KeyboardInterrupt(), "interrupt"), (KeyError("x"), "internal"), (CoreError("x"), "internal")]
)
def test_what_ends_a_command_early_is_in_the_document(error: BaseException, kind: str) -> None:
    """With all that was reported before it."""
    out = io.StringIO()
    report = Json("run", out)
    report.begin_file("a")
    for result in run("1").results:
        report.result(result)
    report.close(130, error)
    got = document(out)
    assert [d["kind"] for d in got["diagnostics"]] == [kind]
    assert [r["value"]["value"] for r in got["results"]] == [1]
