"""Which network addresses may be connected to: public ones, and those that the user names."""

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]  # has no annotations

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase

ALLOWED_HOSTS_SETTING = "NEWSCRAWL_ALLOWED_HOSTS"

# Where the IPv4 address is the last 32 bits: NAT64 (RFC 6052), and the old compatible addresses.
_LAST_32_BITS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressPolicy:
    """Public addresses are allowed; others where the user named the host, address or network."""

    def __init__(self, exceptions: Sequence[str] = ()) -> None:
        """Take host names, addresses and networks (`10.0.0.0/8`) that are allowed all the same."""
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for text in exceptions:
            try:
                self._networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
            except ValueError:
                self._names.add(text.lower().rstrip("."))

    def allows(self, host: str, address: str) -> bool:
        """Return whether a connection to `address`, which `host` stands for, may be made."""
        if host.lower().rstrip(".") in self._names:
            return True
        try:
            given = ipaddress.ip_address(address.split("%", 1)[0])
        except ValueError:
            return False
        real = _inner(given)
        if any(
            a.version == net.version and a in net for net in self._networks for a in (given, real)
        ):
            return True
        if isinstance(real, ipaddress.IPv6Address) and real.is_site_local:  # fec0::/10
            return False
        return real.is_global and not real.is_multicast


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if any(address in network for network in _LAST_32_BITS):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


@implementer(IResolutionReceiver)
class _Filter:
    """Passes on the allowed addresses only, so what is checked is what is connected to."""

    def __init__(
        self,
        receiver: Any,  # noqa: ANN401 - an interface
        host: str,
        policy: AddressPolicy,
        refused: set[str],
    ) -> None:
        self._receiver = receiver
        self._host = host
        self._policy = policy
        self._refused = refused

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802 - Twisted's name
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: object) -> None:  # noqa: N802 - Twisted's name
        if self._policy.allows(self._host, str(getattr(address, "host", ""))):
            self._receiver.addressResolved(address)
        else:
            self._refused.add(self._host.lower())

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class GuardedResolver(CachingHostnameResolver):
    """Scrapy's resolver for IPv4 and IPv6, less the addresses that the policy refuses.

    Each connection resolves here, that of a redirect or to a literal address too, so a name that
    changes its address between two looks (DNS rebinding) gains nothing.
    """

    def __init__(self, reactor: "ReactorBase", cache_size: int, policy: AddressPolicy) -> None:
        """Wrap the reactor's own resolver."""
        super().__init__(reactor, cache_size)
        self._policy = policy
        self.refused: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: "Crawler", reactor: "ReactorBase") -> "GuardedResolver":
        """Build from the settings."""
        settings = crawler.settings
        cache_size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        policy = AddressPolicy(settings.getlist(ALLOWED_HOSTS_SETTING))
        return cls(reactor, cache_size, policy)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: Any,  # noqa: ANN401, N803 - Twisted's name and interface
        hostName: str,  # noqa: N803 - Twisted's name
        *args: Any,  # noqa: ANN401 - passed on
        **kwargs: Any,  # noqa: ANN401 - passed on
    ) -> Any:  # noqa: ANN401 - an interface
        """Resolve, and pass on what the policy allows."""
        receiver: Any = _Filter(resolutionReceiver, hostName, self._policy, self.refused)
        return super().resolveHostName(receiver, hostName, *args, **kwargs)


def is_refused(host: str) -> bool:
    """Return whether the running reactor's resolver has refused the host's addresses."""
    from twisted.internet import reactor  # lazy: importing it installs a reactor

    resolver = getattr(reactor, "nameResolver", None)
    return isinstance(resolver, GuardedResolver) and host.lower() in resolver.refused
