from dataclasses import replace

import pytest

from yoyak.analysis import durations
from yoyak.records import RequestRecord

# Sent 1 s after it was due; first chunk 0.5 s later, last chunk 1.3 s later, last byte 1.4 s later.
RECORD = RequestRecord(
    request_id="r-0",
    article_id="a",
    repetition=0,
    is_warmup=False,
    scheduled_ns=1_000_000_000,
    sent_ns=2_000_000_000,
    chunk_ns=(2_500_000_000, 2_900_000_000, 3_300_000_000),
    done_ns=3_400_000_000,
    article_chars=100,
    prompt_chars=200,
    output_chars=30,
    prompt_tokens=210,
    cached_tokens=0,
    output_tokens=9,
    engine_load_s=None,
    prompt_eval_s=0.45,
    decode_s=0.8,
    engine_total_s=None,
    finish_reason="length",
    http_status=200,
    error=None,
)
FAILED = replace(RECORD, error="timeout")


def test_in_open_loop_the_wait_counts_from_the_intended_start() -> None:
    assert durations.time_to_first_token_s(RECORD, open_loop=True) == 1.5
    assert durations.end_to_end_s(RECORD, open_loop=True) == 2.4


def test_in_closed_loop_it_counts_from_when_the_request_left() -> None:
    assert durations.time_to_first_token_s(RECORD, open_loop=False) == 0.5
    assert durations.end_to_end_s(RECORD, open_loop=False) == 1.4


def test_a_chunk_of_several_tokens_counts_each_of_them() -> None:
    assert durations.time_per_output_token_s(RECORD) == pytest.approx(0.1)  # 0.8 s over 8 steps


def test_gaps_are_between_neighbouring_chunks() -> None:
    assert durations.inter_chunk_latencies_s(RECORD) == (0.4, 0.4)


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, output_tokens=1),
        replace(RECORD, output_tokens=None),
        replace(RECORD, chunk_ns=(2_500_000_000,)),
        FAILED,
    ],
)
def test_without_a_second_token_and_chunk_there_is_no_time_per_token(
    record: RequestRecord,
) -> None:
    assert durations.time_per_output_token_s(record) is None


def test_overhead_is_what_the_client_waited_beyond_the_engines_phases() -> None:
    overhead = durations.queue_and_overhead_s(RECORD, open_loop=False)
    assert overhead == pytest.approx(1.4 - 0.45 - 0.8)


def test_an_engine_that_states_its_total_gives_the_overhead_by_its_own_clock() -> None:
    ollama = replace(RECORD, engine_total_s=1.38, engine_load_s=0.06)
    overhead = durations.queue_and_overhead_s(ollama, open_loop=False)
    assert overhead == pytest.approx(1.38 - 0.06 - 0.45 - 0.8)


def test_overhead_is_unknown_where_a_phase_is() -> None:
    unknown = replace(RECORD, decode_s=None)
    assert durations.queue_and_overhead_s(unknown, open_loop=False) is None


def test_a_failed_request_has_no_durations() -> None:
    assert durations.time_to_first_token_s(FAILED, open_loop=False) is None
    assert durations.end_to_end_s(FAILED, open_loop=False) is None
    assert durations.inter_chunk_latencies_s(FAILED) == ()
    assert durations.prompt_eval_s(FAILED) is None
    assert durations.decode_s(FAILED) is None
    assert durations.queue_and_overhead_s(FAILED, open_loop=False) is None


def test_a_stream_without_text_has_no_first_token() -> None:
    assert durations.time_to_first_token_s(replace(RECORD, chunk_ns=()), open_loop=False) is None
