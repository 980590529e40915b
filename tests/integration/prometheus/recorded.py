"""The runs that the replayed hosts play: made from a seed, so both ends know what is in them."""

from tests.data_factories.benchmark_run import HostSpeed, a_run, finished

from yoyak.store.run_folder import Run

HOSTS = {
    "r5.4xlarge": HostSpeed(
        instance_type="r5.4xlarge", prompt_tokens_per_s=95, decode_tokens_per_s=7.2
    ),
    "g5.16xlarge": HostSpeed(
        instance_type="g5.16xlarge", prompt_tokens_per_s=1900, decode_tokens_per_s=58, gpus=1
    ),
}
_USD_PER_HOUR = {"r5.4xlarge": 1.008, "g5.16xlarge": 4.096}


def recorded(instance_type: str) -> Run:
    """Return the finished run of one of HOSTS: 4 repetitions of 8 articles, one failure."""
    speed = HOSTS[instance_type]
    run = a_run(seed=len(instance_type), speed=speed, repetitions=4, failures=1)
    return finished(run, usd_per_hour=_USD_PER_HOUR[instance_type])
