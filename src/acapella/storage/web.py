"""Web servers, which may not lead into this machine's own network.

An address that a stranger has sent would otherwise let this machine fetch what only it may see: a router's pages, a
cloud's credentials at 169.254.169.254. What counts is the number that is connected to, not the name: so it is checked
at each connection, those of redirects included, and a name that means something else the second time is of no use.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import aiohttp
from fsspec.implementations.http import HTTPFileSystem

from acapella.storage.stores import PrivateNetworkError

CONNECT, SILENCE = 30, 60  # seconds to wait for a connection, and for more of a file
NAT64 = IPv6Network("64:ff9b::/96")  # IPv4 addresses inside IPv6 ones (RFC 6052)


def make_file_system(allow_private: bool) -> Any:
    """fsspec's for http and https. Proxies, which themselves decide where to go, need `allow_private`."""
    return HTTPFileSystem(get_client=_any_client if allow_private else _public_client, skip_instance_cache=True)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = _embedded(ip) or ip
    return ip.is_global and not ip.is_multicast


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that `ip` stands for."""
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in NAT64 else ip.ipv4_mapped or ip.sixtofour


async def _any_client(**options: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(**{**options, "timeout": _timeout(), "trust_env": True})


async def _public_client(**options: Any) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(socket_factory=_public_socket, happy_eyeballs_delay=None)
    return aiohttp.ClientSession(**{**options, "timeout": _timeout(), "connector": connector})


def _timeout() -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SILENCE)


def _public_socket(info: tuple[Any, ...]) -> socket.socket:
    """A socket for an address as `socket.getaddrinfo` gives it."""
    family, kind, protocol, _, address = info
    if not is_public(address[0]):
        raise PrivateNetworkError(address[0])
    return socket.socket(family, kind, protocol)
