"""Draws a scene in pixels: one picture as PNG, the walk as an animated GIF."""

from __future__ import annotations

import io

from ..output.progress import Progress
from ..tracing.data import Trace
from .packages import package
from .scene import Scene
from .svg import svg

MOST_PIXELS = 16_000 * 4_000  # viewers show no larger picture, and memory runs out
FRAMES, WIDEST = 120, 1400  # the most pictures in an animation, and its largest width in pixels
PACE, END = 900, 4000  # milliseconds for a step, and for the last


def zoom(scene: Scene, scale: float) -> float:
    """The scale that is asked for, or the largest at which viewers can still open the picture."""
    return min(scale, (MOST_PIXELS / (scene.width * scene.height)) ** 0.5, 30_000 / max(scene.width, scene.height))


def png(scene: Scene, colours: dict[str, str], scale: float = 2) -> bytes:
    """The picture with ``scale`` pixels to a point."""
    return rasterise(svg(scene, colours), zoom(scene, scale))


def rasterise(text: str, scale: float) -> bytes:
    """SVG as PNG."""
    return bytes(package("resvg_py").svg_to_bytes(svg_string=text, zoom=scale, skip_system_fonts=True))


def gif(scene: Scene, colours: dict[str, str], trace: Trace) -> bytes:
    """The walk, forward and backward, as an animation of at most FRAMES pictures: a long walk skips steps."""
    Image = package("PIL.Image")
    last = len(trace.steps)
    every = -(-last // FRAMES) or 1
    steps = [*range(0, last, every), last]
    frames, scale = [], min(2.0, zoom(scene, WIDEST / scene.width))
    with Progress("frame", len(steps), after=1.0) as bar:
        for number, k in enumerate(steps, 1):
            picture = Image.open(io.BytesIO(rasterise(svg(scene, colours, k, parts_of_step(trace, k)), scale)))
            frames.append(picture.convert("RGB").quantize(64, dither=Image.Dither.NONE))
            bar.at(number)
    out = io.BytesIO()
    times = [PACE] * (len(frames) - 1) + [END]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=False)
    return out.getvalue()


def parts_of_step(trace: Trace, k: int) -> set[tuple[str, int]]:
    """The nodes and the edge that step ``k`` is about, which the picture highlights."""
    if not k:
        return set()
    step = trace.steps[k - 1]
    about = {("node", step.node)}
    if step.edge is not None:
        about |= {("edge", step.edge), ("node", trace.edges[step.edge].source)}
    return about
