import sys
from pathlib import Path

import pytest
import yaml
from tests.corpus.sources import assert_is, failure, prepare, put
from tests.made import tone

from acapella.corpus.importers import LeftOutError, find_songs, write_song
from acapella.errors import MissingExtraError


def medley(folder: Path, title: str, instruments: list[object], metadata: Path | None = None, **more) -> Path:
    """A song in MedleyDB's layout, one stem for each of `instruments`; returns its metadata."""
    content = {"stem_dir": f"{title}_STEMS", "has_bleed": "no", "stems": {}, **more}
    for place, instrument in enumerate(instruments, 1):
        name = f"{title}_STEM_{place:02d}.wav"
        put(folder / f"{title}_STEMS" / name, tone(100 * place, 0.3, 8000, 2))
        raw = {"R01": {"filename": f"{title}_RAW_{place:02d}_01.wav", "instrument": instrument}}
        content["stems"][f"S{place:02d}"] = {"filename": name, "instrument": instrument, "raw": raw}
    path = (metadata or folder) / f"{title}_METADATA.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path


def edit(metadata: Path, old: str, new: str) -> None:
    assert old in metadata.read_text()
    metadata.write_text(metadata.read_text().replace(old, new))


def test_medleydb_sums_stems_by_their_instruments(source):
    medley(source / "V1/A_One", "A_One", ["male singer", "drum set", ["choir", "female rapper"], "piano"])
    medley(source / "V2/B_Two", "B_Two", ["crowd", "vocalists"], metadata=source / "Metadata")
    put(source / "V1/A_One/A_One_MIX.wav", tone(50, 0.3, 8000, 2))
    put(source / "V1/A_One/A_One_RAW/A_One_RAW_01_01.wav", tone(50, 0.3, 8000))
    tones = [tone(100 * place, 0.3, 8000, 2) for place in range(1, 5)]
    corpus = prepare("medleydb", source)
    assert list(corpus) == ["A_One", "B_Two"]
    assert_is(corpus["A_One"], tones[0] + tones[2], tones[1] + tones[3])
    assert_is(corpus["B_Two"], tones[1], tones[0])


def test_a_sum_beyond_full_scale_is_kept(source):
    medley(source / "A_One", "A_One", ["male singer", "male singer", "piano"])
    for place in (1, 2):
        put(source / f"A_One/A_One_STEMS/A_One_STEM_0{place}.wav", tone(100, 0.3, 8000, 2, level=0.9))
    assert prepare("medleydb", source)["A_One"]["vocal"].max() > 1.7


def test_bleed_and_voices_among_the_raw_tracks_are_said(source, tmp_path):
    metadata = medley(source / "A_One", "A_One", ["male singer", "fx/processed sound"], has_bleed="yes")
    content = yaml.safe_load(metadata.read_text())
    content["stems"]["S02"]["raw"]["R01"]["instrument"] = "female singer"
    metadata.write_text(yaml.safe_dump(content))
    (song,) = find_songs("medleydb", source, tmp_path / "corpus")
    note = write_song(song, tmp_path / "corpus")
    assert note == "has bleed; S02 counts as instrumental, but there are voices in its raw tracks"


@pytest.mark.parametrize(
    ("instruments", "reason"),
    [
        (["piano", "drum set"], "the song has no vocals."),
        (["female singer"], "the song has no stems beside its vocals."),
        (["piano", ["male singer", "acoustic guitar"]], "stem S02 holds vocals and others together."),
    ],
)
def test_medleydb_songs_that_cannot_teach_separation(source, instruments, reason):
    medley(source / "A_One", "A_One", instruments)
    error = failure("medleydb", source)
    assert isinstance(error, LeftOutError)
    assert reason in str(error)


@pytest.mark.parametrize("name", ["../A_One_MIX.wav", "/etc/passwd", "..", "a\\b.wav", "''", "[1]"])
def test_metadata_that_leaves_the_song_folder_is_refused(source, name):
    metadata = medley(source / "A_One", "A_One", ["male singer", "piano"])
    edit(metadata, "A_One_STEM_02.wav", name)
    assert "is not the name of a file in the song's folder" in str(failure("medleydb", source))


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['exit 1']",
        "stems: 3",
        "stems: {S01: nothing}",
        "stems: {}",
        "- a list",
        "a: [b",
        "released: 2001-99-99",
        "",
        "\0",
        "[" * 5000,
    ],
)
def test_broken_metadata_is_one_sentence(source, text):
    medley(source / "A_One", "A_One", ["male singer", "piano"]).write_text(text)
    message = str(failure("medleydb", source))
    assert "A_One_METADATA.yaml is no metadata of MedleyDB" in message
    assert "\n" not in message


def test_medleydb_songs_that_lack_something(source):
    medley(source / "A_One", "A_One", ["male singer", "piano"]).unlink()
    assert "A_One_STEMS has no A_One_METADATA.yaml" in str(failure("medleydb", source))
    medley(source / "A_One", "A_One", ["male singer", "piano"])
    (source / "A_One/A_One_STEMS/A_One_STEM_02.wav").unlink()
    assert "A_One_STEM_02.wav: cannot be read" in str(failure("medleydb", source))
    (source / "A_One/A_One_STEMS/A_One_STEM_01.wav").unlink()
    error = failure("medleydb", source)
    assert "has no folder A_One_STEMS to go with it" in str(error)
    assert not isinstance(error, LeftOutError)
    (source / "A_One").rename(source / "Metadata")
    assert isinstance(failure("medleydb", source), LeftOutError)


def test_medleydb_needs_yaml(source, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"\[train\]"):
        find_songs("medleydb", source, source.parent / "corpus")
