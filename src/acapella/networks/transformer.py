"""Transformers with rotary embeddings, over batches of sequences.

Sources: A. Vaswani et al., "Attention is all you need", NeurIPS 2017; J. Su et al., "RoFormer: enhanced transformer
with rotary position embedding", arXiv:2104.09864, 2021; A. El-Nouby et al., "XCiT: cross-covariance image
transformers", NeurIPS 2021.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acapella.networks.fusible import GELU, RMSNorm

EXPANSION = 4  # of the features inside a feed-forward network
COVARIANCE_SCALE = 8.0
LARGEST = 1 << 26  # numbers that a transformer holds at once, about

Table = tuple[Tensor, Tensor]


class RotaryEmbedding(nn.Module):
    """Turns pairs of features by angles that grow with the position, so that products depend on distances only.

    A pair is a feature of the first half and its counterpart in the second half.
    """

    frequencies: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        exponents = torch.arange(0, features, 2) / features
        self.register_buffer("frequencies", 10000.0**-exponents)  # radians from one position to the next

    def table(self, length: int) -> Table:
        """Cosines and sines for `length` positions, each (length, features); see `rotate`."""
        positions = torch.arange(length, dtype=torch.float32, device=self.frequencies.device)
        angles = positions[:, None] * self.frequencies.float()
        cosines, sines = angles.cos(), angles.sin()
        return torch.cat([cosines, cosines], dim=-1), torch.cat([-sines, sines], dim=-1)


def rotate(values: Tensor, table: Table) -> Tensor:
    """Turn `values` (..., length, features) by the `table` of their positions."""
    cosines, sines = table
    first, second = values.chunk(2, dim=-1)
    return values * cosines + torch.cat([second, first], dim=-1) * sines


class Attention(nn.Module):
    """Self-attention of several heads, each with a gate of its own."""

    def __init__(self, features: int, heads: int, head_features: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        inner = heads * head_features
        self.norm = RMSNorm(features)
        self.query = nn.Linear(features, inner, bias=False)
        self.key = nn.Linear(features, inner, bias=False)
        self.value = nn.Linear(features, inner, bias=False)
        self.gate = nn.Linear(features, heads)
        self.out = nn.Linear(inner, features, bias=False)

    def forward(self, values: Tensor, table: Table) -> Tensor:
        """(sequences, length, features) to the same shape.

        s sequences, n length, h heads, e features of a head
        """
        normed = self.norm(values)
        query, key, value = (
            layer(normed).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # s h n e
            for layer in (self.query, self.key, self.value)
        )
        attended = F.scaled_dot_product_attention(
            rotate(query, table), rotate(key, table), value, dropout_p=self.dropout if self.training else 0.0
        )
        gated = attended.transpose(1, 2) * torch.sigmoid(self.gate(normed)).unsqueeze(-1)  # s n h e
        result: Tensor = self.out(gated.flatten(2))
        return result


class CovarianceAttention(nn.Module):
    """Attention between the features of a head instead of between positions: linear in their number (XCiT)."""

    def __init__(self, features: int, heads: int, head_features: int) -> None:
        super().__init__()
        self.heads = heads
        inner = heads * head_features
        self.norm = RMSNorm(features)
        self.query = nn.Linear(features, inner, bias=False)
        self.key = nn.Linear(features, inner, bias=False)
        self.value = nn.Linear(features, inner, bias=False)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.out = nn.Linear(inner, features, bias=False)

    def forward(self, values: Tensor, table: Table | None = None) -> Tensor:
        """(sequences, length, features) to the same shape; positions play no part.

        s sequences, n length, h heads, e features of a head
        """
        normed = self.norm(values)
        query, key, value = (
            layer(normed).unflatten(-1, (self.heads, -1)).permute(0, 2, 3, 1)  # s h e n
            for layer in (self.query, self.key, self.value)
        )
        query = F.normalize(query, dim=-1) * self.temperature.exp()
        scores = query @ F.normalize(key, dim=-1).transpose(-1, -2) * COVARIANCE_SCALE  # s h e e
        attended = (scores.softmax(dim=-1) @ value).permute(0, 3, 1, 2)  # s n h e
        result: Tensor = self.out(attended.flatten(2))
        return result


class Transformer(nn.Module):
    """Layers of attention, between positions or `covariance`, and feed-forward networks, each added to its input."""

    def __init__(
        self,
        features: int,
        *,
        depth: int,
        heads: int,
        head_features: int,
        covariance: bool = False,
        normed: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.attention = nn.ModuleList(
            CovarianceAttention(features, heads, head_features)
            if covariance
            else Attention(features, heads, head_features, dropout)
            for _ in range(depth)
        )
        self.feed_forward = nn.ModuleList(_feed_forward(features, dropout) for _ in range(depth))
        self.norm = RMSNorm(features) if normed else nn.Identity()
        self._row = 0 if covariance else heads

    def forward(self, values: Tensor, table: Table | None = None) -> Tensor:
        """(sequences, length, features) to the same shape; `table`: of the rotary embedding of its positions.

        Sequences know nothing of each other. Where they are many, some go after others: it takes less memory.
        """
        sequences, length, features = values.shape
        numbers = sequences * length * (self._row * length + EXPANSION * features)
        pieces = 1 if self.training else min(sequences, -(-numbers // LARGEST))
        if pieces == 1:
            return self._all_layers(values, table)
        return torch.cat([self._all_layers(piece, table) for piece in values.tensor_split(pieces)])

    def _all_layers(self, values: Tensor, table: Table | None) -> Tensor:
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            values = values + attention(values, table)
            values = values + feed_forward(values)
        result: Tensor = self.norm(values)
        return result


def _feed_forward(features: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        RMSNorm(features),
        nn.Linear(features, EXPANSION * features),
        GELU(),
        nn.Dropout(dropout),
        nn.Linear(EXPANSION * features, features),
        nn.Dropout(dropout),
    )
