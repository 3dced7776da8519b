"""Stems over HTTP: bytes, ranges, formats, mixes, pictures."""

import io
import itertools
import zipfile

import numpy as np
import pytest
import soundfile
from tests.web.studios import client, upload, wait_for

from acapella.web.waveforms import peaks_of

RATE, SECONDS = 8000, 2.0
TIMES = np.arange(int(RATE * SECONDS)) / RATE


def wav(audio: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, audio, RATE, format="WAV", subtype="PCM_16")
    return file.getvalue()


TONE = 0.5 * np.sin(2 * np.pi * 1000 * TIMES)
CONTENT = wav(np.stack([TONE, -TONE], axis=1))


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    with client(tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.fixture(scope="module")
def song(http):
    """The address of a song that is done; its stems are all the song itself."""
    found = wait_for(http, upload(http, CONTENT, "Ä tone.wav")["id"], "done")
    return f"/api/v1/songs/{found['id']}"


def audio_of(content: bytes):
    return soundfile.read(io.BytesIO(content), always_2d=True)


@pytest.mark.parametrize("stem", ["vocal", "instrumental", "mixture"])
def test_a_stem_is_the_file_and_its_ranges(http, song, stem):
    whole = http.get(f"{song}/stems/{stem}")
    assert whole.content == CONTENT
    assert whole.headers["content-type"] == "audio/wav"
    part = http.get(f"{song}/stems/{stem}", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert part.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(("wanted", "status"), [("bytes=99999999-", 416), ("bytes=9-1", 400), ("seconds=1-2", 400)])
def test_ranges_that_cannot_be_had_are_refused_in_json(http, song, wanted, status):
    refused = http.get(f"{song}/stems/vocal", headers={"Range": wanted})
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/json")
    assert refused.json()["detail"].endswith(".")
    if status == 416:
        assert refused.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_what_is_known_is_not_sent_again(http, song):
    etag = http.get(f"{song}/stems/vocal").headers["etag"]
    again = http.get(f"{song}/stems/vocal", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    http.post(f"{song}/retry")
    wait_for(http, song.rpartition("/")[2], "done")
    assert http.get(f"{song}/stems/vocal").headers["etag"] != etag


@pytest.mark.parametrize(("format", "kind"), [("flac", "audio/flac"), ("mp3", "audio/mpeg")])
def test_other_formats_are_encoded(http, song, format, kind):
    answer = http.get(f"{song}/stems/vocal", params={"format": format, "download": 1})
    assert answer.headers["content-type"] == kind
    assert f"%C3%84%20tone_vocal.{format}" in answer.headers["content-disposition"]
    audio, rate = audio_of(answer.content)
    assert rate == RATE
    if format == "flac":
        np.testing.assert_array_equal(audio, audio_of(CONTENT)[0])


def test_stems_that_are_not_there(http, song):
    missing = http.get(f"{song}/stems/drums")
    assert missing.status_code == 404
    assert "vocal" in missing.json()["detail"]
    assert http.get(f"{song}/stems/..%2F..%2Fupload").status_code == 404
    waiting = upload(http, b"slow")["id"]
    assert http.get(f"/api/v1/songs/{waiting}/stems/vocal").status_code == 409
    http.delete(f"/api/v1/songs/{waiting}")


def test_zip_holds_all_stems(http, song):
    answer = http.get(f"{song}/zip", params={"format": "wav"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Ä tone_vocal.wav", "Ä tone_instrumental.wav"]
        assert archive.read("Ä tone_vocal.wav") == CONTENT


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_a_mix_is_the_sum_with_gains(http, song, format):
    params = {"vocal": 0.5, "instrumental": 1, "format": format, "start": 0.5, "end": 1.5}
    answer = http.get(f"{song}/mix", params=params)
    assert "attachment" in answer.headers["content-disposition"]
    audio, _ = audio_of(answer.content)
    expected = 1.5 * audio_of(CONTENT)[0][RATE // 2 : RATE * 3 // 2]
    np.testing.assert_allclose(audio, expected, atol=1 / 2**15)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"vocal": 3},
        {"vocal": "nan"},
        {"drums": 1},
        {"vocal": 1, "start": 1, "end": 1},
        {"vocal": 1, "start": "inf"},
    ],
)
def test_mixes_that_cannot_be(http, song, params):
    answer = http.get(f"{song}/mix", params=params)
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("points", [1, 7, 2000, 20_000])
def test_peaks_are_those_of_the_samples(http, song, points):
    answer = http.get(f"{song}/peaks/mixture", params={"points": points}).json()
    audio, _ = audio_of(CONTENT)
    parts = min(points, len(audio))
    edges = [-(-part * len(audio) // parts) for part in range(parts + 1)]
    expected = [(audio[a:b].min(), audio[a:b].max()) for a, b in itertools.pairwise(edges)]
    assert (answer["samples"], answer["sample_rate"], answer["seconds"]) == (len(audio), RATE, SECONDS)
    np.testing.assert_allclose(answer["peaks"], expected, atol=1e-4)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_peaks_of_every_kind_of_wav_file(tmp_path, subtype):
    audio = np.random.default_rng(0).uniform(-1, 0.9, (1000, 3))
    soundfile.write(tmp_path / "song.wav", audio, RATE, subtype=subtype)
    expected = [(part.min(), part.max()) for part in np.split(audio, 4)]
    np.testing.assert_allclose(peaks_of(tmp_path / "song.wav", 4).peaks, expected, atol=1e-4)


def test_a_tone_is_in_its_band_at_its_level(http, song):
    answer = http.get(f"{song}/spectrogram/vocal", params={"columns": 20, "bands": 64})
    assert (answer.headers["x-columns"], answer.headers["x-bands"], answer.headers["x-top-hz"]) == ("20", "64", "4000")
    levels = np.frombuffer(answer.content, np.uint8).reshape(20, 64)[5:15]
    band = int(np.bincount(levels.argmax(axis=1)).argmax())
    mel = 2595 * np.log10(1 + np.array([1000, 4000]) / 700)
    assert band == pytest.approx(mel[0] / mel[1] * 65 - 1, abs=1)
    assert levels.max() / 255 * 90 - 90 == pytest.approx(20 * np.log10(0.5), abs=2)
    assert np.median(levels[:, :5]) < 60
