import pytest

from yoyak.bench.native_build.source import REQUIREMENTS, pinned_sha256
from yoyak.engines.native.recipe import PACKAGE, PACKAGE_VERSION, VERSION, cmake_options, main


def test_a_native_build_uses_this_cpu_and_fetches_nothing() -> None:
    options = cmake_options("cpu")
    assert {"-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DGGML_CUDA=OFF"} <= set(options)
    assert {"-DLLAMA_CURL=OFF", "-DLLAMA_OPENSSL=OFF", "-DLLAMA_USE_PREBUILT_UI=OFF"} <= set(
        options
    )
    assert "-DBUILD_SHARED_LIBS=OFF" in options  # so that it can be renamed into place


def test_the_programs_know_their_version() -> None:
    number, _, commit = VERSION.removeprefix("b").partition("-")
    options = cmake_options("cpu")
    assert f"-DLLAMA_BUILD_NUMBER={number}" in options
    assert f"-DLLAMA_BUILD_COMMIT={commit}" in options


def test_cuda_is_for_the_gpus_of_this_machine_unless_told_others() -> None:
    assert "-DGGML_CUDA=ON" in cmake_options("cuda")
    assert not any("CUDA_ARCHITECTURES" in option for option in cmake_options("cuda"))
    named = cmake_options("cuda", cuda_architectures="86-real;90")
    assert "-DCMAKE_CUDA_ARCHITECTURES=86-real;90" in named


def test_an_images_build_runs_on_any_cpu() -> None:
    options = set(cmake_options("cuda", is_native=False))
    assert {"-DGGML_NATIVE=OFF", "-DGGML_CPU_ALL_VARIANTS=ON", "-DGGML_BACKEND_DL=ON"} <= options
    assert {"-DBUILD_SHARED_LIBS=ON", "-DCMAKE_INSTALL_RPATH=$ORIGIN"} <= options


def test_a_builder_that_is_no_python_gets_one_option_a_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--cuda", "--portable", "--cuda-architectures", "90"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(lines) == cmake_options("cuda", is_native=False, cuda_architectures="90")


def test_the_requirements_file_pins_the_recipes_version_by_hash() -> None:
    assert f"\n{PACKAGE}=={PACKAGE_VERSION} --hash=sha256:" in REQUIREMENTS.read_text()
    assert len(pinned_sha256()) == 64
