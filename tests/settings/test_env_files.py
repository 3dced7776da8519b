import shlex
import shutil
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.settings.table import CHOPNAMES, OURS, TABLE

from acapella.errors import SettingsError
from acapella.settings import Settings
from acapella.settings.option_types import MOST, ChopParams, ModelParams, OptimizerParams

ROOT = Path(__file__).parents[2]


def test_file_in_all_the_ways_a_shell_allows(tmp_path: Path) -> None:
    file = tmp_path / "env"
    text = "\ufeff# note\r\n\r\n  export BATCH=2  # two\nEPOCHS='3'\nCHECKPOINTS=\n"
    text += r"""DATA="a \"b\" \$c \d" # d"""
    file.write_bytes(text.encode())
    settings = Settings.read(file)
    assert (settings.batch, settings.epochs, settings.checkpoints) == (2, 3, ())
    assert settings.data == Path('a "b" $c \\d')


@pytest.mark.parametrize("line", ['DATA="$(pwd)/data"', "DATA=`pwd`", "DATA=~/data", "DATA=a b", 'DATA="a', "hello"])
def test_file_is_never_run(line: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(f"# a file\n{line}\n")
    with pytest.raises(SettingsError, match=r"line 2: .* is not export NAME=\"value\" with a plain value\.$"):
        Settings.read(file)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"export CHOPNAM=tile", "There is no option CHOPNAM; the nearest is CHOPNAME."),
        (b"export chopname=tile", "There is no option chopname; the nearest is CHOPNAME."),
        (b"export CHOPNAME=tyle", f"CHOPNAME='tyle' is not one of: {CHOPNAMES}."),
    ],
)
def test_one_sentence_about_a_wrong_file(content: bytes, expected: str, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        Settings.read(file)
    assert str(caught.value) == expected


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"# \xe9\n")
    with pytest.raises(SettingsError, match="latin' cannot be read: it is not UTF-8 text"):
        Settings.read(tmp_path / "latin")
    with pytest.raises(SettingsError, match="nowhere' cannot be read: "):
        Settings.read(tmp_path / "nowhere")


PLAIN = st.characters(exclude_categories=["Cc", "Cs"])
PATHS = st.text(PLAIN, min_size=1)
NAMES = st.text(PLAIN | st.sampled_from(string.punctuation))
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "data": PATHS,
        "weights": PATHS.map(lambda name: f"{name}.h5"),
        "test_tracks": st.lists(NAMES),
        "split": st.floats(0, 1, exclude_min=True, exclude_max=True),
        "checkpoints": st.sampled_from(["", "weights", "weights,error_visualization"]),
        "chopparams": st.builds(
            ChopParams, step=st.tuples(st.integers(1, MOST), st.integers(1, MOST)), upper=st.booleans()
        ),
        "model_params": st.builds(ModelParams, alpha1=st.floats(0, 1000)),
        "optimizer_params": st.builds(OptimizerParams, learning_rate=st.none() | st.floats(1e-300, 1)),
    },
)


@given(OPTIONS)
def test_as_env_reads_back_equal(tmp_path_factory: pytest.TempPathFactory, options: dict[str, Any]) -> None:
    file = tmp_path_factory.getbasetemp() / "env"
    settings = Settings(**options)
    file.write_text(settings.as_env(), encoding="utf-8")
    assert Settings.read(file) == settings


AWKWARD = """a "quoted" 'path' with $HOME, `pwd`, $(pwd), !x, \\n, \\\\, \\" and # ü"""


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_as_env_can_be_sourced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=AWKWARD, test_tracks=AWKWARD, chopparams="{'step': [3, 4]}", load=True)
    file = tmp_path / "env"
    file.write_text(settings.as_env(), encoding="utf-8")
    command = f"source {shlex.quote(str(file))} && env -0"
    output = subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout
    sourced = dict(pair.split("=", 1) for pair in output.decode().split("\0") if pair)
    assert Path(sourced["DATA"]) == Path(AWKWARD)
    for name in [*TABLE, *OURS]:
        monkeypatch.setenv(name, sourced[name])
    assert Settings() == settings
