"""A finished run's series for Prometheus: into the folder that a runner shows, or a Pushgateway.

Both go on showing the numbers as of now; a sample written once would be gone from every panel
five minutes later (docs/decisions/0006).
"""

import base64
import http.client
import ssl
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import CollectorRegistry

from yoyak.errors import HostError, UsageError, one_line
from yoyak.records import Perf
from yoyak.store.codec import to_json
from yoyak.store.run_folder import PERF, replace_file
from yoyak.telemetry.publishing.access import Access
from yoyak.telemetry.publishing.publish import Change
from yoyak.telemetry.run_gauges import RUN_ID, RunGauges

JOB = "yoyak_runs"
_TIMEOUT_S = 30.0


def exposition(perf: Perf) -> bytes:
    """Return a run's gauges in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    RunGauges(registry, lambda: (perf,))
    return generate_latest(registry)


def put_into_folder(perf: Perf, folder: Path) -> Change:
    """Make a folder of runs have a run's results.

    Raises:
        UsageError: the folder is not there, or the run's id is no name of a folder.
        HostError: it cannot be written.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not there; name the runs folder that a runner shows")
    name = perf.run_id
    if not name or name.startswith(".") or Path(name).name != name or not name.isprintable():
        raise UsageError(f"the run id {name!r} is no name of a folder; mend it in its {PERF}")
    path = folder / name / PERF
    text = to_json(perf, indent=2)
    try:
        if path.read_text(encoding="utf-8") == text:
            return "unchanged"
        change: Change = "changed"
    except (OSError, UnicodeDecodeError):
        change = "new"
    try:
        if not path.parent.is_dir():
            path.parent.mkdir()
            path.parent.chmod(0o755)  # the runner reads it as another user
    except OSError as error:
        raise HostError(
            f"{path.parent} cannot be made: {error.strerror}; mend its rights"
        ) from error
    replace_file(path, text)
    path.chmod(0o644)
    return change


def push_to_gateway(perf: Perf, access: Access) -> None:
    """Replace what a Pushgateway has of a run by its gauges.

    Raises:
        HostError: it cannot be reached, refuses, or is none.
    """
    url = f"{access.url}{_path(perf.run_id)}"
    request = urllib.request.Request(  # noqa: S310 - access_from takes http and https only
        url, data=exposition(perf), method="PUT", headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    )
    if access.user is not None:
        login = base64.b64encode(f"{access.user}:{access.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
    elif access.token is not None:
        request.add_header("Authorization", f"Bearer {access.token}")
    try:
        trust = ssl.create_default_context(cafile=access.ca_file)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S, context=trust) as response:  # noqa: S310 - as above
            response.read()
    except urllib.error.HTTPError as error:
        raise _refused(access, error) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLError):
            raise HostError(
                f"the certificate of {access.url} cannot be trusted "
                f"({getattr(reason, 'verify_message', None) or reason.reason}); name its "
                "authority in PUSHGATEWAY_CA_FILE"
            ) from error
        raise HostError(
            f"no Pushgateway answers under {access.url} ({one_line(str(reason))}); start it or "
            "mend --pushgateway"
        ) from error


def _refused(access: Access, error: urllib.error.HTTPError) -> HostError:
    said = one_line(error.read(500).decode("utf-8", "replace"))
    if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        mend = "set PUSHGATEWAY_USER and PUSHGATEWAY_PASSWORD"
    elif error.code in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        mend = "give a Pushgateway's address; a Prometheus takes no pushes of this kind"
    else:
        mend = "its log says why"
    return HostError(f"{access.url} does not take the run ({error.code}: {said}); {mend}")


def _path(run_id: str) -> str:
    """Return the path of a run's group; an id with a slash goes as base64, as the gateway asks."""
    if "/" in run_id or not run_id:
        coded = base64.urlsafe_b64encode(run_id.encode()).decode() or "="
        return f"/metrics/job/{JOB}/{RUN_ID}@base64/{coded}"
    return f"/metrics/job/{JOB}/{RUN_ID}/{quote(run_id, safe='')}"
