"""The first screen of a run's report: who ran what, and the numbers that matter most, in words."""

from dataclasses import dataclass

from yoyak.records import Distribution, Manifest, ModelLoad, Perf, Rate
from yoyak.records.perf import Interval
from yoyak.report.messages import Messages
from yoyak.report.numbers import duration, show
from yoyak.report.run_tables import sweep_words


@dataclass(frozen=True, slots=True)
class Card:
    """One of the main numbers. `value` is None if it is unknown."""

    label: str
    value: str | None
    unit: str | None = None
    detail: str | None = None  # the interval, or why there is none


def host_name(t: Messages, host: object) -> str:
    """Return how people call the host: its instance type, else its CPU, else its own name."""
    if isinstance(host, dict):
        for key in ("instance_type", "cpu_model", "hostname"):
            if isinstance(host.get(key), str) and host[key]:
                return str(host[key])
    return t("unknown_host")


def heading(t: Messages, manifest: Manifest) -> str:
    """Return "mistral-7b Q4_0 on m5.16xlarge"."""
    model = manifest.engine.model
    name = " ".join(part for part in (model.name, model.quantization) if part)
    return t("model_on_host", model=name, host=host_name(t, dict(manifest.host)))


def facts(t: Messages, manifest: Manifest) -> list[str]:
    """Return what was run, in short words; what is unknown is left out."""
    engine, work = manifest.engine, manifest.workload
    found: list[str | None] = [
        " ".join(part for part in (engine.name, engine.version) if part),
        engine.backend and engine.backend.upper(),
        None if engine.threads is None else t("n_threads", n=engine.threads),
        t("n_articles", n=len(work.article_ids)),
        None if work.repetitions is None else t("n_repetitions", n=work.repetitions),
        None if work.output_tokens is None else _output_length(t, manifest),
        None if work.concurrency is None else t("n_concurrent", n=work.concurrency),
        None if work.rate_per_s is None else t("n_per_second", n=work.rate_per_s),
        None if engine.via is None else t("through", via=engine.via),
    ]
    return [fact for fact in found if fact]


def _output_length(t: Messages, manifest: Manifest) -> str:
    forced = manifest.workload.output_length_forced
    key = "n_output_tokens_forced" if forced else "n_output_tokens"
    return t(key, n=manifest.workload.output_tokens)


def lede(t: Messages, perf: Perf) -> str | None:
    """Return the answer in one or two sentences; a part that is unknown is left out."""
    sentences = [] if perf.sweep is None else [sweep_words(t, perf.sweep)]
    prompt = show(perf.rates.prompt_tokens_per_s.value, perf.rates.prompt_tokens_per_s.ci95)
    decode = show(perf.rates.decode_tokens_per_s.value, perf.rates.decode_tokens_per_s.ci95)
    if prompt and decode:
        sentences.append(t("lede_rates", prompt=prompt.value, decode=decode.value))
    whole = perf.latency.end_to_end_s.mean
    first = perf.latency.time_to_first_token_s.mean
    if whole is not None:
        key = "lede_request" if first is None else "lede_request_and_first"
        sentences.append(
            t(key, whole=duration(whole), first="" if first is None else duration(first))
        )
    if perf.totals.failed:
        sentences.append(t("lede_failed", n=perf.totals.failed))
    return " ".join(sentences) or None


def cards(t: Messages, perf: Perf) -> list[Card]:
    """Return the main numbers, each with its interval or with the reason why it has none."""
    rates, latency = perf.rates, perf.latency
    tokens = "tokens/s"
    return [
        _rate(t, "decode_tokens_per_s", rates.decode_tokens_per_s, tokens),
        _rate(t, "prompt_tokens_per_s", rates.prompt_tokens_per_s, tokens),
        _mean(t, "time_to_first_token_s", latency.time_to_first_token_s),
        _mean(t, "end_to_end_s", latency.end_to_end_s),
        _plain(
            t("totals.total_s"),
            perf.totals.total_s,
            "s",
            t("card_total", n=len(perf.workload.article_ids)),
        ),
        _plain(
            t("resources.engine_rss_peak_bytes"),
            perf.resources.engine_rss_peak_bytes,
            "bytes",
            None,
        ),
        _load(t, perf.model_load),
        _plain(
            t("cost.usd_per_1000_articles"),
            perf.cost.usd_per_1000_articles,
            "USD",
            perf.cost.price_source or t("card_no_price"),
        ),
    ]


def _rate(t: Messages, key: str, rate: Rate, unit: str) -> Card:
    without = t("no_interval", n=rate.n)
    return _card(t, t(f"rates.{key}"), rate.value, rate.ci95, unit, without)


def _load(t: Messages, load: ModelLoad) -> Card:
    state = t("state_unknown") if load.state is None else t(f"state_{load.state}")
    if not load.values_s:
        return Card(t("model_load"), None, detail=t("card_no_load"))
    mean_s = sum(load.values_s) / len(load.values_s)
    return _plain(t("model_load"), mean_s, "s", t("card_loads", n=load.n, state=state))


def _mean(t: Messages, key: str, found: Distribution) -> Card:
    label = t("mean_of", name=t(f"latency.{key}"))
    return _card(t, label, found.mean, found.ci95, "s", t("card_no_interval"))


def _plain(label: str, value: float | None, unit: str, detail: str | None) -> Card:
    shown = show(None if value is None else float(value), unit=unit)
    if shown is None:
        return Card(label, None, detail=detail)
    return Card(label, shown.value, shown.unit, detail)


def _card(
    t: Messages,
    label: str,
    value: float | None,
    interval: Interval | None,
    unit: str,
    without_interval: str,
) -> Card:
    shown = show(value, interval, unit=unit)
    if shown is None:
        return Card(label, None, detail=t("rate_unknown"))
    detail = without_interval
    if shown.interval is not None:
        detail = t("card_interval", interval=shown.interval)
    return Card(label, shown.value, shown.unit, detail)
