"""The facts of a model card that no program can measure, from model_cards.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.workspace import REPOSITORY

__all__ = ["collections_of", "data_facts", "model_facts", "photos_facts"]

FACTS = Path(__file__).with_name("model_cards.toml")
PROJECT = REPOSITORY / "pyproject.toml"


def model_facts(model: str, date: str) -> dict[str, Any]:
    """Return version, date, licence, use, limits and contact of a model.

    Parameters
    ----------
    model
        Its name.
    date
        Of the training, YYYY-MM-DD.
    """
    facts = _read(FACTS)
    own = dict(facts[model])
    licence = _read(PROJECT)["project"]["license"]
    return {
        "version": own.pop("version"),
        "date": date,
        "description": own.pop("description"),
        "developer": facts["common"]["developer"],
        "contact": facts["common"]["contact"],
        "licence": {"code": licence, "weights": licence, **facts["licence"]},
        **own,
        "human_oversight": facts["common"]["human_oversight"],
    }


def data_facts(collections: Sequence[str]) -> dict[str, Any]:
    """Return ``training_data`` and ``evaluation_data``: origin, labels and licence by name.

    Parameters
    ----------
    collections
        Keys of model_cards.toml. Any other name is a folder of the user.
    """
    known = _read(FACTS)["collections"]
    training, evaluation = {}, {}
    for key in collections:
        facts = dict(known.get(key) or known["own"] | {"name": key})
        name = facts.pop("name")
        if use := facts.pop("evaluation", None):
            evaluation[name] = use
        training[name] = facts
    return {"training_data": training, "evaluation_data": evaluation}


def photos_facts() -> dict[str, str]:
    """Return the entry of ``evaluation_data`` for whole photos."""
    photos = _read(FACTS)["evaluation"]["whole_photos"]
    return {photos["name"]: photos["content"]}


def collections_of(data: Mapping[str, Any]) -> list[str]:
    """Return the keys of the collections that a training used.

    Parameters
    ----------
    data
        The content of prepare.json.
    """
    annotator = ["second_annotator"] if data.get("second_annotator") else []
    return ["smilesmiled", *annotator, *data.get("collections", {})]


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
