"""Saves a run to an .npz file, and goes on from one: its tables, and as JSON its progress, settings and corpus."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..format import text
from ..output.atomic_write import whole
from .corpus import Corpus
from .model import Word2Vec
from .run_state import Progress

FORMAT = "tinygrad_edu word2vec 1"
KEPT = ("epoch", "step", "total", "pairs")


def write(path: Path, model: Word2Vec, progress: Progress, corpus: Corpus) -> None:
    """Write a checkpoint, whole or not at all."""
    state = {
        "format": FORMAT,
        "settings": asdict(model.settings),
        "corpus": fingerprint(corpus),
        "losses": model.losses,
        **{name: getattr(progress, name) for name in KEPT},
    }
    with whole(path) as stream:
        np.savez(stream, state=np.array(json.dumps(state)), **tables(model))


def read(path: Path, model: Word2Vec, progress: Progress, corpus: Corpus) -> None:
    """Put a model and its progress back to where a checkpoint was written.

    ValueError if the file is no checkpoint, or one of another corpus or of other settings; OSError if it cannot be
    read.
    """
    name = text.safe_name(path.name)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            state: dict[str, Any] = json.loads(str(stored["state"]))
            if state["format"] != FORMAT:
                raise ValueError
            found = {key: stored[key] for key in stored.files if key != "state"}
            places = [type(getattr(progress, key))(state[key]) for key in KEPT]
            losses = [float(loss) for loss in state["losses"]]
            settings, print_ = dict(state["settings"]), state["corpus"]
    except OSError:
        raise
    except Exception:
        # A file of another kind fails in many ways: in NumPy, in zipfile, in JSON, or with a missing key.
        raise ValueError(f"{name} is no checkpoint of word2vec: choose another name, or delete the file") from None
    ours = asdict(model.settings)
    if other := [f"{key} {settings.get(key)}, not {ours[key]}" for key in ours if settings.get(key) != ours[key]]:
        raise ValueError(f"{name} is from a run with other settings: {'; '.join(other)}")
    if print_ != fingerprint(corpus):
        raise ValueError(f"{name} is from a run on another corpus, or with another min_count")
    expected = tables(model)
    if {key: x.shape for key, x in found.items()} != {key: x.shape for key, x in expected.items()}:
        raise ValueError(f"{name} is damaged: its tables have other shapes")
    for key, x in found.items():
        getattr(model, key).data = x
    for key, place in zip(KEPT, places):
        setattr(progress, key, place)
    model.losses = losses


def tables(model: Word2Vec) -> dict[str, Any]:
    """The parameters of the model as arrays, by their names."""
    return {name: p.numpy() for name, p in model.named_parameters()}


def fingerprint(corpus: Corpus) -> str:
    """A hash of the corpus, which is equal for the same texts only."""
    digest = hashlib.sha256("\n".join(corpus.words).encode("utf-8", "surrogatepass"))
    for x in (corpus.ids.astype("<i4"), np.asarray(corpus.ends).astype("<i8")):
        digest.update(x.tobytes())
    return digest.hexdigest()
