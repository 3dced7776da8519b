"""Long short-term memory (S. Hochreiter and J. Schmidhuber, Neural Computation 9(8), 1997)."""

import torch
from torch import Tensor, nn


class LSTM(nn.LSTM):
    """The one of torch, whose batch comes first.

    It is exported as the operator that runtimes have for it: PyTorch's exporter would trace it step by step, which
    takes minutes for long sequences.
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1, *, bidirectional: bool = True) -> None:
        super().__init__(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)

    def forward(self, values: Tensor) -> Tensor:  # type: ignore[override]
        """(b t d) to (b t h), where both directions follow one another along h."""
        if not torch.compiler.is_exporting():
            result: Tensor = super().forward(values)[0]
            return result
        values = values.transpose(0, 1)
        for layer in range(self.num_layers):
            values = self._operator(values, layer)
        return values.transpose(0, 1)

    def _operator(self, values: Tensor, layer: int) -> Tensor:
        """A layer, (t b d) to (t b h), as ONNX's operator."""
        suffixes = ("", "_reverse") if self.bidirectional else ("",)
        kinds = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        weights = [torch.stack([self._reordered(f"{kind}_l{layer}{s}") for s in suffixes]) for kind in kinds]
        length, batch, _ = values.shape
        output = torch.onnx.ops.symbolic(
            "LSTM",
            (values, *weights[:2], torch.cat(weights[2:], dim=1)),
            {"hidden_size": self.hidden_size, "direction": "bidirectional" if self.bidirectional else "forward"},
            dtype=values.dtype,
            shape=(length, len(suffixes), batch, self.hidden_size),
        )
        return output.transpose(1, 2).flatten(2)

    def _reordered(self, name: str) -> Tensor:
        """Torch's gates: input, forget, cell, output; ONNX's: input, output, forget, cell."""
        into, forget, cell, out = self.get_parameter(name).chunk(4)
        return torch.cat([into, out, forget, cell])
