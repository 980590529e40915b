"""Specifications of EC2 instance types as published, for hosts that did not record their own."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceGpu:
    """The GPUs of an instance type."""

    name: str
    count: int
    memory_mib: int  # of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance type. Where no citable source was found a field is None."""

    instance_type: str
    vcpu: int
    memory_gib: float
    processor: str | None
    network_gbit_per_s: float | None  # what it can hold for ever
    network_up_to_gbit_per_s: float | None  # what it may burst to; None if it does not burst
    gpu: InstanceGpu | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    what: str
    retrieved: str
    instances: tuple[Instance, ...]


@cache
def _instances() -> dict[str, Instance]:
    text = files("yoyak.analysis").joinpath("data", "instances.json").read_text(encoding="utf-8")
    return {i.instance_type: i for i in TypeAdapter(_File).validate_json(text).instances}


def instance(instance_type: str | None) -> Instance | None:
    """Return the specification of a type, or None if the table does not hold it."""
    return _instances().get(instance_type or "")


def family_and_size(instance_type: str | None) -> tuple[str | None, str | None]:
    """Return ("r5", "16xlarge") of "r5.16xlarge", and (None, None) of any other form."""
    family, dot, size = (instance_type or "").partition(".")
    return (family, size) if family and dot and size else (None, None)
