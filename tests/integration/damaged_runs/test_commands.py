"""The commands that read runs, on runs that are damaged: an exit code, one line, no traceback."""

import contextlib
import io
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run

from yoyak.cli.main import run_command_line

Damage = Callable[[Path], object]


def yoyak(*arguments: str | Path) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def assert_one_line(err: str) -> None:
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")


def host(kind: str, folder: Path, **changes: int) -> Path:
    counts = {"articles": 2, "repetitions": 3, "output_tokens": 4, **changes}
    run = a_run(**counts, samples_per_s=1, speed=HostSpeed(instance_type=kind))  # type: ignore[arg-type]  # counts by name
    return write_run(run, folder / kind)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("hosts")
    return host("r5.4xlarge", folder), host("m5.4xlarge", folder)


@pytest.fixture
def damaged(hosts: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(hosts[0], tmp_path / "damaged"))


def cut(name: str, share: float) -> Damage:
    def damage(path: Path) -> None:
        data = (path / name).read_bytes()
        (path / name).write_bytes(data[: int(share * len(data))])

    return damage


def put(name: str, text: str) -> Damage:
    return lambda path: (path / name).write_text(text)


def swap(name: str, old: str, new: str) -> Damage:
    def damage(path: Path) -> None:
        text = (path / name).read_text()
        assert old in text
        (path / name).write_text(text.replace(old, new, 1))

    return damage


UNREADABLE: dict[str, Damage] = {
    "manifest cut off": cut("manifest.json", 0.5),
    "manifest empty": put("manifest.json", ""),
    "manifest of another program": put("manifest.json", '{"name": "a web app", "icons": []}'),
    "manifest of a newer yoyak": swap(
        "manifest.json", '"schema_version": 1', '"schema_version": 2'
    ),
    "manifest nested beyond reason": put("manifest.json", "[" * 100_000),
    "results cut off": cut("perf.json", 0.5),
    "results of a newer yoyak": swap("perf.json", '"schema_version": 1', '"schema_version": 99'),
    "results with NaN": swap("perf.json", '"failed": 0', '"failed": NaN'),
    "results of another run": swap("perf.json", '"run_id": "2026', '"run_id": "1999'),
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=list(UNREADABLE))
@pytest.mark.parametrize("verb", ["report", "compare"])
def test_files_that_are_no_runs_are_a_usage_error(
    verb: str, damage: Damage, damaged: Path, hosts: tuple[Path, Path]
) -> None:
    damage(damaged)
    others = [hosts[1]] if verb == "compare" else []
    code, out, err = yoyak(verb, damaged, *others)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert str(damaged) in err


def append(name: str, last: bool = False) -> Damage:
    """Add a foreign line, or the last line once more."""

    def damage(path: Path) -> None:
        lines = (path / name).read_text().splitlines(keepends=True)
        more = lines[-1] if last else '{"a": 1}\n'
        (path / name).write_text("".join([*lines, more]))

    return damage


BROKEN_RECORDS: dict[str, Damage] = {
    "a foreign line": append("requests.jsonl"),
    "a line twice": append("requests.jsonl", last=True),
    "NaN": swap("requests.jsonl", '"engine_load_s": null', '"engine_load_s": NaN'),
    "bytes": lambda path: (path / "requests.jsonl").write_bytes(b"\x00\xff\n" * 9),
    "another run's": swap("requests.jsonl", '"request_id": "2026', '"request_id": "1999'),
}


@pytest.mark.parametrize("damage", BROKEN_RECORDS.values(), ids=list(BROKEN_RECORDS))
@pytest.mark.parametrize("flags", [[], ["--recompute"], ["--format", "json"]])
def test_records_that_are_none_are_a_usage_error(
    flags: list[str], damage: Damage, damaged: Path
) -> None:
    damage(damaged)
    code, out, err = yoyak("report", damaged, *flags)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert "requests.jsonl" in err


def perf_of(path: Path) -> dict[str, object]:
    code, out, err = yoyak("report", path, "--format", "json")
    assert (code, "Traceback" in err) == (0, False)
    found: dict[str, object] = json.loads(out)
    return found


def codes_of(perf: dict[str, object]) -> set[str]:
    findings = perf["findings"]
    assert isinstance(findings, list)
    return {finding["code"] for finding in findings}


def kill(path: Path) -> None:
    (path / "perf.json").unlink()
    (path / "summary.json").unlink()


LOSSES: dict[str, tuple[Damage, set[str]]] = {
    "requests cut off": (cut("requests.jsonl", 0.6), {"cut-line", "interrupted-run"}),
    "requests empty": (put("requests.jsonl", ""), {"no-successful-request", "interrupted-run"}),
    "requests gone": (
        lambda path: (path / "requests.jsonl").unlink(),
        {"no-successful-request", "interrupted-run"},
    ),
    "loads gone": (lambda path: (path / "loads.jsonl").unlink(), {"load-not-measured"}),
    "loads cut off": (cut("loads.jsonl", 0.5), {"cut-line", "loads-missing"}),
    "samples gone": (lambda path: (path / "samples.jsonl").unlink(), {"host-not-sampled"}),
    "samples cut off": (cut("samples.jsonl", 0.5), {"cut-line", "samples-missing"}),
}


@pytest.mark.parametrize(("damage", "told"), LOSSES.values(), ids=list(LOSSES))
def test_what_a_killed_run_lost_is_a_finding(damage: Damage, told: set[str], damaged: Path) -> None:
    kill(damaged)
    damage(damaged)
    assert told <= codes_of(perf_of(damaged))


@pytest.mark.parametrize(("damage", "told"), LOSSES.values(), ids=list(LOSSES))
def test_what_was_lost_stays_told_when_results_are_made_anew(
    damage: Damage, told: set[str], damaged: Path
) -> None:
    damage(damaged)
    code, _, err = yoyak("report", damaged, "--recompute")
    assert (code, err) == (0, "")
    assert told <= codes_of(json.loads((damaged / "perf.json").read_text()))


def test_results_that_are_broken_can_be_made_anew(damaged: Path) -> None:
    intact = (damaged / "perf.json").read_text()
    (damaged / "perf.json").write_text("{")
    assert yoyak("report", damaged)[0] == 2
    assert yoyak("report", damaged, "--recompute")[0] == 0
    again = json.loads((damaged / "perf.json").read_text())
    assert again["rates"] == json.loads(intact)["rates"]


@pytest.mark.parametrize("what", ["perf.json", "address"])
def test_results_are_made_anew_in_a_folder_only(what: str, damaged: Path) -> None:
    name = str(damaged / "perf.json") if what == "perf.json" else f"file://{damaged}"
    code, out, err = yoyak("report", name, "--recompute")
    assert (code, out) == (2, "")
    assert_one_line(err)


def test_a_run_without_a_success_has_no_numbers_and_says_so(damaged: Path) -> None:
    kill(damaged)
    lines = (damaged / "requests.jsonl").read_text().splitlines()
    failed = [
        {**json.loads(line), "error": "connect", "output": "", "output_chars": 0} for line in lines
    ]
    (damaged / "requests.jsonl").write_text("".join(json.dumps(f) + "\n" for f in failed))
    perf = perf_of(damaged)
    assert "no-successful-request" in codes_of(perf)
    rates, totals = perf["rates"], perf["totals"]
    assert isinstance(rates, dict)
    assert isinstance(totals, dict)
    assert {rate["value"] for rate in rates.values()} == {None}
    assert totals["failed"] == totals["requests"] == 6
    assert totals["output_tokens"] is None


def test_a_run_without_a_success_is_compared_without_a_verdict(
    damaged: Path, hosts: tuple[Path, Path]
) -> None:
    put("requests.jsonl", "")(damaged)
    assert yoyak("report", damaged, "--recompute")[0] == 0
    code, out, err = yoyak("compare", damaged, hosts[1], "--format", "json")
    assert (code, "Traceback" in err) == (0, False)
    found = json.loads(out)
    assert (found["verdict_possible"], found["verdicts"]) == (False, [])
    assert "gate-unknown" in {finding["code"] for finding in found["findings"]}


def test_one_repetition_gives_numbers_without_intervals_and_no_verdict(tmp_path: Path) -> None:
    runs = [host(kind, tmp_path, repetitions=1) for kind in ("r5.4xlarge", "m5.4xlarge")]
    perf = perf_of(runs[0])
    assert "too-few-repetitions" in codes_of(perf)
    rates = perf["rates"]
    assert isinstance(rates, dict)
    assert rates["decode_tokens_per_s"]["value"] is not None
    assert rates["decode_tokens_per_s"]["ci95"] is None
    code, out, _ = yoyak("compare", *runs, "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert found["verdicts"] == []
    assert {c["outcome"] for m in found["metrics"] for c in m["contrasts"]} == {"unknown"}


def with_model(path: Path, **changes: object) -> None:
    """Write another model into a run's files and make its results anew."""
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["engine"]["model"].update(changes)
    (path / "manifest.json").write_text(json.dumps(manifest))
    assert yoyak("report", path, "--recompute")[0] == 0


def test_other_weights_are_refused_with_the_way_out(
    damaged: Path, hosts: tuple[Path, Path]
) -> None:
    with_model(damaged, weights_sha256="ab" * 32)
    code, out, err = yoyak("compare", damaged, hosts[1])
    assert (code, out) == (1, "")
    assert_one_line(err)
    assert "--allow weights" in err


def test_models_of_other_names_are_told_where_no_digest_can_tell(
    damaged: Path, hosts: tuple[Path, Path], tmp_path: Path
) -> None:
    second = Path(shutil.copytree(hosts[1], tmp_path / "second"))
    with_model(damaged, weights_sha256=None, name="mistral:7b")
    with_model(second, weights_sha256=None, name="llama3:8b")
    code, out, _ = yoyak("compare", damaged, second, "--format", "json")
    found = json.loads(out)
    assert (code, found["verdicts"]) == (0, [])
    (finding,) = [f for f in found["findings"] if f["code"] == "models-differ"]
    assert "mistral:7b" in finding["message"]
    assert "llama3:8b" in finding["message"]


@pytest.mark.parametrize(
    "name",
    ["", "nowhere", "a" * 5000, "~nobody-of-this-name/runs", "/dev/null", "/", "nowhere/perf.json"],
)
def test_a_name_of_no_run_is_one_line(name: str, hosts: tuple[Path, Path]) -> None:
    for arguments in (["report", name], ["compare", name, str(hosts[0])]):
        code, out, err = yoyak(*arguments)
        assert (code, out) == (2, "")
        assert_one_line(err)


def test_one_run_or_the_same_twice_is_one_line(hosts: tuple[Path, Path]) -> None:
    for runs in ([hosts[0]], [hosts[0], hosts[0]], [hosts[0], hosts[0] / "perf.json"]):
        code, out, err = yoyak("compare", *runs)
        assert (code, out) == (2, "")
        assert_one_line(err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--price", "r5.4xlarge"],
        ["--price", "r5.4xlarge=nan"],
        ["--price", "r5.4xlarge=-1"],
        ["--price", "nobody=1"],
        ["--prices", "nowhere.json"],
        ["--target", "end_to_end_s.p95"],
        ["--target", "speed=5"],
        ["--target", "end_to_end_s.p95=nan"],
        ["--baseline", "nobody"],
        ["--allow", "everything"],
    ],
)
def test_an_option_that_cannot_be_is_one_line(
    arguments: Sequence[str], hosts: tuple[Path, Path]
) -> None:
    code, out, err = yoyak("compare", *hosts, *arguments)
    assert (code, out) == (2, "")
    assert_one_line(err)


def test_a_price_that_is_given_makes_the_cost_anew(hosts: tuple[Path, Path]) -> None:
    code, out, err = yoyak("compare", *hosts, "--price", "r5.4xlarge=4", "--format", "json")
    assert (code, err) == (0, "")
    tables = {table["key"]: table for table in json.loads(out)["tables"]}
    keys = [column["key"] for column in tables["cost"]["columns"]]
    row = tables["cost"]["rows"][0]
    cost = {key: cell["value"] for key, cell in zip(keys, row["cells"], strict=True)}
    perf = json.loads((hosts[0] / "perf.json").read_text())
    pace = perf["rates"]["requests_per_s"]["value"]
    assert cost["usd_per_hour"] == 4
    assert cost["usd_per_1000_articles"] == pytest.approx(4 / 3600 * 1000 / pace)


@settings(
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.sampled_from(("requests.jsonl", "loads.jsonl", "samples.jsonl", "manifest.json")),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=2)), max_size=3),
    share=st.floats(0.2, 1),
)
def test_random_damage_never_ends_in_a_traceback(
    name: str,
    flips: list[tuple[int, bytes]],
    share: float,
    hosts: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = Path(shutil.copytree(hosts[0], tmp_path_factory.mktemp("random") / "run"))
    data = bytearray((path / name).read_bytes())
    data = data[: int(share * len(data))]
    for place, put_in in flips:
        at = place % len(data)
        data[at : at + len(put_in)] = put_in
    (path / name).write_bytes(data)
    kill(path)
    for arguments in (["report", str(path)], ["compare", str(path), str(hosts[1])]):
        code, out, err = yoyak(*arguments)
        assert code in (0, 1, 2)
        if code:
            assert out == ""
            assert_one_line(err)
