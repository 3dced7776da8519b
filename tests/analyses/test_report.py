import h5py
import numpy as np
import pytest

from acapella.analyses.report import Dataset, Part, Report, write_hdf5
from acapella.models.front_ends import SpectralFrontEnd


def test_columns_are_aligned_text_left_and_numbers_right():
    report = Report(("name", "MSE", ""), [("a song", "1", ""), ("b", "10.5", "ours")], SpectralFrontEnd(), [])
    assert report.table() == "name     MSE\na song     1\nb       10.5  ours"


def test_parts_are_saved_under_analysis_source_and_representation(tmp_path):
    parts = [Part(name, {"x": Dataset(np.arange(3), "s"), "y": Dataset(["å", "b"])}, _touch) for name in ("a", "b.c")]
    report = Report((), [], SpectralFrontEnd(representation="ri"), parts, {"network": "unet"})
    written = report.save(tmp_path / "new/folder", "stoi", {"settings": "all"})
    names = ["stoi_a_ri.h5", "stoi_a_ri.png", "stoi_b.c_ri.h5", "stoi_b.c_ri.png"]
    assert [path.name for path in written] == sorted(path.name for path in (tmp_path / "new/folder").iterdir()) == names
    with h5py.File(written[0]) as file:
        assert file["x"][:].tolist() == [0, 1, 2]
        assert file["x"].attrs["unit"] == "s"
        assert file["y"].asstr()[:].tolist() == ["å", "b"]
        about = dict(file.attrs)
    assert SpectralFrontEnd.model_validate_json(about.pop("front_end")).representation == "ri"
    assert about == {"analysis": "stoi", "source": "a", "network": "unet", "settings": "all"}


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "numbers.h5"
    write_hdf5(path, {"x": Dataset(np.arange(3))}, {})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        write_hdf5(path, {"x": Dataset(np.array([object()]))}, {})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["numbers.h5"]


def test_names_of_files_need_not_be_text(tmp_path):
    names = Dataset(["\udcff.wav", "é"])
    write_hdf5(tmp_path / "a.h5", {"names": names}, {"song": "\udcff", "n": 1.5})
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["names"].asstr()[:].tolist() == ["\N{REPLACEMENT CHARACTER}.wav", "é"]
        assert dict(file.attrs) == {"song": "\N{REPLACEMENT CHARACTER}", "n": 1.5}


def _touch(path):
    path.touch()
