"""Networks that take chunks, as graphs that runtimes read."""

import numpy as np
import onnx
import pytest
import torch
from tests.conversion import made_checkpoints as made

from acapella.conversion import bs_roformer, chunk_graph, mdx23c
from acapella.conversion.onnx_graph import for_inference, to_graph
from acapella.conversion.training_config import TrainingConfig
from acapella.errors import ModelFileError
from acapella.isolation.model import open_model

MADE = {
    "bs_roformer": lambda: bs_roformer.read(
        made.bs_roformer(linear=True), TrainingConfig(made.bs_config(), "model.yaml"), "model.ckpt"
    ),
    "mdx23c": lambda: mdx23c.read(made.mdx23c(), TrainingConfig(made.mdx23c_config(), "model.yaml"), "model.ckpt"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE)
def test_the_graph_computes_the_same_and_holds_no_paths(name, tmp_path):
    torch.manual_seed(0)
    published, path = MADE[name](), tmp_path / "model.onnx"
    chunk_graph.export_chunks(published, path)
    graph = onnx.load(path)
    assert {opset.version for opset in graph.opset_import if not opset.domain} == {18}
    assert b".py" not in path.read_bytes()
    assert {node.op_type for node in graph.graph.node}.isdisjoint({"STFT", "DFT", "If", "Loop", "SequenceAt"})
    model = open_model(path)
    assert model.description == published.description
    (silence,) = model.run(np.zeros(published.inputs["mixture"], np.float32))
    assert np.isfinite(silence).all()  # the exporter must not have dropped what keeps norms from dividing by zero


@pytest.mark.slow
def test_a_network_that_is_exported_wrongly_is_found_out(tmp_path, monkeypatch):
    published, other = MADE["mdx23c"](), MADE["mdx23c"]()
    wrong = for_inference(other.network)
    monkeypatch.setattr(chunk_graph, "to_graph", lambda _, *sizes, **options: to_graph(wrong, *sizes, **options))
    with pytest.raises(ModelFileError, match="differs from the original"):
        chunk_graph.export_chunks(published, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
