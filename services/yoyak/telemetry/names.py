"""Every metric and span that we export: names, labels, closed label sets, buckets, attributes.

Dashboards, alert rules and their tests take the names from here; nothing else spells them.
"""

from dataclasses import dataclass
from typing import Literal

from yoyak.errors import ERROR_CLASSES

GENAI_CONVENTIONS = (
    "1.43.0"  # the OpenTelemetry semantic conventions that the gen_ai_* names follow
)

Kind = Literal["counter", "gauge", "histogram"]
Phase = Literal["measured", "warmup"]

PHASE = "phase"
OUTCOME = "outcome"
MODE = "mode"
STATE = "state"
GPU = "gpu"
REASON = "reason"
GENAI_OPERATION = "gen_ai_operation_name"
GENAI_PROVIDER = "gen_ai_provider_name"
GENAI_MODEL = "gen_ai_request_model"
GENAI_TOKEN_TYPE = "gen_ai_token_type"  # noqa: S105 - a label's name, no secret
ERROR_TYPE = "error_type"
TRACE_ID = "trace_id"  # of an exemplar, never of a series

# Labels of a scrape target, from /sd: which host a series is of. No metric of ours has them.
INSTANCE_TYPE = "instance_type"
INSTANCE_ID = "instance_id"
AVAILABILITY_ZONE = "availability_zone"
ACCELERATOR = "accelerator"

DASHBOARD_TAG = "yoyak"  # of our dashboards, and of the annotations that `yoyak publish` makes

PHASES: tuple[Phase, ...] = ("measured", "warmup")
OK = "ok"
REFUSALS = ("invalid", "not_ready", "queue_full")  # ended by us before the engine was asked
OUTCOMES = (OK, *sorted(ERROR_CLASSES), *REFUSALS)
CPU_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
LOAD_STATES = ("disk", "page_cache", "resident", "unknown")
TOKEN_TYPES = ("input", "output")
CHAT = "chat"  # the one value of gen_ai.operation.name that we make

# Three buckets a decade, 1 ms to 20 min: a quantile that Prometheus interpolates within one is
# off by at most the bucket's width, and twelve histograms stay readable in a scrape of 10 ms.
TIME_BUCKETS_S = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1200.0),
)
# From the r5.4xlarge of the old study (3.9 output characters/s) to a data-centre GPU.
CHARS_PER_SECOND_BUCKETS = (
    *(0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0),
    *(1_000.0, 2_000.0, 5_000.0, 10_000.0, 20_000.0, 50_000.0, 100_000.0),
)
# The conventions' own for gen_ai.client.token.usage, as far as contexts reach.
TOKEN_BUCKETS = (1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric family as it is exported; a counter's name ends in _total."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_GENAI = (GENAI_OPERATION, GENAI_PROVIDER, GENAI_MODEL)

REQUESTS = Metric(
    name="yoyak_requests_total",
    kind="counter",
    help="Requests for a summary, by how they ended",
    labels=(OUTCOME, PHASE),
)
PROMPT_CHARS = Metric(
    name="yoyak_prompt_chars_total",
    kind="counter",
    help="Code points of all prompts that succeeded, template and nonce included",
    labels=(PHASE,),
)
OUTPUT_CHARS = Metric(
    name="yoyak_output_chars_total",
    kind="counter",
    help="Code points of all summaries that succeeded",
    labels=(PHASE,),
)
OPERATION_DURATION = Metric(
    name="gen_ai_client_operation_duration_seconds",
    kind="histogram",
    help="From a request's arrival to its last byte, the wait for a slot included",
    labels=(*_GENAI, ERROR_TYPE, PHASE),
    buckets=TIME_BUCKETS_S,
)
TIME_TO_FIRST_CHUNK = Metric(
    name="gen_ai_client_operation_time_to_first_chunk_seconds",
    kind="histogram",
    help="From a request's arrival to the engine's first chunk, the wait for a slot included",
    labels=(*_GENAI, PHASE),
    buckets=TIME_BUCKETS_S,
)
TIME_PER_OUTPUT_CHUNK = Metric(
    name="gen_ai_client_operation_time_per_output_chunk_seconds",
    kind="histogram",
    help="Each gap between a chunk and the one before it",
    labels=(*_GENAI, PHASE),
    buckets=TIME_BUCKETS_S,
)
TOKEN_USAGE = Metric(
    name="gen_ai_client_token_usage",
    kind="histogram",
    help="Tokens of a request, by the engine's own count, cached input included",
    labels=(*_GENAI, GENAI_TOKEN_TYPE, PHASE),
    buckets=TOKEN_BUCKETS,
)
PROMPT_CHARS_RATE = Metric(
    name="yoyak_prompt_chars_per_second",
    kind="histogram",
    help="Prompt characters over the engine's prompt time, of requests without cached tokens",
    labels=(PHASE,),
    buckets=CHARS_PER_SECOND_BUCKETS,
)
OUTPUT_CHARS_RATE = Metric(
    name="yoyak_output_chars_per_second",
    kind="histogram",
    help="Output characters x (n - 1)/n over the engine's decode time, n tokens",
    labels=(PHASE,),
    buckets=CHARS_PER_SECOND_BUCKETS,
)
MODEL_LOAD = Metric(
    name="yoyak_model_load_seconds",
    kind="histogram",
    help="Explicit loads of the model, by where its weights were",
    labels=(STATE,),
    buckets=TIME_BUCKETS_S,
)
PROMPT_EVAL = Metric(
    name="yoyak_prompt_eval_seconds",
    kind="histogram",
    help="Prompt evaluation by the engine's own clock",
    labels=(PHASE,),
    buckets=TIME_BUCKETS_S,
)
DECODE = Metric(
    name="yoyak_decode_seconds",
    kind="histogram",
    help="Decoding by the engine's own clock, from the first token to the last",
    labels=(PHASE,),
    buckets=TIME_BUCKETS_S,
)
QUEUE = Metric(
    name="yoyak_queue_seconds",
    kind="histogram",
    help="The wait for one of the service's slots to the engine",
    labels=(PHASE,),
    buckets=TIME_BUCKETS_S,
)
IN_FLIGHT = Metric(
    name="yoyak_requests_in_flight",
    kind="gauge",
    help="Requests that hold a slot to the engine now",
)
QUEUE_DEPTH = Metric(
    name="yoyak_queue_depth", kind="gauge", help="Requests that wait for a slot now"
)
ENGINE_UP = Metric(
    name="yoyak_engine_up",
    kind="gauge",
    help="1 if the engine answers and the model is loaded, else 0",
)
ENGINE_RSS = Metric(
    name="yoyak_engine_resident_memory_bytes",
    kind="gauge",
    help="Resident memory of the engine's process tree",
)
ENGINE_RSS_PEAK = Metric(
    name="yoyak_engine_resident_memory_peak_bytes",
    kind="gauge",
    help="The kernel's high-water marks of the engine's live processes, summed",
)
ENGINE_MEMORY_LIMIT = Metric(
    name="yoyak_engine_memory_limit_bytes",
    kind="gauge",
    help="The tightest memory limit of the engine's control groups",
)
ENGINE_CPU = Metric(
    name="yoyak_engine_cpu_seconds_total",
    kind="counter",
    help="User and system CPU time of the engine's process tree since its root began",
)
ENGINE_THROTTLED = Metric(
    name="yoyak_engine_throttled_seconds_total",
    kind="counter",
    help="Time in which the CPU quota held the engine's control group back",
)
HOST_CPU = Metric(
    name="yoyak_host_cpu_seconds_total",
    kind="counter",
    help="CPU time of the host over all CPUs since boot; user holds guest time",
    labels=(MODE,),
)
HOST_MEMORY_AVAILABLE = Metric(
    name="yoyak_host_memory_available_bytes",
    kind="gauge",
    help="Memory that can be given to processes without swapping",
)
HOST_MEMORY_TOTAL = Metric(
    name="yoyak_host_memory_total_bytes", kind="gauge", help="Memory that the kernel manages"
)
GPU_UTILIZATION = Metric(
    name="yoyak_gpu_utilization_ratio",
    kind="gauge",
    help="Share of the driver's last period in which a kernel ran",
    labels=(GPU,),
)
GPU_MEMORY_USED = Metric(
    name="yoyak_gpu_memory_used_bytes",
    kind="gauge",
    help="GPU memory in use by all processes",
    labels=(GPU,),
)
GPU_MEMORY_TOTAL = Metric(
    name="yoyak_gpu_memory_total_bytes", kind="gauge", help="GPU memory", labels=(GPU,)
)
ENGINE_GPU_MEMORY = Metric(
    name="yoyak_engine_gpu_memory_bytes",
    kind="gauge",
    help="GPU memory of the engine's processes",
    labels=(GPU,),
)
GPU_POWER = Metric(
    name="yoyak_gpu_power_watts", kind="gauge", help="Power draw of the board", labels=(GPU,)
)
GPU_ENERGY = Metric(
    name="yoyak_gpu_energy_joules_total",
    kind="counter",
    help="Energy of the board since the driver was loaded",
    labels=(GPU,),
)
GPU_TEMPERATURE = Metric(
    name="yoyak_gpu_temperature_celsius",
    kind="gauge",
    help="Temperature of the GPU",
    labels=(GPU,),
)
GPU_SM_CLOCK = Metric(
    name="yoyak_gpu_sm_clock_hertz",
    kind="gauge",
    help="Clock of the streaming multiprocessors",
    labels=(GPU,),
)
GPU_THROTTLED = Metric(
    name="yoyak_gpu_throttled",
    kind="gauge",
    help="1 for each reason that lowers the GPU's clocks now, 0 for the others",
    labels=(GPU, REASON),
)
MODEL_INFO = Metric(
    name="yoyak_model_info",
    kind="gauge",
    help="Always 1; the model that is served, as far as it is known",
    labels=("engine", "engine_version", "model", "quantization", "synthetic", "weights_sha256"),
)
HOST_INFO = Metric(
    name="yoyak_host_info",
    kind="gauge",
    help="Always 1; what kind of host this is, not which one",
    labels=("architecture", "cpu_model", "kernel", "logical_cpus", "physical_cores"),
)
BUILD_INFO = Metric(
    name="yoyak_build_info",
    kind="gauge",
    help="Always 1; the version of yoyak and of Python",
    labels=("version", "python_version"),
)
SPANS_DROPPED = Metric(
    name="yoyak_spans_dropped_total",
    kind="counter",
    help="Spans that the trace store did not take: queue full, export failed, or no time left",
)

METRICS: dict[str, Metric] = {
    metric.name: metric for metric in list(globals().values()) if isinstance(metric, Metric)
}

SCOPE = "yoyak"  # the instrumentation scope of our spans
SCHEMA_URL = f"https://opentelemetry.io/schemas/{GENAI_CONVENTIONS}"
SUMMARIES_ROUTE = "/v1/summaries"
SUMMARIES_SPAN = f"POST {SUMMARIES_ROUTE}"
RUN_SPAN = "run"
FIRST_CHUNK = "first chunk"
LAST_CHUNK = "last chunk"


def chat_span(model: str) -> str:
    """Return the name of the span around one call of the engine."""
    return f"{CHAT} {model}"


def load_span(model: str) -> str:
    """Return the name of the span around one explicit load of the model."""
    return f"load {model}"


class Attribute:
    """Attributes of spans: OpenTelemetry's where it has one, else our own under yoyak."""

    OPERATION = "gen_ai.operation.name"
    PROVIDER = "gen_ai.provider.name"
    REQUEST_MODEL = "gen_ai.request.model"
    REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
    REQUEST_SEED = "gen_ai.request.seed"
    REQUEST_TEMPERATURE = "gen_ai.request.temperature"
    REQUEST_STREAM = "gen_ai.request.stream"
    FINISH_REASONS = "gen_ai.response.finish_reasons"
    TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"  # seconds
    INPUT_TOKENS = "gen_ai.usage.input_tokens"
    CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
    OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
    ERROR_TYPE = "error.type"
    HTTP_METHOD = "http.request.method"
    HTTP_ROUTE = "http.route"
    HTTP_STATUS = "http.response.status_code"
    URL_PATH = "url.path"
    URL_SCHEME = "url.scheme"
    URL_TEMPLATE = "url.template"
    SERVER_ADDRESS = "server.address"
    SERVER_PORT = "server.port"
    RUN_ID = "yoyak.run_id"
    REQUEST_ID = "yoyak.request_id"
    ARTICLE_ID = "yoyak.article_id"
    PHASE = "yoyak.phase"
    REPETITION = "yoyak.repetition"
    QUEUE_S = "yoyak.queue_seconds"
    LATE_S = "yoyak.schedule_lag_seconds"  # left later than an open loop meant it to
    LOAD_S = "yoyak.load_seconds"
    PROMPT_EVAL_S = "yoyak.prompt_eval_seconds"
    DECODE_S = "yoyak.decode_seconds"
    ENGINE_TOTAL_S = "yoyak.engine_total_seconds"
    PROMPT_CHARS = "yoyak.prompt_chars"
    OUTPUT_CHARS = "yoyak.output_chars"
    LOAD_STATE = "yoyak.load_state"
    REQUESTS = "yoyak.requests"
    FAILED = "yoyak.failed"


class ResourceAttribute:
    """Attributes of what sends spans."""

    SERVICE_NAME = "service.name"
    SERVICE_NAMESPACE = "service.namespace"
    SERVICE_VERSION = "service.version"
    HOST_NAME = "host.name"
    HOST_TYPE = "host.type"
    HOST_ID = "host.id"
    HOST_ARCHITECTURE = "host.arch"
    ZONE = "cloud.availability_zone"


SERVICE_NAMESPACE = "yoyak"
SUMMARIZER_SERVICE = "summarizer"
RUN_SERVICE = "yoyak-run"
