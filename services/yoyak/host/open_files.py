"""How many files a process may have open: each connection is one."""

import resource

from yoyak.errors import HostError

SPARE = 64  # journals, pipes of children, the interpreter's own


def allow_connections(count: int) -> None:
    """Take the limit of open files as high as this host lets it be.

    Processes begin with a soft limit of 1,024, for the sake of those that use select(2); a higher
    one is theirs for the asking. Children inherit it.

    Raises:
        HostError: so many connections are over the hard limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (resource.RLIM_INFINITY, soft):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    needed = count + SPARE
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise HostError(
            f"{count} streams need {needed} open files and this host allows {hard}; raise its hard "
            f"limit (ulimit -Hn {needed}), or ask for fewer: --concurrency {max(1, hard - SPARE)}"
        )
