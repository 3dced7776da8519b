"""Web servers: songs from there, but not from this machine's own network."""

import pytest

from acapella.errors import InputError, UsageError
from acapella.storage import Address, stores
from acapella.storage.stores import exists, fetch, list_files, store

web_module = pytest.importorskip("acapella.storage.web", reason="needs aiohttp, of the extra [cluster]")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address):
    assert web_module.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
    ],
)
def test_others_are_not(address):
    assert not web_module.is_public(address)


def test_a_song_is_fetched_where_that_is_allowed(web, tmp_path):
    for path in ("song.wav?key=secret", f"to/localhost:{web.port}/song.wav"):
        fetch(Address(f"http://127.0.0.1:{web.port}/{path}", allow_private=True), tmp_path / "a.wav")
        assert (tmp_path / "a.wav").read_bytes() == web.song


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_this_machine_is_not_reached_unless_allowed(web, tmp_path, host):
    with pytest.raises((UsageError, InputError)) as caught:
        fetch(Address(f"http://{host}:{web.port}/song.wav"), tmp_path / "a.wav")
    if host in ("127.0.0.1", "localhost"):
        assert "is in a private network; allow_private would let it be read." in str(caught.value)
        assert caught.value.argument == "allow_private"
    assert not (tmp_path / "a.wav").exists()


def test_a_redirect_does_not_lead_there_either(web, tmp_path, monkeypatch):
    """127.0.0.1 plays the internet, and 127.0.0.2 the private network."""
    monkeypatch.setattr(web_module, "is_public", lambda address: address == "127.0.0.1")
    fetch(Address(f"http://127.0.0.1:{web.port}/to/127.0.0.1:{web.port}/song.wav"), tmp_path / "a.wav")
    with pytest.raises(UsageError, match=r"leads to 127\.0\.0\.2, which is in a private network"):
        fetch(Address(f"http://127.0.0.1:{web.port}/to/127.0.0.2:{web.port}/song.wav"), tmp_path / "b.wav")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("secret.wav?key=hidden", "403 Forbidden"), ("none.wav", "it is not there"), ("broken.wav", "ContentLength")],
)
def test_a_failure_is_one_sentence_without_secrets(web, tmp_path, path, reason):
    with pytest.raises(InputError, match=reason) as caught:
        fetch(Address(f"http://127.0.0.1:{web.port}/{path}", allow_private=True), tmp_path / "a.wav")
    assert "hidden" not in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_a_web_server_is_neither_listed_nor_written_to(tmp_path):
    with pytest.raises(UsageError, match="cannot be listed"):
        list_files(Address("https://example.com/songs/"))
    with pytest.raises(UsageError, match="cannot be written to: name a folder"):
        store(tmp_path / "a.wav", Address("https://example.com/a.wav"))


def test_whether_a_song_is_there(web):
    assert exists(Address(f"http://127.0.0.1:{web.port}/song.wav", allow_private=True))
    assert not exists(Address(f"http://127.0.0.1:{web.port}/none.wav", allow_private=True))
    stores._file_system.cache_clear()
