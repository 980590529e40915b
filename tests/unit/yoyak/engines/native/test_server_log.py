"""What is read from the log of llama-server, build b11312, as it wrote it."""

from yoyak.engines.native.server_log import Told

LOG = """\
0.00.002.354 I cmn  common_param: common_params_print_info: build 11312 (0c1e57098) with GNU 12.2.0
0.00.002.411 I cmn  common_param: system_info: n_threads = 2 (n_threads_batch = 2) / 4 | \
CPU : SSE3 = 1 | AVX512 = 1 | OPENMP = 1 | REPACK = 1 |
0.00.045.432 I llama_context: n_ctx                 = 2048
0.00.045.433 I llama_context: n_batch               = 512
0.00.045.433 I llama_context: n_ubatch              = 256
0.00.061.250 I srv  llama_server: listening on http://127.0.0.1:39531
"""
OFFLOAD = "0.01.045.432 I load_tensors: offloaded 33/33 layers to GPU"


def told(text: str) -> Told:
    found = Told()
    for line in text.splitlines():
        found.read(line)
    return found


def test_the_log_tells_address_threads_instruction_sets_and_batches() -> None:
    found = told(LOG)
    assert found.url == "http://127.0.0.1:39531"
    assert (found.threads, found.batch_tokens, found.ubatch_tokens) == (2, 512, 256)
    assert found.isa == "CPU : SSE3 = 1 | AVX512 = 1 | OPENMP = 1 | REPACK = 1"
    assert (found.gpu_layers, found.layers) == (None, None)


def test_layers_on_a_gpu_are_counted() -> None:
    found = told(OFFLOAD)
    assert (found.gpu_layers, found.layers) == (33, 33)


def test_what_a_log_does_not_tell_is_unknown() -> None:
    found = told("listening on http://127.0.0.1:1\nsomething else\n")
    assert (found.url, found.threads, found.isa, found.batch_tokens) == (
        "http://127.0.0.1:1",
        None,
        None,
        None,
    )


def test_the_first_word_counts() -> None:
    found = told(LOG + LOG.replace("= 512", "= 64").replace("n_threads = 2", "n_threads = 9"))
    assert (found.batch_tokens, found.threads) == (512, 2)
