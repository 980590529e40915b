"""What is compared: runs under readable labels, their specifications and prices, and types."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from yoyak.analysis.comparison import Subject
from yoyak.analysis.instances import Instance, family_and_size, instance
from yoyak.analysis.prices import GIVEN, Price, PriceTable, embedded_prices, region_of
from yoyak.errors import UsageError
from yoyak.records import Perf
from yoyak.units import GIB


def label_runs(perfs: Sequence[Perf]) -> Mapping[str, Perf]:
    """Return the runs by label: instance type or host name, with the run's tail if it is shared.

    Raises:
        UsageError: fewer than two runs, or the same run twice.
    """
    if len(perfs) < 2:
        raise UsageError("a comparison needs two runs; name them: yoyak compare RUN RUN")
    ids = [perf.run_id for perf in perfs]
    if len(set(ids)) < len(ids):
        twice = next(run_id for run_id in ids if ids.count(run_id) > 1)
        raise UsageError(f"run {twice} is named twice; name each run once")
    names = [_name(perf) for perf in perfs]
    shared = {name for name in names if names.count(name) > 1}
    labels = [
        f"{name} {_tail(perf)}" if name in shared else name
        for name, perf in zip(names, perfs, strict=True)
    ]
    if len(set(labels)) < len(labels):
        labels = ids
    return dict(zip(labels, perfs, strict=True))


def run_subject(
    label: str, perf: Perf, *, prices: PriceTable | None, region: str | None
) -> Subject:
    """Return one run as a subject; what the host did not record comes from the published table.

    Its price: what the user gave for this run, else the user's table, else what perf.json holds,
    else the embedded table.
    """
    kind = _text(perf.host.get("instance_type"))
    published = instance(kind)
    family, size = family_and_size(kind)
    price = _price(perf, prices, region)
    return Subject(
        label=label,
        level="run",
        run_ids=(perf.run_id,),
        hosts=1,
        instance_type=kind,
        family=family,
        size=size,
        vcpu=_vcpu(perf.host, published),
        memory_bytes=_memory(perf.host, published),
        processor=_text(perf.host.get("cpu_model")) or (published.processor if published else None),
        accelerator=_accelerator(perf, published),
        network=_network(published),
        usd_per_hour=price.usd_per_hour if price else None,
        price_source=price.source if price else None,
    )


def host_key(perf: Perf) -> str:
    """Return what tells one machine from another: runs that share it ran on the same host."""
    for name in ("instance_id", "boot_id", "hostname"):
        value = _text(perf.host.get(name))
        if value:
            return value
    return perf.run_id


def type_groups(runs: Mapping[str, Perf]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return labels by instance type and host, for the types that are known."""
    groups: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for label, perf in runs.items():
        kind = _text(perf.host.get("instance_type"))
        if kind:
            groups[kind][host_key(perf)].append(label)
    return {
        kind: {host: tuple(labels) for host, labels in hosts.items()}
        for kind, hosts in groups.items()
    }


def type_subject(kind: str, members: Sequence[Subject], hosts: int) -> Subject:
    """Return all hosts of a type as one subject; a price only where its runs agree on it."""
    first = members[0]
    agree = len({member.usd_per_hour for member in members}) == 1
    return Subject(
        label=kind,
        level="type",
        run_ids=tuple(run_id for member in members for run_id in member.run_ids),
        hosts=hosts,
        instance_type=kind,
        family=first.family,
        size=first.size,
        vcpu=first.vcpu,
        memory_bytes=first.memory_bytes,
        processor=first.processor,
        accelerator=first.accelerator,
        network=first.network,
        usd_per_hour=first.usd_per_hour if agree else None,
        price_source=first.price_source if agree else None,
    )


def choose_baseline(subjects: Sequence[Subject], asked: str | None) -> tuple[str, str]:
    """Return the baseline's label and the key of the message that says why.

    By default the cheapest an hour: known before any measurement, so that the choice does not
    follow from the noise of the result, as "the cheapest per article" would.

    Raises:
        UsageError: `asked` names no run, or several.
    """
    if asked is not None:
        return _asked_baseline(subjects, asked), "baseline_asked"
    priced = [(s.usd_per_hour, s.label) for s in subjects if s.usd_per_hour is not None]
    if not priced:
        return subjects[0].label, "baseline_first"
    return min(priced, key=lambda pair: pair[0])[1], "baseline_cheapest"


def _asked_baseline(subjects: Sequence[Subject], asked: str) -> str:
    found = [s.label for s in subjects if asked in (s.label, s.run_ids[0], s.instance_type)]
    exact = [label for label in found if label == asked]
    if len(exact or found) == 1:
        return (exact or found)[0]
    known = ", ".join(s.label for s in subjects)
    problem = "is several of the runs" if found else "is none of the runs"
    raise UsageError(f'--baseline "{asked}" {problem}; name one of: {known}')


def _name(perf: Perf) -> str:
    host = perf.host
    return _text(host.get("instance_type")) or _text(host.get("hostname")) or perf.run_id


def _tail(perf: Perf) -> str:
    return perf.run_id.rsplit("-", 1)[-1]


def _text(value: Any) -> str | None:  # noqa: ANN401 - host facts hold values of any JSON type
    return value if isinstance(value, str) and value else None


def _price(perf: Perf, prices: PriceTable | None, region: str | None) -> Price | None:
    cost, kind = perf.cost, _text(perf.host.get("instance_type"))
    here = region_of(_text(perf.host.get("availability_zone"))) or region
    listed = None if prices is None else prices.price(kind, here)
    if listed is not None and cost.price_source != GIVEN:
        return listed
    if cost.usd_per_hour is not None:
        return Price(usd_per_hour=cost.usd_per_hour, source=cost.price_source or "perf.json")
    return embedded_prices().price(kind, here)


def _vcpu(host: Mapping[str, Any], published: Instance | None) -> int | None:
    seen = host.get("logical_cpus")
    return seen if isinstance(seen, int) else published.vcpu if published else None


def _memory(host: Mapping[str, Any], published: Instance | None) -> int | None:
    """The published size first: the kernel reports a few percent less, and differs by version."""
    if published is not None:
        return round(published.memory_gib * GIB)
    seen = host.get("memory_total_bytes")
    return seen if isinstance(seen, int) else None


def _accelerator(perf: Perf, published: Instance | None) -> str | None:
    names = [gpu.name for gpu in perf.resources.gpus if gpu.name]
    if names:
        return _counted(names[0], len(names))
    return (
        _counted(published.gpu.name, published.gpu.count) if published and published.gpu else None
    )


def _counted(name: str, count: int) -> str:
    return name if count == 1 else f"{count} x {name}"


def _network(published: Instance | None) -> str | None:
    if published is None or published.network_gbit_per_s is None:
        return None
    steady, burst = published.network_gbit_per_s, published.network_up_to_gbit_per_s
    return f"{steady:g} Gbit/s" + (f", up to {burst:g}" if burst else "")
