"""Make the free default model from nothing but the data; what is there already is not made again.

    python benchmarks/default_model/reproduce.py DATA PACKAGES WORK

DATA is the folder of data sets and PACKAGES that of unpacked Debian packages (README.md); WORK receives all that is
made, and needs Spleeter's weights in WORK/weights. The last line names the model file.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import torch
from plans import PLANS
from recordings import decode_all
from teacher import write_masks
from train import train
from weights import save_mean

TEACHER_CORPORA = ("eif", "mars")
LICENCE = "Free for any use: MIT weights, trained further on CC0, CC BY, CC BY-SA and GPL recordings only"


def export(weights: Path, model: Path) -> None:
    """Write the model file, with weights in 8 bits."""
    env = Path(__file__).with_name("model.env")
    options = ["-o", model, "--env", env, "--licence", LICENCE, "--small"]
    subprocess.run([sys.executable, "-m", "acapella", "export", weights, *options], check=True)


def reproduce(data: Path, packages: Path, work: Path) -> Path:
    """All steps, each unless its result is there; returns the model file."""
    if not (work / "audio/catalogue.json").exists():
        decode_all(data, packages, work / "audio")
    write_masks(work / "audio", work / "weights", work / "masks", TEACHER_CORPORA)

    def run(name: str) -> Path:
        train(work, name)
        return work / f"runs/{name}/average_{PLANS[name].last_step}.safetensors"

    save_mean([run("free0"), run("free1")], work / PLANS["free2"].start)
    run("free2")
    save_mean([work / PLANS["free2"].start, run("free3")], work / "free.safetensors")
    export(work / "free.safetensors", work / "free.onnx")
    return work / "free.onnx"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("data", "packages", "work"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(reproduce(given.data, given.packages, given.work))


if __name__ == "__main__":
    main()
