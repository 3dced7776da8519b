"""The LSTM: torch's own, and the operator that is exported for it."""

import numpy as np
import onnxruntime
import pytest
import torch

from acapella.conversion.onnx_graph import to_graph
from acapella.networks.recurrence import LSTM


@pytest.mark.parametrize(("layers", "bidirectional"), [(1, True), (2, True), (2, False)])
@torch.inference_mode()
def test_the_operator_computes_the_same(layers, bidirectional):
    torch.manual_seed(0)
    network = LSTM(5, 4, layers, bidirectional=bidirectional).eval()
    model = to_graph(network, (torch.zeros(3, 1000, 5),), ["values"], ["target"], many_nodes=True)
    assert [node.op_type for node in model.graph.node].count("LSTM") == layers
    values = np.random.default_rng(0).standard_normal((3, 1000, 5), np.float32)
    (actual,) = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"values": values})
    np.testing.assert_allclose(actual, network(torch.from_numpy(values)).numpy(), atol=1e-5)
