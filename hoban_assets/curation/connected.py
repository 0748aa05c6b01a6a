"""Connected components of a graph given by its edges."""

from __future__ import annotations

import numpy as np


def connected(nodes: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Number the components of a graph of `nodes`, edges from `one` to `other` (int [m]).

    Returns int32 [nodes]: the same number where a path leads from one node to the other.
    """
    from scipy import sparse  # 0.1 s of every start of Dagster
    from scipy.sparse import csgraph

    edges = sparse.coo_array((np.ones(len(one), bool), (one, other)), shape=(nodes, nodes))
    return csgraph.connected_components(edges, directed=False)[1]
