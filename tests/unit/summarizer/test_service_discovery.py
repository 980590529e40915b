"""/sd: targets with what is known of the host."""

import dataclasses
from pathlib import Path

from summarizer.service_discovery import target_groups
from summarizer.settings import SdTarget
from yoyak.host.cloud import CloudIdentity
from yoyak.host.facts import HostFacts, host_facts


def host(tmp_path: Path, told: CloudIdentity) -> HostFacts:
    """An empty root has no firmware: the host knows only what it is told."""
    return host_facts(root=tmp_path, told=told, ask_metadata=False)


def test_the_service_itself_is_the_only_target_unless_told(tmp_path: Path) -> None:
    told = CloudIdentity(instance_type="m5.16xlarge", availability_zone="eu-west-1a")
    groups = target_groups(
        (), own_address="10.0.0.5:8080", host=host(tmp_path, told), accelerator=None
    )
    assert groups == [
        {
            "targets": ["10.0.0.5:8080"],
            "labels": {
                "availability_zone": "eu-west-1a",
                "instance_type": "m5.16xlarge",
                "__meta_yoyak_job": "summarizer",
            },
        }
    ]


def test_each_target_names_its_job_and_shares_the_hosts_labels(tmp_path: Path) -> None:
    targets = (
        SdTarget(job="summarizer", address="s:8080"),
        SdTarget(job="node", address="node:9100"),
    )
    groups = target_groups(
        targets,
        own_address="ignored:1",
        host=host(tmp_path, CloudIdentity(instance_id="i-1")),
        accelerator="NVIDIA A10G",
    )
    assert [group["targets"] for group in groups] == [["s:8080"], ["node:9100"]]
    assert [group["labels"]["__meta_yoyak_job"] for group in groups] == ["summarizer", "node"]
    for group in groups:
        assert group["labels"]["instance_id"] == "i-1"
        assert group["labels"]["accelerator"] == "NVIDIA A10G"


def test_what_is_unknown_has_no_label(tmp_path: Path) -> None:
    facts = host(tmp_path, CloudIdentity())
    groups = target_groups((), own_address="a:1", host=facts, accelerator=None)
    assert groups[0]["labels"] == {"__meta_yoyak_job": "summarizer"}


def test_there_is_no_target_until_the_host_is_known() -> None:
    targets = (SdTarget(job="node", address="node:9100"),)
    assert target_groups(targets, own_address="a:1", host=None, accelerator=None) == []


def test_the_hosts_facts_have_the_three_identity_fields() -> None:
    fields = {field.name for field in dataclasses.fields(HostFacts)}
    assert {"instance_type", "instance_id", "availability_zone"} <= fields
