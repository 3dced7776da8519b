"""Transformers over the time and the bands of a spectrum, with rotary embeddings.

The tensors are (batch, time, bands, features) throughout: attention along either axis moves its heads, not the
features, so that nothing else need be transposed.

Sources: A. Vaswani et al., "Attention is all you need", NeurIPS 2017; J. Su et al., "RoFormer: enhanced transformer
with rotary position embedding", arXiv:2104.09864, 2021; B. Zhang and R. Sennrich, "Root mean square layer
normalization", NeurIPS 2019; A. El-Nouby et al., "XCiT: cross-covariance image transformers", NeurIPS 2021.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TIME, BANDS = 1, 2  # axes
TINY = 1e-24  # of a mean square, where silence is divided by it
LARGEST_SCORES = 1 << 26  # products of queries and keys at once, 256 MiB of them
EXPANSION = 4  # of the features inside a feed-forward layer
COVARIANCE_SCALE = 8.0


class RMSNorm(nn.Module):
    """Scales the last axis to a root mean square of one, and each feature by a weight that is learnt."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))

    def forward(self, values: Tensor) -> Tensor:
        """Any shape that ends with the features, to the same."""
        return root_mean_square_norm(values) * self.weight


def root_mean_square_norm(values: Tensor) -> Tensor:
    """The last axis scaled to a root mean square of one; silence stays silent."""
    return values / torch.sqrt(values.pow(2).mean(-1, keepdim=True) + TINY)


class RotaryEmbedding(nn.Module):
    """Turns pairs of features by angles that grow with the position, so that products depend on distances only.

    A pair is a feature of the first half and its counterpart in the second half.
    """

    frequencies: Tensor

    def __init__(self, features: int) -> None:
        super().__init__()
        exponents = torch.arange(0, features, 2) / features
        self.register_buffer("frequencies", 10000.0**-exponents)  # radians from one position to the next

    def table(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines for `length` positions, each (length, features)."""
        positions = torch.arange(length, dtype=torch.float32, device=self.frequencies.device)
        angles = positions[:, None] * self.frequencies.float()
        angles = torch.cat([angles, angles], dim=-1)
        return angles.cos(), angles.sin()


def rotate(values: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
    """Turn `values` (..., length, features) by the `table` of their positions."""
    cosines, sines = table
    first, second = values.chunk(2, dim=-1)
    return values * cosines + torch.cat([-second, first], dim=-1) * sines


class Attention(nn.Module):
    """Self-attention of several heads along one axis, each head with a gate of its own."""

    def __init__(self, features: int, heads: int, head_features: int, axis: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.axis, self.dropout = heads, axis, dropout
        inner = heads * head_features
        self.norm = RMSNorm(features)
        self.query = nn.Linear(features, inner, bias=False)
        self.key = nn.Linear(features, inner, bias=False)
        self.value = nn.Linear(features, inner, bias=False)
        self.gate = nn.Linear(features, heads)
        self.out = nn.Linear(inner, features, bias=False)

    def forward(self, values: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
        """(batch, time, bands, features) to the same shape.

        b batch, t time, f bands, h heads, e features of a head
        """
        normed = self.norm(values)
        query, key, value = (self._split(layer(normed)) for layer in (self.query, self.key, self.value))
        length = values.shape[self.axis]
        largest = max(1, LARGEST_SCORES // (self.heads * length * length))
        pieces = zip(*(part.split(largest, dim=1) for part in (query, key, value)), strict=True)
        attended = torch.cat([self._attend(*piece, table) for piece in pieces], dim=1)
        attended = attended.permute((0, 3, 1, 2, 4) if self.axis == TIME else (0, 1, 3, 2, 4))  # b t f h e
        gated = attended * torch.sigmoid(self.gate(normed)).unsqueeze(-1)
        result: Tensor = self.out(gated.flatten(3))
        return result

    def _split(self, values: Tensor) -> Tensor:
        """b t f (h e) to one sequence a row: b f h t e along the time, b t h f e along the bands."""
        return values.unflatten(-1, (self.heads, -1)).permute((0, 2, 3, 1, 4) if self.axis == TIME else (0, 1, 3, 2, 4))

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, table: tuple[Tensor, Tensor]) -> Tensor:
        """Of (batch, sequences, heads, length, features), to the same shape."""
        shape = value.shape[:2]
        query, key, value = (part.flatten(0, 1) for part in (rotate(query, table), rotate(key, table), value))
        attended = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout if self.training else 0.0)
        return attended.unflatten(0, shape)


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

    def forward(self, values: Tensor) -> Tensor:
        """(batch, time, bands, features) to the same shape; n: all times and bands."""
        normed = self.norm(values).flatten(1, 2)
        query, key, value = (
            layer(normed).unflatten(-1, (self.heads, -1)).permute(0, 2, 3, 1)  # b h e n
            for layer in (self.query, self.key, self.value)
        )
        query = F.normalize(query, dim=-1) * self.temperature.exp()
        scores = query @ F.normalize(key, dim=-1).transpose(-1, -2) * COVARIANCE_SCALE  # b h e e
        attended = (scores.softmax(dim=-1) @ value).permute(0, 3, 1, 2)
        result: Tensor = self.out(attended.flatten(2)).unflatten(1, values.shape[1:3])
        return result


class Transformer(nn.Module):
    """Layers of attention along `axis` (None: of covariances) and feed-forward networks, each added to its input."""

    def __init__(
        self,
        features: int,
        *,
        depth: int,
        heads: int,
        head_features: int,
        axis: int | None,
        normed: bool,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.attention = nn.ModuleList(
            CovarianceAttention(features, heads, head_features)
            if axis is None
            else Attention(features, heads, head_features, axis, dropout)
            for _ in range(depth)
        )
        self.feed_forward = nn.ModuleList(_feed_forward(features, dropout) for _ in range(depth))
        self.norm = RMSNorm(features) if normed else nn.Identity()

    def forward(self, values: Tensor, *table: tuple[Tensor, Tensor]) -> Tensor:
        """(batch, time, bands, features) to the same shape; `table`: of the rotary embedding, if there is one."""
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            values = values + attention(values, *table)
            values = values + feed_forward(values)
        result: Tensor = self.norm(values)
        return result


def _feed_forward(features: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        RMSNorm(features),
        nn.Linear(features, EXPANSION * features),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(EXPANSION * features, features),
        nn.Dropout(dropout),
    )
