"""The generator of synthetic faces: a small variational autoencoder and its latent directions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.workspace import REPOSITORY

if TYPE_CHECKING:
    import keras

GENERATOR = REPOSITORY / "build" / "clip"
FACE_SIDE_PX = 64
LATENT_DIMENSIONS = 96
_LATENTS = ("smile_direction", "people", "likeness")  # the arrays beside the decoder

FloatArray = NDArray[np.float32]


def build_encoder() -> keras.Model:
    """Return the network from faces (N, 64, 64, 1) in [0, 1] to latent mean and log variance."""
    import keras  # noqa: PLC0415 -- half a second and 400 MB, and the check of the clip needs no network

    image = keras.Input((FACE_SIDE_PX, FACE_SIDE_PX, 1))
    x = image
    for filters in (32, 64, 128, 192):
        x = keras.layers.Conv2D(filters, 4, strides=2, padding="same", activation="silu")(x)
    x = keras.layers.Flatten()(x)
    mean = keras.layers.Dense(LATENT_DIMENSIONS)(x)
    log_variance = keras.layers.Dense(LATENT_DIMENSIONS, kernel_initializer="zeros")(x)
    return keras.Model(image, [mean, log_variance], name="encoder")


def build_decoder() -> keras.Model:
    """Return the network from latents (N, 96) to faces (N, 64, 64, 1) in [0, 1]."""
    import keras  # noqa: PLC0415

    latent = keras.Input((LATENT_DIMENSIONS,))
    x = keras.layers.Dense(4 * 4 * 192, activation="silu")(latent)
    x = keras.layers.Reshape((4, 4, 192))(x)
    for filters in (128, 64, 40, 24):
        x = keras.layers.Conv2DTranspose(filters, 4, strides=2, padding="same", activation="silu")(
            x
        )
    image = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    return keras.Model(latent, image, name="decoder")


@dataclass(frozen=True, slots=True)
class FaceGenerator:
    """A trained decoder, the direction of a smile, and synthetic people.

    Attributes
    ----------
    decoder
        Network from latents (N, 96) to faces (N, 64, 64, 1) in [0, 1].
    smile_direction
        Mean latent of smiling faces minus that of neutral ones, float32 (96,).
    people
        Latents of neutral synthetic faces, float32 (P, 96). Each is the mean of several people's.
    likeness
        Of each synthetic face to the most similar training picture, float32 (P,); see
        `likeness_to`.
    """

    decoder: Any
    smile_direction: FloatArray
    people: FloatArray
    likeness: FloatArray

    def save(self, folder: Path) -> None:
        """Write `decoder.keras` and `latents.npz` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        self.decoder.save(folder / "decoder.keras")
        np.savez(folder / "latents.npz", **{name: getattr(self, name) for name in _LATENTS})

    @classmethod
    def load(cls, folder: Path) -> FaceGenerator:
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError
            When `folder` holds no generator.
        """
        import keras  # noqa: PLC0415

        with np.load(folder / "latents.npz") as latents:
            parts = {name: latents[name] for name in _LATENTS}
        return cls(keras.models.load_model(folder / "decoder.keras"), **parts)

    def generate(self, person: FloatArray, strengths: FloatArray) -> FloatArray:
        """Return one person with smiles of several strengths.

        Parameters
        ----------
        person
            A neutral latent, float32 (96,).
        strengths
            Multiples of the smile direction, float32 (N,): 0 is neutral.

        Returns
        -------
        FloatArray
            Grey faces in [0, 1], float32 (N, 64, 64).
        """
        return self.decode(person[None] + strengths[:, None] * self.smile_direction[None])

    def decode(self, latents: FloatArray) -> FloatArray:
        """Return the grey faces (N, 64, 64) in [0, 1] of latents (N, 96)."""
        faces: FloatArray = self.decoder.predict(
            latents.astype(np.float32), batch_size=256, verbose=0
        )
        return faces[..., 0]


def likeness_to(pictures: FloatArray, faces: FloatArray) -> FloatArray:
    """Return how much each face resembles the most similar picture or its mirror image.

    Parameters
    ----------
    pictures
        Real pictures, float32 (N, 64, 64).
    faces
        Faces to compare, float32 (P, 64, 64).

    Returns
    -------
    FloatArray
        The largest correlation of grey levels, float32 (P,); 1 is the same picture.
    """
    known, compared = standardise(pictures), standardise(faces)
    mirrored = standardise(pictures[:, :, ::-1])
    nearest = np.maximum((compared @ known.T).max(axis=1), (compared @ mirrored.T).max(axis=1))
    return np.asarray(nearest, np.float32)


def standardise(faces: FloatArray) -> FloatArray:
    """Return each face as a vector of mean 0 and length 1, float32 (N, 4096)."""
    vectors = faces.reshape(len(faces), -1)
    vectors = vectors - vectors.mean(axis=1, keepdims=True)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
