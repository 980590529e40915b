import pytest

from yoyak.engines.placement import asks_huge_pages, cpus_to_bind, mask_of, with_huge_pages


def test_each_thread_has_a_cpu_where_there_are_as_many() -> None:
    assert cpus_to_bind(2, {1, 0}) == (0, 1)
    assert cpus_to_bind(3, {70, 2, 5}) == (2, 5, 70)


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_where_a_cpu_is_free_or_shared_the_kernel_places_them(threads: int) -> None:
    assert cpus_to_bind(threads, {0, 1, 2, 3}) == ()


def test_a_cpu_beyond_llama_cpps_masks_is_not_named() -> None:
    assert cpus_to_bind(2, {510, 511}) == (510, 511)
    assert cpus_to_bind(2, {511, 512}) == ()


def test_a_mask_has_a_bit_for_each_cpu() -> None:
    assert (mask_of((0, 1, 5)), mask_of((64,))) == ("23", "10000000000000000")


@pytest.mark.parametrize(
    ("libc", "asks"),
    [("glibc 2.35", True), ("glibc 3.0", True), ("glibc 2.34", False), ("musl 1.2", False)],
)
def test_only_a_libc_that_knows_how_asks(libc: str, asks: bool) -> None:
    assert asks_huge_pages(libc) is asks


def test_huge_pages_are_asked_for_and_all_else_stays() -> None:
    assert with_huge_pages({"A": "b"}) == {"A": "b", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def test_a_tunable_of_the_users_stays_but_not_another_choice_of_pages() -> None:
    users = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=2:glibc.malloc.check=3"}
    tuned = with_huge_pages(users)["GLIBC_TUNABLES"]
    assert tuned == "glibc.malloc.check=3:glibc.malloc.hugetlb=1"
