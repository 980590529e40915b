from pathlib import Path

import pytest

from yoyak.bench.stack.env_file import StackHost, choose, read_settings, with_settings, write_env
from yoyak.errors import UsageError

GPU_FILES = "compose.yaml:docker/compose.nvidia.yaml"


def a_host(*, gpu: bool = False, toolkit: bool = False, uid: int = 1000) -> StackHost:
    return StackHost(has_gpu=gpu, has_toolkit=toolkit, uid=uid, gid=uid)


def test_a_cpu_host_takes_the_base_file_alone() -> None:
    assert choose(a_host(), existing={}).settings == {"COMPOSE_FILE": "compose.yaml"}


def test_a_gpu_that_containers_may_have_takes_its_file_too() -> None:
    choice = choose(a_host(gpu=True, toolkit=True), existing={})
    assert (choice.settings["COMPOSE_FILE"], choice.notice) == (GPU_FILES, None)


def test_a_gpu_without_the_toolkit_is_told_and_not_asked_for() -> None:
    choice = choose(a_host(gpu=True), existing={})
    assert choice.settings == {"COMPOSE_FILE": "compose.yaml"}
    assert "container toolkit is missing" in str(choice.notice)


def test_files_that_the_user_added_stay_behind_the_gpus() -> None:
    existing = {"COMPOSE_FILE": "compose.yaml:docker/compose.embedded.yaml"}
    choice = choose(a_host(gpu=True, toolkit=True), existing=existing)
    assert choice.settings["COMPOSE_FILE"] == f"{GPU_FILES}:docker/compose.embedded.yaml"


def test_a_host_that_lost_its_gpu_loses_the_file() -> None:
    existing = {"COMPOSE_FILE": GPU_FILES}
    assert choose(a_host(), existing=existing).settings == {"COMPOSE_FILE": "compose.yaml"}


@pytest.mark.parametrize(("uid", "is_said"), [(0, False), (1000, False), (1001, True)])
def test_another_user_than_the_images_own_is_said(uid: int, is_said: bool) -> None:
    assert ("YOYAK_UID" in choose(a_host(uid=uid), existing={}).settings) is is_said


def test_a_setting_takes_its_old_line_and_no_other_changes() -> None:
    text = "# COMPOSE_FILE=mine\nCOMPOSE_FILE=old\nYOYAK_MODEL=m"
    written = with_settings(text, {"COMPOSE_FILE": "new", "YOYAK_UID": "7"})
    assert written == "# COMPOSE_FILE=mine\nCOMPOSE_FILE=new\nYOYAK_MODEL=m\nYOYAK_UID=7\n"
    assert read_settings(written) == {"COMPOSE_FILE": "new", "YOYAK_MODEL": "m", "YOYAK_UID": "7"}


def test_it_is_written_twice_the_same(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").touch()
    (tmp_path / ".env").write_text("YOYAK_KEYWORD=반도체\n")
    write_env(tmp_path, a_host())
    once = (tmp_path / ".env").read_text()
    write_env(tmp_path, a_host())
    assert (tmp_path / ".env").read_text() == once
    assert once == "YOYAK_KEYWORD=반도체\nCOMPOSE_FILE=compose.yaml\n"


def test_outside_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no compose\.yaml"):
        write_env(tmp_path, a_host())
    assert list(tmp_path.iterdir()) == []
