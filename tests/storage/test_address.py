"""Addresses: what they are called, and what is none."""

import pickle
from pathlib import Path

import pytest

from acapella.errors import UsageError
from acapella.storage import Address, location
from acapella.storage.address import name_beside


@pytest.mark.parametrize("text", ["song.wav", "-", "C:/songs/a.wav", "s3:bucket/a", "a b://c", "../x//y.wav"])
def test_what_has_no_scheme_is_a_path(text):
    assert location(text) == Path(text)


@pytest.mark.parametrize("text", ["ftp://server/a.wav", "file:///etc/passwd", "s3://", "https:///"])
def test_other_addresses_are_refused(text):
    with pytest.raises(UsageError, match="is no address that can be used"):
        location(text)


def test_an_address_has_the_names_of_a_path():
    song = location("S3://bucket/songs/deep//a song?.tar.wav")
    assert (song.name, song.stem, song.suffix) == ("a song?.tar.wav", "a song?.tar", ".wav")
    assert song.parent == Address("s3://bucket/songs/deep/")
    assert Address("s3://bucket/out/") / "a.wav" == Address("s3://bucket/out/a.wav")
    assert Address("s3://bucket").parent == Address("s3://bucket")
    assert song.with_name("b.png").text.endswith("deep/b.png")
    assert pickle.loads(pickle.dumps(location("https://x/a", allow_private=True))).allow_private


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("https://host/a%20song.mp3", "a song.mp3", "https://host/a%20song.mp3"),
        ("https://me:secret@host/a.mp3?key=secret#t", "a.mp3", "https://host/a.mp3?…"),
        ("http://host/..%2F..%2Fetc%2Fpasswd", ".._.._etc_passwd", "http://host/..%2F..%2Fetc%2Fpasswd"),
    ],
)
def test_web_addresses_keep_secrets_and_stay_in_their_folder(text, name, shown):
    address = location(text)
    assert (address.name, str(address)) == (name, shown)
    assert name_beside(address) == Path(name)
