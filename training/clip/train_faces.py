"""Train the generator of synthetic faces: ``python -m training.clip.train_faces``.

Trains a variational autoencoder (Kingma and Welling 2014) on the aligned grey faces of SMILEsmileD.
Takes about 12 minutes on two idle cores. Its output in ``build/clip`` is never committed.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from training.clip.faces import (
    GENERATOR,
    FaceGenerator,
    FloatArray,
    build_decoder,
    build_encoder,
    likeness_to,
)
from training.command_line import run_command
from training.data.annotations import Tier
from training.data.collections.smilesmiled import SmileSmileD
from training.workspace import display_path

EPOCHS = 20
BATCH = 64
LEARNING_RATE = 1.5e-3  # peak of a cosine schedule
PIXEL_WEIGHT = 1.0  # L1 per pixel
EDGE_WEIGHT = 0.6  # L1 per pixel of the Sobel gradients: keeps eyes and teeth sharp
DIVERGENCE_WEIGHT = (
    0.12  # of the Kullback-Leibler term: less gives sharper faces, more gives smoother transitions
)
CLEAR_TIERS = (Tier.CLEAR, Tier.NONE, Tier.NONE_SINGLE)  # a smile needs two annotators
PEOPLE = 96  # synthetic people to choose from
PARENTS = 3  # neutral latents averaged into one person, so that no real person is reproduced
SEED = 7


def load_faces(data: str | None) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Read the faces whose label is clear.

    Parameters
    ----------
    data
        Folder, archive or git URL; None means the default place.

    Returns
    -------
    tuple of ndarray
        Faces in [0, 1], float32 (N, 64, 64, 1), and their labels, bool (N,).

    Raises
    ------
    TrainingError
        When the data cannot be read.
    """
    crops = SmileSmileD(data).read().crops
    clear = np.isin(crops.tier, [tier.value for tier in CLEAR_TIERS])
    return crops.grey[clear, ..., None].astype(np.float32) / np.float32(255), crops.smile[clear]


class FaceAutoencoder(keras.Model):  # type: ignore[misc]  # keras has no types
    """Encoder and decoder. The loss is L1, edges and the divergence from a unit Gaussian."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = build_encoder()
        self.decoder = build_decoder()

    def call(self, faces: tf.Tensor) -> tf.Tensor:
        """Return `faces` reconstructed from their latent means."""
        return self.decoder(self.encoder(faces)[0])

    def train_step(self, faces: tf.Tensor) -> dict[str, tf.Tensor]:
        """Train on one batch of faces (N, 64, 64, 1) in [0, 1]."""
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(faces, training=True)
            noise = tf.random.normal(tf.shape(mean))
            decoded = self.decoder(mean + tf.exp(0.5 * log_variance) * noise, training=True)
            pixels = per_face(tf.abs(faces - decoded))
            edges = per_face(tf.abs(tf.image.sobel_edges(faces) - tf.image.sobel_edges(decoded)))
            divergence = 0.5 * tf.reduce_mean(
                tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance, axis=1)
            )
            loss = PIXEL_WEIGHT * pixels + EDGE_WEIGHT / 8 * edges + DIVERGENCE_WEIGHT * divergence
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        return {"pixels": pixels, "edges": edges, "divergence": divergence}


def per_face(differences: tf.Tensor) -> tf.Tensor:
    """Return the sum over each picture, averaged over the batch."""
    return tf.reduce_sum(differences) / tf.cast(tf.shape(differences)[0], tf.float32)


def train(faces: FloatArray, epochs: int) -> FaceAutoencoder:
    """Return an autoencoder trained on `faces` and their mirror images."""
    data = (
        tf.data.Dataset.from_tensor_slices(faces)
        .shuffle(len(faces), seed=SEED)
        .batch(BATCH, drop_remainder=True)
        .map(tf.image.random_flip_left_right)
        .prefetch(2)
    )
    steps = epochs * (len(faces) // BATCH)
    autoencoder = FaceAutoencoder()
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps, alpha=0.01, warmup_target=LEARNING_RATE, warmup_steps=steps // 20
    )
    autoencoder.compile(keras.optimizers.Adam(rate, clipnorm=100.0))
    autoencoder.fit(data, epochs=epochs, shuffle=False, verbose=2)
    return autoencoder


def make_generator(
    autoencoder: FaceAutoencoder, faces: FloatArray, smiling: NDArray[np.bool_]
) -> FaceGenerator:
    """Compute the smile direction, and the synthetic people from several neutral latents each."""
    latents: FloatArray = autoencoder.encoder.predict(faces, batch_size=256, verbose=0)[0]
    neutral = latents[~smiling]
    rng = np.random.default_rng(SEED)
    parents = np.stack([rng.choice(len(neutral), PARENTS, replace=False) for _ in range(PEOPLE)])
    people = neutral[parents].mean(axis=1)
    direction = latents[smiling].mean(axis=0) - neutral.mean(axis=0)
    generator = FaceGenerator(autoencoder.decoder, direction, people, np.zeros(PEOPLE, np.float32))
    return replace(generator, likeness=likeness_to(faces[..., 0], generator.decode(people)))


def save_contact_sheet(generator: FaceGenerator, path: Path) -> None:
    """Save a picture of all synthetic people, neutral and smiling, 8 per row, in order."""
    pairs = [
        np.hstack(list(generator.generate(person, np.array([0.0, 1.8], np.float32))))
        for person in generator.people
    ]
    rows = [np.hstack(pairs[start : start + 8]) for start in range(0, len(pairs), 8)]
    Image.fromarray((np.vstack(rows) * 255).astype(np.uint8)).save(path)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train the generator of synthetic faces.")
    parser.add_argument("--data", help="SMILEsmileD: a folder, an archive or a git URL")
    parser.add_argument("--out", type=Path, default=GENERATOR, help="default: build/clip")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"default: {EPOCHS}")
    options = parser.parse_args(arguments)
    keras.utils.set_random_seed(SEED)
    started = time.monotonic()
    faces, smiling = load_faces(options.data or None)
    print(f"{len(faces)} faces, {int(smiling.sum())} smiling")
    generator = make_generator(train(faces, options.epochs), faces, smiling)
    generator.save(options.out)
    save_contact_sheet(generator, options.out / "people.png")
    print(f"wrote {display_path(options.out)} after {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    run_command(main)
