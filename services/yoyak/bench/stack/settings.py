"""`python -m yoyak.bench.stack.settings`: names in .env that nothing reads, before anything starts.

Each service checks the values of its own variables; a misspelt name would reach none of them, and
the default would be taken in silence. Compose hands over .env as this one's environment.
"""

import difflib
import os
import sys
from collections.abc import Mapping

from yoyak.config import ENVIRONMENT_PREFIX, PARSERS
from yoyak.errors import UsageError, YoyakError

PREFIX = "YOYAK_"
NAMES = (  # .env.example says what each is
    *("YOYAK_MODEL", "YOYAK_MODELS", "YOYAK_THREADS", "YOYAK_CONTEXT", "YOYAK_BATCH"),
    *("YOYAK_CONCURRENCY", "YOYAK_DATASET", "YOYAK_KEYWORD", "YOYAK_CRAWL_URL"),
    *("YOYAK_CRAWL_OPTIONS", "YOYAK_RUNS", "YOYAK_RUNS_URL", "YOYAK_RERUN"),
    *("YOYAK_INSTANCE_TYPE", "YOYAK_INSTANCE_ID", "YOYAK_AVAILABILITY_ZONE", "YOYAK_ACCELERATOR"),
    *("YOYAK_BIND", "YOYAK_API_PORT", "YOYAK_PROMETHEUS_PORT", "YOYAK_ALERTMANAGER_PORT"),
    *("YOYAK_GRAFANA_PORT", "YOYAK_UID", "YOYAK_GID", "YOYAK_TRACES_URL"),
    *("YOYAK_HUB", "YOYAK_HUB_USER", "YOYAK_HUB_PASSWORD_FILE", "YOYAK_HUB_CA_FILE"),
    *("YOYAK_HUB_TRACES", "YOYAK_HUB_SIGV4_REGION", "YOYAK_HUB_NAMES", "YOYAK_HUB_KEYS"),
    *("YOYAK_HUB_BIND", "YOYAK_HUB_PORT", "YOYAK_HUB_GRAFANA_PORT", "YOYAK_HUB_TRACES_PORT"),
    *("YOYAK_HUB_RETENTION", "YOYAK_HUB_RUNS", "YOYAK_PROMETHEUS_RETENTION"),
    *("YOYAK_IMAGE_TAG", "YOYAK_IMAGE_STORES", "YOYAK_IMAGE_PYTHON", "YOYAK_IMAGE_DEBIAN"),
    *("YOYAK_IMAGE_PROMETHEUS", "YOYAK_IMAGE_ALERTMANAGER", "YOYAK_IMAGE_OLLAMA"),
    *("YOYAK_IMAGE_GRAFANA", "YOYAK_IMAGE_TEMPO", "YOYAK_IMAGE_NODE_EXPORTER"),
    *("YOYAK_IMAGE_CUDA_DEVEL", "YOYAK_IMAGE_CUDA_RUNTIME"),
)


def check_names(environ: Mapping[str, str]) -> None:
    """Refuse a YOYAK_ variable that nothing reads.

    Raises:
        UsageError: names it, and the nearest that is read.
    """
    known = {*NAMES, *(ENVIRONMENT_PREFIX + name.upper() for name in PARSERS)}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            mend = f"did you mean {near[0]}?" if near else "remove it; .env.example lists them all"
            raise UsageError(f"{name} in .env is read by nothing; {mend}")


def check_crawl(environ: Mapping[str, str]) -> None:
    """Refuse a site without the keyword that makes a crawl of it: it would be passed over.

    Raises:
        UsageError: says what the keyword may be.
    """
    if environ.get("YOYAK_CRAWL_URL") and not environ.get("YOYAK_KEYWORD"):
        raise UsageError(
            "YOYAK_CRAWL_URL is set, and nothing is crawled without YOYAK_KEYWORD; set it to what "
            "the articles are about, or to * for all that the site has"
        )


def main(environ: Mapping[str, str]) -> int:
    """Check and return the exit code."""
    try:
        check_names(environ)
        check_crawl(environ)
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
