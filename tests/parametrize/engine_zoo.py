"""Parametrizations for the engine's tests, each with one property of interest, and small layers."""

# ruff: noqa: D101, D102 -- the name of a test class or method says what it is

import torch
from torch import nn


class Symmetric(nn.Module):
    """A right inverse that is not the identity."""

    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


class Double(nn.Module):
    """An exact inverse, for chains."""

    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


class Shift(nn.Module):
    """A parameter and a buffer of its own."""

    def __init__(self, by=1.0):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(by))
        self.register_buffer("offset", torch.tensor(0.5))

    def forward(self, x):
        return x + self.by + self.offset

    def right_inverse(self, x):
        return (x - self.by - self.offset).detach()


class NoInverse(nn.Module):
    """No right inverse: the identity at registration, an error on assignment."""

    def forward(self, x):
        return x.exp()


class UnwrittenInverse(NoInverse):
    """A right inverse that says it is not there."""

    def right_inverse(self, x):
        raise NotImplementedError


class RankOne(nn.Module):
    """Two originals of other shapes than the value."""

    def forward(self, x, y):
        return x.unsqueeze(-1) @ y.unsqueeze(-2)

    def right_inverse(self, z):
        u, s, vh = torch.linalg.svd(z, full_matrices=False)
        root = s[0].sqrt().unsqueeze(-1)
        return u[..., :, 0] * root, vh[..., 0, :] * root


class Halves(nn.Module):
    """Two originals whose sum is the value: exact in floating point."""

    def forward(self, x, y):
        return x + y

    def right_inverse(self, z):
        return z / 2, z / 2


class Single(nn.Module):
    """A sequence of length one."""

    def forward(self, x):
        return 3 * x

    def right_inverse(self, x):
        return [x / 3]


class Parts(nn.Module):
    """Real originals of a complex value."""

    def forward(self, x, y):
        return torch.complex(x, y)

    def right_inverse(self, z):
        return z.real.clone(), z.imag.clone()


class Resize(nn.Module):
    """Another shape than it was given."""

    def forward(self, x):
        return x[:-1]

    def right_inverse(self, x):
        return torch.cat([x, x[:1]])


class Cast(nn.Module):
    """Another dtype than it was given, one way or both."""

    def __init__(self, forward=torch.float64, inverse=None):
        super().__init__()
        self.to_, self.back = forward, inverse

    def forward(self, x):
        return x.to(self.to_)

    def right_inverse(self, x):
        return x if self.back is None else x.to(self.back)


class Returns(nn.Module):
    """Fixed answers: `Returns(value=None)`, `Returns(inverse=[...])`; by default the identity."""

    def __init__(self, **answers):
        super().__init__()
        self.answers = answers

    def forward(self, *x):
        return self.answers.get("value", x[0])

    def right_inverse(self, x):
        return self.answers.get("inverse", x)


class Raises(nn.Module):
    """An exception of its own, in the forward or in the right inverse."""

    def __init__(self, *, forward=None, inverse=None):
        super().__init__()
        self.in_forward, self.in_inverse = forward, inverse

    def forward(self, x):
        if self.in_forward:
            raise self.in_forward
        return x

    def right_inverse(self, x):
        if self.in_inverse:
            raise self.in_inverse
        return x


class Based(nn.Module):
    """A right inverse that stores a base point in a buffer of its own and returns zero."""

    def __init__(self, shape=(3, 3)):
        super().__init__()
        self.register_buffer("base", torch.zeros(shape))

    def forward(self, x):
        return self.base + x

    def right_inverse(self, x):
        self.base = x.detach().clone()
        return torch.zeros_like(x)


class Counting(nn.Module):
    """Counts its evaluations."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append("forward")
        return x + 0

    def right_inverse(self, x):
        self.calls.append("right_inverse")
        return x + 0


class MatrixSquare(nn.Module):
    def forward(self, x):
        return x @ x


class HalfWritten(nn.Module):
    """Writes its buffer and a new one in the right inverse, and then fails if told to."""

    def __init__(self, error=None):
        super().__init__()
        self.register_buffer("base", torch.zeros(3, 3))
        self.error = error

    def forward(self, x):
        return self.base + x

    def right_inverse(self, x):
        self.base.copy_(x)
        self.register_buffer("late", x.clone(), persistent=False)
        if self.error is not None:
            raise self.error
        return torch.zeros_like(x)
