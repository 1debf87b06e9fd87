"""A run on disk: an .npz file of the tables, and beside them, as JSON, where it is and what it belongs to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..format import text
from ..output.atomic_write import whole
from .corpus import Corpus
from .model import Word2Vec

if TYPE_CHECKING:
    from .training import Progress

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
    """Go back to where a run was.  ValueError for what is no checkpoint, or one of another corpus or other settings."""
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
    except Exception:  # a file that is anything else fails in many ways
        raise ValueError(f"{name} is no checkpoint of word2vec; take another name, or delete it") from None
    ours = asdict(model.settings)
    if other := [f"{key} {settings.get(key)}, not {ours[key]}" for key in ours if settings.get(key) != ours[key]]:
        raise ValueError(f"{name} is of a run with other settings: {'; '.join(other)}")
    if print_ != fingerprint(corpus):
        raise ValueError(f"{name} is of a run on another corpus, or one with another min_count")
    expected = tables(model)
    if {key: x.shape for key, x in found.items()} != {key: x.shape for key, x in expected.items()}:
        raise ValueError(f"{name} is damaged: its tables have other shapes")
    for key, x in found.items():
        getattr(model, key).data = x
    for key, place in zip(KEPT, places):
        setattr(progress, key, place)
    model.losses = losses


def tables(model: Word2Vec) -> dict[str, Any]:
    """What is learned, by name."""
    return {name: p.numpy() for name, p in model.named_parameters()}


def fingerprint(corpus: Corpus) -> str:
    """The same for the same words in the same order."""
    digest = hashlib.sha256("\n".join(corpus.words).encode("utf-8", "surrogatepass"))
    for x in (corpus.ids.astype("<i4"), np.asarray(corpus.ends).astype("<i8")):
        digest.update(x.tobytes())
    return digest.hexdigest()
