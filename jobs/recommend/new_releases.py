"""The list ``new_releases``: what came out in the last weeks, by whom they play and by its sound."""

from datetime import date

import numpy as np

from jobs.domain.arrays import Floats, Mask
from jobs.recommend.blend import best
from jobs.recommend.candidates import Scores, artist_ratings
from jobs.recommend.listeners import Listener
from jobs.recommend.tracks import Tracks

# Of artists they do not play: news is of somebody one knows.
MOST_BY_SOUND = 10


def is_new(tracks: Tracks, night: date, days: int) -> Mask:
    """Tell which tracks were released in the ``days`` days up to the night: bool[n_tracks]. Of whom no
    more than a year is known, nobody can tell."""
    day = np.datetime64(night)
    age = (day - tracks.released).astype(float)
    return np.asarray((age >= 0) & (age < days) & ~np.isnat(tracks.released))


def release_scores(listener: Listener, tracks: Tracks, content: Scores, among: Mask) -> Floats:
    """Score new releases ``among`` these tracks: float64[n_tracks], NaN for what is none.

    The score is the artist's share, 1 for whom the listener rates highest and 0 for whom they do not
    play, plus how likely the track is to be liked by its sound. Of a track without features counts the
    liking of the middle one. Of artists that they do not play the ``MOST_BY_SOUND`` best with features
    are candidates.
    """
    scores = np.full(len(tracks), np.nan)
    positions = np.flatnonzero(among)
    if not len(positions):
        return scores
    by_artist = artist_ratings(listener, tracks)
    entry, artist = tracks.credits_of(positions)
    share = np.zeros(len(positions))
    np.maximum.at(share, entry, by_artist[artist])
    share /= max(by_artist.max(initial=0.0), np.finfo(float).tiny)
    liked = content[positions].astype(float)
    known = ~np.isnan(liked)
    liked[~known] = np.median(liked[known]) if known.any() else 0.0
    own = share > 0
    scores[positions[own]] = (share + liked)[own]
    by_sound = np.full(len(tracks), np.nan)
    by_sound[positions[known & ~own]] = liked[known & ~own]
    wanted = best(by_sound, MOST_BY_SOUND)
    scores[wanted] = by_sound[wanted]
    return scores
