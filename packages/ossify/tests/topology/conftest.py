"""Forests to try: every small one, and one large one of each odd shape."""

import numpy as np
import pytest
from hypothesis import strategies as st


@st.composite
def _forests(draw: st.DrawFn, max_vertices: int = 14) -> list[int]:
    """Parents of a forest whose rows are mixed; children are as likely to continue a run."""
    n = draw(st.integers(1, max_vertices))
    ordered = [
        draw(st.one_of(st.just(row - 1), st.integers(-1, row - 1))) if row else -1
        for row in range(n)
    ]
    place = draw(st.one_of(st.just(list(range(n))), st.permutations(range(n))))
    parents = [-1] * n
    for row, parent in enumerate(ordered):
        parents[place[row]] = place[parent] if parent >= 0 else -1
    return parents


@pytest.fixture(scope="session")
def forests():
    """A strategy for the parents of small forests."""
    return _forests()


N = 3000


def _random_tree(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([-1, *(int(rng.integers(0, row)) for row in range(1, N))])


def _mixed(parents: np.ndarray) -> np.ndarray:
    place = np.random.default_rng(5).permutation(len(parents))
    mixed = np.full(len(parents), -1)
    mixed[place] = np.where(parents >= 0, place[parents], -1)
    return mixed


_ROWS = np.arange(N)
LARGE = {
    "chain": _ROWS - 1,
    "chain whose root is last": np.where(_ROWS < N - 1, _ROWS + 1, -1),
    "star": np.where(_ROWS > 0, 0, -1),
    "lone vertices": np.full(N, -1),
    "caterpillar": np.where(_ROWS % 2, _ROWS - 1, _ROWS - 2).clip(-1),
    "broom": np.minimum(_ROWS - 1, N // 2),
    "complete binary tree": (_ROWS - 1) // 2,
    "random tree": _random_tree(1),
    "mixed random tree": _mixed(_random_tree(2)),
    "mixed chain": _mixed(_ROWS - 1),
    "two random trees": np.concatenate((_random_tree(3), _random_tree(4) + N)) * 1,
}
LARGE["two random trees"][N] = -1


@pytest.fixture(params=LARGE.values(), ids=LARGE.keys())
def large_forest(request):
    """Parents of a few thousand vertices in a shape that is hard for something."""
    return request.param
