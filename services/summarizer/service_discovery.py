"""/sd: this host's targets for Prometheus' HTTP service discovery, with the host's identity.

Source:
    Prometheus documentation, "Writing HTTP service discovery".
"""

from collections.abc import Sequence
from typing import Any

from summarizer.settings import SdTarget
from yoyak.host.facts import HostFacts
from yoyak.telemetry import names

JOB = "__meta_yoyak_job"  # dropped after relabelling; lets a scrape job keep its own targets
OWN_JOB = "summarizer"


def target_groups(
    targets: Sequence[SdTarget],
    *,
    own_address: str,
    host: HostFacts | None,
    accelerator: str | None,
) -> list[dict[str, Any]]:
    """Return the target groups, one a target; a label that is not known is left out.

    There are none until the host is known: a series without its labels would be another one.

    Args:
        targets: what else this host runs; the service itself is the only one if empty.
        own_address: host and port under which the service was asked.
        host: None while it is being looked at.
        accelerator: the GPU's name, None without one.
    """
    if host is None:
        return []
    labels = {
        names.ACCELERATOR: accelerator,
        names.INSTANCE_TYPE: host.instance_type,
        names.INSTANCE_ID: host.instance_id,
        names.AVAILABILITY_ZONE: host.availability_zone,
    }
    known = {name: value for name, value in sorted(labels.items()) if value}
    listed = targets or (SdTarget(job=OWN_JOB, address=own_address),)
    return [{"targets": [t.address], "labels": {**known, JOB: t.job}} for t in listed]
