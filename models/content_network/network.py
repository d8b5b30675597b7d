"""The network in Keras, from standard layers and operations only: it loads in safe mode."""

from typing import TYPE_CHECKING

from models.content_network.inputs import N_PROFILE_INPUTS, N_TASTE_INPUTS, N_TRACK_INPUTS

if TYPE_CHECKING:
    import keras

LAYERS = (
    "track_hidden",
    "track_vector",
    "track_bias",
    "taste_hidden",
    "taste_vector",
    "listener_hidden",
    "listener_vector",
    "listener_bias",
)


def build_network(n_hidden: int = 64, n_factors: int = 32, l2: float = 1e-5) -> "keras.Model":
    """Build it: inputs track [19], tastes [k, 14], log_shares [k], profile [17]; output a like's logit.

    See ``models.content_network.scoring`` for the formula; the layers' names are those of the arrays.
    """
    import keras
    from keras import layers, ops

    def dense(units: int, name: str, activation: str | None = None) -> "keras.Layer":
        penalty = keras.regularizers.L2(l2)
        return layers.Dense(units, activation, name=name, kernel_regularizer=penalty)

    track = keras.Input((N_TRACK_INPUTS,), name="track")
    tastes = keras.Input((None, N_TASTE_INPUTS), name="tastes")
    log_shares = keras.Input((None,), name="log_shares")
    profile = keras.Input((N_PROFILE_INPUTS,), name="profile")
    of_track = dense(n_hidden, "track_hidden", "relu")(track)
    of_listener = dense(n_hidden, "listener_hidden", "relu")(profile)
    vector = dense(n_factors, "track_vector")(of_track)
    taste = dense(n_factors, "taste_vector")(dense(n_hidden, "taste_hidden", "relu")(tastes))
    whole = dense(n_factors, "listener_vector")(of_listener)
    near = log_shares + ops.einsum("nkd,nd->nk", taste, vector)
    logit = (
        ops.einsum("nd,nd->n", whole, vector)
        + ops.logsumexp(near, axis=1)
        + dense(1, "track_bias")(of_track)[:, 0]
        + dense(1, "listener_bias")(of_listener)[:, 0]
    )
    # Sums of small losses need float32, also where the layers before compute in float16.
    logit = layers.Activation("linear", dtype="float32", name="logit")(logit)
    inputs = {"track": track, "tastes": tastes, "log_shares": log_shares, "profile": profile}
    return keras.Model(inputs, logit, name="content_network")
