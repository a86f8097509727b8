"""How sure the ranks are: Monte Carlo over all choices jointly."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from helpers.data import economies
from helpers.index.draws import RankCounts, block_size, count_ranks, gather, rank_slice, uniforms
from helpers.index.space import Draws, Space, scores

#: Memory of a block outside the scores of a group, as a share of the limit.
DEFAULT_MEMORY = 512e6


def simulate(
    space: Space,
    draws: int,
    seed: int,
    *,
    pairs: bool = True,
    memory: float = DEFAULT_MEMORY,
    jobs: int = 1,
) -> RankCounts:
    """Draw indices at random, each option of each choice as likely as the others, and count the ranks.

    Parameters
    ----------
    space : Space
        The choices.
    draws, seed : int
        Number of draws; seed of the random numbers.
    pairs : bool
        Whether to count which economy scores above which.
    memory : float
        Working memory to stay within (bytes). It changes nothing but the time taken.
    jobs : int
        Blocks computed side by side. It changes nothing but the time taken.

    Returns
    -------
    RankCounts
    """
    size = block_size(space.cells)

    def count(block: int, wanted: int) -> RankCounts:
        picked = space.draws_of(uniforms(seed, block, len(space.choices), size)[:, :wanted])
        return count_ranks(space.economies, scores(space, picked, memory=memory / jobs), pairs=pairs)

    return gather(count, draws, size, jobs)


def ranks_of(space: Space, draws: Draws, *, memory: float = DEFAULT_MEMORY) -> NDArray[np.int64]:
    """Return the ranks of all economies in given draws, shape (n, m), 0 where an economy has no score."""
    size = block_size(space.cells)
    parts = [
        rank_slice(scores(space, draws[:, start : start + size], memory=memory)).astype(np.int64)
        for start in range(0, draws.shape[1], size)
    ]
    return np.concatenate(parts, axis=1)


def single_changes(space: Space, skip: Sequence[str] = ()) -> pd.DataFrame:
    """Return the ranks of all economies when one choice of the base index is changed, to each of its other options.

    Parameters
    ----------
    space : Space
        The choices.
    skip : sequence of str
        Choices not to change, such as those whose options are random errors.

    Returns
    -------
    pandas.DataFrame
        Index (choice, option) by label, the base index first under ("", ""); one column an economy.
    """
    changes = [
        (row, option)
        for row, choice in enumerate(space.choices)
        if choice.name not in skip
        for option in range(1, len(choice.options))
    ]
    draws = np.repeat(space.base(), len(changes) + 1, axis=1)
    for number, (row, option) in enumerate(changes, start=1):
        draws[row, number] = option
    labels = [(space.choices[row].label, space.choices[row].options[option]) for row, option in changes]
    index = pd.MultiIndex.from_tuples([("", ""), *labels], names=["choice", "option"])
    return pd.DataFrame(ranks_of(space, draws).T, index, list(space.economies))


def one_at_a_time(
    space: Space, focus: str, skip: Sequence[str] = (), changed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Follow an economy's rank while one choice at a time is changed.

    Parameters
    ----------
    space : Space
        The choices.
    focus : str
        Economy whose rank is followed.
    skip : sequence of str
        Choices not to change.
    changed : pandas.DataFrame, optional
        The result of `single_changes`, when it is there already.

    Returns
    -------
    pandas.DataFrame
        One row an option: choice, option, base (option of the base index), rank and base rank of the focus economy,
        change (positive = worse), mean absolute shift of all economies' ranks.
    """
    ranks = single_changes(space, skip) if changed is None else changed
    base, others = ranks.iloc[0], ranks.iloc[1:]
    bases = {choice.label: choice.options[0] for choice in space.choices}
    table = others.index.to_frame(index=False)
    return table.assign(
        base=table["choice"].map(bases),
        rank=others[focus].to_numpy(int),
        base_rank=int(base[focus]),
        change=others[focus].to_numpy(int) - int(base[focus]),
        mean_shift=others.sub(base).abs().mean(axis=1).to_numpy(),
    )


def rank_probabilities(counts: RankCounts, focus: str, prefix: str = "korea") -> dict[str, float | None]:
    """Return median, 90% interval and probabilities of the first ranks of an economy under flat names."""
    names = {"rank_median": "median", "rank_p05": "p05", "rank_p95": "p95", "p_top1": "p_top1", "p_top5": "p_top5"}
    if focus not in counts.economies:
        return {f"{prefix}_{name}": None for name in names}
    row = counts.summary().loc[focus]
    return {
        f"{prefix}_{name}": int(row[column]) if name.startswith("rank") else float(row[column])
        for name, column in names.items()
    }


def readable(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the table of `one_at_a_time` for readers, the largest change of the focus economy's rank first."""
    order = changes.assign(size=changes["change"].abs()).sort_values(["size", "mean_shift"], ascending=False)
    columns = {
        "choice": "choice",
        "base": "base index",
        "option": "changed to",
        "rank": "rank",
        "change": "change",
        "mean_shift": "mean shift of all ranks",
    }
    return order[list(columns)].rename(columns=columns).reset_index(drop=True)


def duels(counts: RankCounts, first: int) -> pd.DataFrame:
    """Return the probability that the row scores above the column, for the first economies by median rank."""
    codes = counts.summary().index[:first]
    table = counts.p_above().loc[codes, codes]
    table = table.where(~np.eye(len(codes), dtype=bool))
    table.insert(0, "economy", [economies.name(code) for code in codes])
    return table.reset_index(drop=True)
