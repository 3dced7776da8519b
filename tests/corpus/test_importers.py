import numpy as np
import pytest
import soundfile
from tests.made import tone

from acapella.corpus.importers import mir1k, stem_folders, write_corpus
from acapella.corpus.tracks import find_tracks
from acapella.errors import CorpusError


def read(path):
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def test_mir1k_has_the_voice_on_the_right(tmp_path):
    sides = np.concatenate([tone(100, 0.5, 16000), tone(400, 0.5, 16000)], axis=1)
    source = tmp_path / "source"
    source.mkdir()
    soundfile.write(source / "amy_1.wav", sides, 16000, subtype="FLOAT")
    names = []
    assert write_corpus(mir1k(source), tmp_path / "corpus", names.append) == 1
    (track,), _ = find_tracks(tmp_path / "corpus")
    np.testing.assert_allclose(read(track.files["vocal"]), sides[:, 1:], atol=1e-6)
    np.testing.assert_allclose(read(track.files["all"]), sides.sum(axis=1, keepdims=True), atol=1e-6)
    assert names == ["amy_1"]
    assert write_corpus(mir1k(source), tmp_path / "corpus", names.append) == 1
    assert names == ["amy_1"], "what is there is not written again"


def test_stem_folders_are_summed(tmp_path):
    folder = tmp_path / "source" / "A song"
    folder.mkdir(parents=True)
    stems = {name: tone(100 * place, 0.5, 44100, 2) for place, name in enumerate(["vocals", "drums", "bass"], 1)}
    for name, audio in stems.items():
        soundfile.write(folder / f"{name}.wav", audio, 44100, subtype="FLOAT")
    soundfile.write(folder / "mixture.wav", np.ones((9, 2)), 44100)
    write_corpus(stem_folders(tmp_path / "source"), tmp_path / "corpus", print)
    (track,), _ = find_tracks(tmp_path / "corpus")
    assert track.name == "A song"
    np.testing.assert_allclose(read(track.files["instrumental"]), stems["drums"] + stems["bass"], atol=1e-6)
    np.testing.assert_allclose(read(track.files["all"]), sum(stems.values()), atol=1e-6)


def test_what_is_no_data_set_is_an_error(tmp_path):
    with pytest.raises(CorpusError, match="Nothing of this data set"):
        write_corpus(mir1k(tmp_path), tmp_path / "corpus", print)
    soundfile.write(tmp_path / "mono.wav", tone(100, 0.1, 16000), 16000)
    with pytest.raises(CorpusError, match="1 channels instead of 2"):
        write_corpus(mir1k(tmp_path), tmp_path / "corpus", print)
