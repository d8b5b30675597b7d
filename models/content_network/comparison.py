"""Measuring a model, and comparing two, on held-out later plays."""

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.content_network.examples import Block
from models.content_network.metrics import (
    CUTOFF,
    Resamples,
    auc,
    interval,
    log_losses,
    ndcg,
)
from models.content_network.scoring import ContentScorer
from models.registry import Interval


@dataclass(frozen=True)
class Decision:
    """Whether a challenger goes out, why, and the differences (challenger - champion) behind it."""

    promoted: bool
    reason: str
    differences: dict[str, Interval]


def predict(scorer: ContentScorer, features: Floats, block: Block) -> Floats:
    """Predict P(like) of the plays of a block: float64[n_plays]."""
    pairs = scorer.pairs(block.listeners, features, block.listener_of, block.track_of, block.stats)
    return pairs.astype(np.float64)


def measure(probability: Floats, block: Block, seed: int) -> dict[str, Interval]:
    """Log loss, AUC and NDCG@10 of predictions for a block, each with its 95 % interval.

    One that so few plays cannot tell (all of one kind) is left out.
    """
    resamples = Resamples.of(len(block.listeners), seed)
    liked = block.liked.astype(np.float64)
    drawn = [auc(probability, liked, counts[block.listener_of]) for counts in resamples.counts[:100]]
    sums = _sums(probability, block)
    metrics = {name: resamples.mean(*parts) for name, parts in sums.items() if parts[1].any()}
    if 0 < liked.mean() < 1:
        metrics["auc"] = interval(auc(probability, liked), np.array(drawn))
    return metrics


def decide(
    challenger: Floats, champion: Floats, block: Block, seed: int, of: str = "the champion"
) -> Decision:
    """Compare predictions of both for the same plays; ``of`` is what the reason calls the champion.

    The challenger is worse if it ranks worse (NDCG@10) or is less honest (log loss) with 97.5 %
    confidence, by a bootstrap over listeners that draws both models' plays together.
    """
    differences = paired_differences(challenger, champion, block, seed)
    worse = [name for name, difference in differences.items() if _is_worse(name, difference)]
    if worse:
        return Decision(False, f"worse than {of} by {' and '.join(worse)}", differences)
    return Decision(True, f"not worse than {of}", differences)


def paired_differences(
    challenger: Floats, champion: Floats, block: Block, seed: int
) -> dict[str, Interval]:
    """Return challenger less champion by metric, 95 % intervals by a bootstrap over listeners."""
    resamples = Resamples.of(len(block.listeners), seed)
    new, old = _sums(challenger, block), _sums(champion, block)
    return {
        name: resamples.mean(totals - old[name][0], sizes)
        for name, (totals, sizes) in new.items()
        if sizes.any()
    }


def _is_worse(name: str, difference: Interval) -> bool:
    """Losses should fall, gains should rise."""
    return difference.low > 0 if name == "log_loss" else difference.high < 0


def _sums(probability: Floats, block: Block) -> dict[str, tuple[Floats, Floats]]:
    """By listener: the sum of a metric, and the number of plays (or listeners) it is of."""
    n = len(block.listeners)
    liked = block.liked.astype(np.float64)
    losses = np.bincount(block.listener_of, log_losses(probability, liked), n).astype(np.float64)
    plays = np.bincount(block.listener_of, minlength=n).astype(np.float64)
    ranked = ndcg(probability, liked, block.listener_of)
    ranked = np.concatenate([ranked, np.full(n - len(ranked), np.nan)])
    counted = (~np.isnan(ranked)).astype(np.float64)
    return {
        "log_loss": (losses, plays),
        f"ndcg@{CUTOFF}": (np.nan_to_num(ranked), counted),
    }
