"""Pairs that sound alike, at scale: CPU-seconds, memory and recall of the exact and the probing way.

    python -m bench.near_pairs [--n 20000] [--large] [--cosine .98] [--workers 1] [--plain]

The vectors are made: a mixture of 300 kinds of sound with a falling spectrum, as embeddings have it, or with
``--plain`` spread evenly over the sphere; one row in a hundred is a near copy of another.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from pipeline.core.types import Float32
from pipeline.curation.near_pairs import NearPairs, exact_pairs, probed_pairs

D = 128
N_LARGE = 1_000_000
GOALS_CPU_S = {"exact": 800, "probed": 250}
GOAL_GB = 1.5
GOAL_RECALL = 0.99


def main() -> None:
    """Print one line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--large", action="store_true", help="1,000,000 rows (minutes)")
    parser.add_argument("--cosine", type=float, default=0.98)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="rows spread evenly over the sphere")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    n = N_LARGE if args.large else args.n
    vectors = made_vectors(n, seed=args.seed, is_plain=args.plain)
    print(f"{n:,} x {D}, cosine >= {args.cosine}, {args.workers} workers; {peak_gb():.2f} GB before", flush=True)
    probed = timed("probed", lambda: probed_pairs(vectors, args.cosine, n_workers=args.workers))
    exact = timed("exact", lambda: exact_pairs(vectors, args.cosine, n_workers=args.workers))
    print(f"recall of probed {recall(probed, exact):.4f} of {len(exact):,} pairs (goal at 1M: {GOAL_RECALL})")
    print(f"peak {peak_gb():.2f} GB (goal at 1M: {GOAL_GB})")


def made_vectors(n: int, *, seed: int, is_plain: bool = False) -> Float32:
    """Unit rows float32 (n, D), every hundredth a near copy of the row before it."""
    rng = np.random.default_rng(seed)
    scales = np.ones(D, np.float32) if is_plain else (1 / np.arange(1, D + 1) ** 0.7).astype(np.float32)
    kinds = rng.standard_normal((300, D), dtype=np.float32) * scales
    vectors = np.empty((n, D), np.float32)
    for at in range(0, n, 50_000):
        block = vectors[at : at + 50_000]
        block[:] = rng.standard_normal(block.shape, dtype=np.float32) * scales
        if not is_plain:
            block += kinds[rng.integers(0, len(kinds), len(block))]
        originals = block[:-1:100]
        noise = rng.standard_normal(originals.shape, dtype=np.float32)
        noise *= np.linalg.norm(originals, axis=1, keepdims=True) / np.sqrt(D) * rng.uniform(0, 0.2, (len(noise), 1))
        block[1::100][: len(originals)] = originals + noise
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return vectors


def timed(name: str, work: Callable[[], NearPairs]) -> NearPairs:
    """Print what the work costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    print(
        f"{name:>7}  {len(found):>9,} pairs  {cpu_s:8.1f} CPU-s (goal at 1M: {GOALS_CPU_S[name]})  {wall_s:8.1f} s",
        flush=True,
    )
    return found


def recall(found: NearPairs, truth: NearPairs) -> float:
    """Which share of the true pairs was found; 1 where there is none."""
    keys = {(int(a), int(b)) for a, b in zip(found.first, found.second, strict=True)}
    n = sum((int(a), int(b)) in keys for a, b in zip(truth.first, truth.second, strict=True))
    return n / len(truth) if len(truth) else 1.0


def peak_gb() -> float:
    """The most memory that this process held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
