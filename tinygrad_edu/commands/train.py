"""``tinygrad-edu train``: train a two-layer network on handwritten digits, then show where one gradient came from.

The network is that of hand-in 002, R = logloss(softmax(B sigma(A x))): no biases, one hidden layer.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from .. import nn, ops, optim
from ..data import Digits, digits
from ..derivatives import sweep
from ..findings.gradient_norms import GradientNorms
from ..format import text
from ..format.numbers import number
from ..numeric.norms import norm
from ..output.progress import Progress
from ..output.terminal import Screen, Table
from ..tensor import constant
from .shared import above_zero, refuse_output, whole

NAME, HELP = "train", "train on digits and show a backward sweep; runs if no command is given"
ROOMY = 60  # a screen of so many columns shows two things side by side
LOGGED = 5  # lines that report the progress of the training to a file
SHADES = " .:-=+*#%@"


def add_arguments(p: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    p.add_argument(
        "--hidden", type=whole, default=64, metavar="N", help="rows of A, the hidden units (default: %(default)s)"
    )
    p.add_argument(
        "--epochs", type=whole, default=30, metavar="N", help="passes over the images (default: %(default)s)"
    )
    p.add_argument("--batch", type=whole, default=32, metavar="N", help="images in a step (default: %(default)s)")
    p.add_argument(
        "--rate",
        type=above_zero,
        default=0.5,
        metavar="R",
        help="learning rate, falling along a cosine to 0 (default: %(default)s)",
    )
    p.add_argument(
        "--seed",
        type=whole,
        default=0,
        metavar="N",
        help="seed of the random numbers: start and order (default: %(default)s)",
    )
    p.add_argument(
        "--example",
        type=whole,
        metavar="N",
        help="show the sweep of this test image (default: the one with the largest loss)",
    )
    p.add_argument("--save", type=Path, metavar="FILE", help="write A and B to an .npz file")
    p.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        default=Path("tinygrad-edu-pictures"),
        help="folder for the graph and the page that walks through it (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Train, measure, show, and say what to try next."""
    for name in ("hidden", "batch"):
        if not getattr(options, name):
            raise ValueError(f"--{name} is at least 1")
    data = digits(seed=0)
    if options.example is not None and options.example >= len(data.test_labels):
        raise ValueError(f"--example is the number of a test image, from 0 to {len(data.test_labels) - 1}")
    refuse_output(options.save, "save")
    net = network(options.hidden, options.seed)
    A, B = net.parameters()
    learning, testing = len(data.labels), len(data.test_labels)
    screen = Screen()
    screen.say(f"R = logloss(softmax(B σ(A x))) on {learning + testing:,} handwritten digits of 8 x 8")
    screen.say(f"A is {text.shape_text(A.shape)} and B is {text.shape_text(B.shape)}: {A.size + B.size:,} parameters")
    screen.say(f"{learning:,} images to learn from, {testing} to test on")
    screen.write()

    started = time.perf_counter()
    with Progress("epoch", options.epochs, lines=LOGGED) as bar:
        course = train_network(net, data, options, bar)
    seconds = time.perf_counter() - started
    right = int((predict(net, data.test_images).argmax(1) == data.test_labels).sum())
    screen.say(
        f"test accuracy {100 * right / testing:.1f} % ({right} of {testing} unseen images) after {seconds:.1f} s"
    )
    if options.save:
        net.save(options.save)
        screen.item(options.save, "A and B")
    show_norms(screen, course)

    number = find_hardest(net, data) if options.example is None else options.example
    x, y = data.test_images[number], int(data.test_labels[number])
    show_example(screen, net, x, y, number)
    show_sweep(screen, net, x, y)
    show_recursion(screen, net, x, y)
    write_pictures(screen, net, x, y, options.pictures)
    heading(screen, "Next")
    for typed, words in NEXT.items():
        screen.item(typed, words, 2, room=31)
    screen.say(TO_READ, margin=2)
    return 0


def network(hidden: int, seed: int) -> nn.MLP:
    """B σ(A x), with its parameters named as in the hand-in."""
    net = nn.MLP((64, hidden, 10), ops.sigmoid, bias=False, rng=np.random.default_rng(seed))
    net.layers[0].W.name, net.layers[1].W.name = "A", "B"
    return net


def predict(net: nn.MLP, images: Any) -> Any:
    """The predicted probability of each digit, (examples, 10), for images, (examples, 64)."""
    return ops.softmax(net(images)).data


def find_hardest(net: nn.MLP, data: Digits) -> int:
    """The number of the test image with the largest loss."""
    return int(ops.cross_entropy(net(data.test_images), data.test_labels, reduction="none").argmax())


def train_network(net: nn.MLP, data: Digits, options: argparse.Namespace, bar: Progress) -> GradientNorms:
    """Train by stochastic gradient descent with momentum, in random batches; give the gradients' norms at each step.

    Raises ValueError as soon as a norm is not finite, because nothing is learned after that.
    """

    def diverged(loss: Any, words: str) -> None:
        raise ValueError(f"{words}; a --rate below {options.rate:g} may help")

    rng, n = np.random.default_rng(options.seed), len(data.labels)
    steps = options.epochs * -(-n // options.batch)
    course = GradientNorms(net, on_bad=diverged)
    optimiser = optim.SGD(net.parameters(), optim.cosine(options.rate, steps), momentum=0.9, callback=course)
    for epoch in range(options.epochs):
        total, order = 0.0, rng.permutation(n)
        for start in range(0, n, options.batch):
            batch = order[start : start + options.batch]
            R = ops.cross_entropy(net(data.images[batch]), data.labels[batch])
            optimiser.zero_grad()
            R.backward()
            optimiser.step(R)
            total += R.item() * len(batch)
        last = " ".join(f"{name} {size:.2g}" for name, size in course.last().items())
        bar.at(epoch + 1, f"mean loss {total / n:.4f}, gradients {last}")
    return course


def show_norms(screen: Screen, course: GradientNorms) -> None:
    """Show a table of the gradients' norms over the training."""
    heading(screen, "Gradient norms over training")
    for row in course.table(screen.width - 2).split("\n"):
        screen.write(f"  {row}")


def heading(screen: Screen, words: str) -> None:
    """An empty line, and a title with a line below it."""
    screen.write()
    screen.heading(words)


def show_example(screen: Screen, net: nn.MLP, x: Any, y: int, number: int) -> None:
    """Show the image as characters, beside the probabilities that the network gives to the digits."""
    p = predict(net, x)
    heading(screen, f"Test image {number}, a {y}; the network says {p.argmax()}")
    rows = [f"P({d}) = {p[d]:.4f} {'#' * round(14 * p[d]):<14}" for d in range(10)]
    right = [*rows[8:], *[""] * 6] if screen.width >= ROOMY else [""] * 8
    for row, one, other in zip(x.reshape(8, 8), rows, right):
        image = "".join(2 * SHADES[int(v * (len(SHADES) - 1))] for v in row)
        screen.write(f"  {image}   {one} {other}".rstrip())
    for row in rows[8:] if screen.width < ROOMY else ():
        screen.write(f"  {'':<16}   {row}".rstrip())


def show_sweep(screen: Screen, net: nn.MLP, x: Any, y: int) -> None:
    """Show each step of the backward sweep: the node, its shape, the gradient that came in, and what it passed on."""
    heading(screen, "Its backward sweep, from the loss to the parameters")
    rows = []
    for tensor, gradient, passed in sweep(loss(net, x, y)):
        node = tensor.node
        parts = [
            f"{text.label(a)} {number(norm(c))}" for a, c in zip(node.args, passed) if a is not None and c is not None
        ]
        rows.append(
            (
                text.definition(node),
                text.shape_text(node.shape),
                number(norm(gradient)),
                ", ".join(parts) or "kept as .grad",
            )
        )
    table = Table.of(("node", "shape", "gradient in", "passed on"), rows, margin=2)
    screen.table(table, ("shape", "gradient in"), "node")
    screen.say("Gradients are shown by their Euclidean norms.", "dim", margin=2)


def loss(net: nn.MLP, x: Any, y: int) -> Any:
    """The loss R of one example, with names for its tensors."""
    R = ops.cross_entropy(net(constant(x, "x")), constant(y, "y"))
    R.name = "R"
    return R


def show_recursion(screen: Screen, net: nn.MLP, x: Any, y: int) -> None:
    """Show the delta of each layer and the gradient of its weights, by the recursion and by the sweep."""
    heading(screen, "The delta recursion by hand, beside it")
    e = f"e{'₀₁₂₃₄₅₆₇₈₉'[y]}"
    formulas = {f"δ(2) = softmax(v(2)) - {e}": "∂R/∂B = δ(2) a(1)ᵀ", "δ(1) = σ'(v(1)) ⊙ (Bᵀ δ(2))": "∂R/∂A = δ(1) xᵀ"}
    for delta, gradient in formulas.items():
        screen.item(delta, gradient, 2, room=35)
    screen.say(f"where {e} is 1 at index {y}, counted from 0, and 0 elsewhere", margin=2)
    screen.write()
    hand, swept = nn.delta_recursion(net, x, y), nn.swept_deltas(net, x, y)
    rows = []
    for s, layer in reversed([*enumerate(net.layers)]):
        for name, one, other in (
            (f"δ({s + 1})", hand.delta[s], swept.delta[s]),
            (f"∂R/∂{layer.W.name}", hand.W[s], swept.W[s]),
        ):
            rows.append((name, number(norm(one)), number(norm(other)), f"{np.abs(one - other).max():.1e}"))
    screen.table(Table.of(("", "by hand", "by sweep", "difference"), rows, margin=2))
    screen.say("The first two are Euclidean norms; the last is the largest difference of elements.", "dim", margin=2)


def write_pictures(screen: Screen, net: nn.MLP, x: Any, y: int, folder: Path) -> None:
    """Write the graph of the example and the page that walks through it, or say why they cannot be written."""
    from ..render import draw, walk

    heading(screen, "Pictures of it")
    R = loss(net, x, y)
    net.zero_grad()
    R.backward()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        screen.item(draw(R).save(folder / "graph.svg"), "the graph, with its values and gradients", 2)
        screen.item(walk(R).save(folder / "walk.html"), "a page that walks through it: open it in a browser", 2)
    except (OSError, RuntimeError) as error:
        print(f"  not written: {text.error_text(error)}", file=sys.stderr)


NEXT = {
    "tinygrad-edu --example 7": "the sweep of another image",
    "tinygrad-edu --hidden 3": "a network so narrow that it errs: its gradients grow",
    "tinygrad-edu draw SCRIPT": "a picture of your own program's graph and gradients",
    "tinygrad-edu walk SCRIPT": "a page that walks through your program's graph",
    "tinygrad-edu step SCRIPT": "a debugger, like pdb, that steps through its gradients",
    "tinygrad-edu --help": "all options",
}
TO_READ = "To read: the engine is in graph.py, op.py, sweep.py and tensor.py of tinygrad_edu"
