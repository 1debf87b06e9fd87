"""A module knows what is in it, its state and its modes; it says what it is, and what to write instead."""

import copy
import inspect

import numpy as np
import pytest

from tinygrad_edu import Tensor, constant, cross_entropy, nn, optim
from tinygrad_edu.format import locations

rng = np.random.default_rng(0)


class Net(nn.Module):
    """Modules in attributes, in a list and in a dict; one of them twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3, rng=rng)
        self.drop = nn.Dropout(p=0.5)
        self.more = [nn.Linear(3, 3, bias=False), {"last": nn.Sequential(nn.Linear(3, 2), nn.ReLU())}]
        self.again = self.first
        self.scale = Tensor(np.ones(2), "scale")
        self.register_buffer("shift", np.zeros(2))
        self.fixed = constant([1.0, 2.0])

    def forward(self, x, y=None, *, mask=None):
        x = self.more[1]["last"](self.drop(self.first(x))) * self.scale + self.shift
        return x if mask is None else x * mask


# What is in it.


def test_parts_have_paths():
    net = Net()
    assert " ".join(dict(net.named_modules())) == " first drop more.0 more.1.last more.1.last.0 more.1.last.1"
    assert [p for p, _ in net.named_children()] == ["first", "drop", "more.0", "more.1.last"]
    assert [*net.modules()][1] is net.first and [*net.children()][0] is net.first
    assert " ".join(dict(net.named_parameters())) == "first.W first.b more.0.W more.1.last.0.W more.1.last.0.b scale"
    assert [p for p, _ in net.named_buffers()] == ["shift"] and net.buffers()[0] is net.shift
    assert net.count() == sum(p.size for p in net.parameters()) == 28


def test_apply_visits_all_modules_and_this_one_last():
    net, seen = Net(), []
    assert net.apply(seen.append) is net
    assert seen[-1] is net and {*map(id, seen)} == {*map(id, net.modules())}


def test_names_that_hide_methods_do_no_harm():
    class Odd(nn.Module):
        def __init__(self):
            self.modules, self.count, self.named_parameters = [nn.Linear(1, 1)], 7, None

    odd = Odd()
    assert odd.train(False).modules[0].training is False
    odd.zero_grad()
    assert "2 parameters" in repr(odd)


# Calls and modes.


def test_forward_takes_named_arguments():
    net = Net().eval()
    x = np.ones((1, 2))
    assert (net(x, y=3, mask=np.zeros(2)).data == 0).all()
    with pytest.raises(TypeError, match="masq"):
        net(x, masq=1)


def test_train_and_eval_reach_every_module():
    net = Net()
    assert net.training and all(m.training for m in net.modules())
    assert net.eval() is net and not any(m.training for m in net.modules())
    assert net.train() is net and all(m.training for m in net.modules())
    x = np.ones((50, 2))
    assert not (net(x).data == net(x).data).all()  # it drops others each time
    net.eval()
    assert (net(x).data == net(x).data).all()


def test_dropout_is_of_training():
    layer, x = nn.Dropout(0.25, np.random.default_rng(0)), constant(np.ones(1000))
    found = layer(x).data
    assert set(found.tolist()) == {0.0, 1 / 0.75} and 200 < (found == 0).sum() < 300
    assert layer.eval()(x) is x and nn.Dropout(0.0)(x) is x and not nn.Dropout(1)(x).data.any()
    with pytest.raises(ValueError, match="rate"):
        nn.Dropout(1.5)


def test_a_frozen_part_is_not_trained_and_is_saved():
    net = Net().eval()
    net.more[1]["last"][0].b.data = [9.0, 9.0]  # so that relu lets the gradient through
    before = net.state_dict()
    assert net.first.requires_grad_(False) is net.first
    assert "first.W" not in dict(net.named_parameters()) and net.count() == 28 - 9
    assert net.state_dict().keys() == before.keys()
    cross_entropy(net(np.ones((4, 2))), np.zeros(4, int)).backward()
    optim.SGD(net, 0.5).step()
    assert (net.first.W.data == before["first.W"]).all() and (net.more[1]["last"][0].b.data != 9).any()
    assert "not trained: W (3, 2), b (3,)" in repr(net)
    net.requires_grad_(True)
    assert net.count() == 28 and not net.fixed.requires_grad and not net.shift.requires_grad


def test_zero_grad_to_zeros():
    layer = nn.Linear(2, 1)
    layer.zero_grad(set_to_none=False)  # there are none
    layer(np.ones(2)).sum().backward()
    layer.zero_grad(set_to_none=False)
    assert layer.W.grad.tolist() == [[0.0, 0.0]]
    layer.zero_grad(set_to_none=True)
    assert layer.W.node.grad is None


# State.


def test_a_state_is_arrays_and_is_loaded_all_or_none():
    one, other = Net(), Net()
    state = one.state_dict()
    assert all(type(x) is np.ndarray for x in state.values()) and "shift" in state and "fixed" not in state
    other.load_state_dict(state)
    assert all((x == state[path]).all() for path, x in other.state_dict().items())
    state["first.W"] += 1  # it was a copy
    assert not (one.first.W.data == state["first.W"]).any()
    before = one.state_dict()
    with pytest.raises(ValueError, match=r"first\.b has shape \(4,\).*\n?"):
        one.load_state_dict(state | {"first.b": np.ones(4)})
    with pytest.raises(ValueError, match=r"odd is not a parameter"):
        one.load_state_dict(state | {"odd": np.ones(4)})
    assert all((x == before[path]).all() for path, x in one.state_dict().items())
    one.load_state_dict({"odd": np.ones(4), "scale": [7.0, 8.0]}, strict=False)
    assert one.scale.data.tolist() == [7.0, 8.0]


def test_other_names_of_tensors():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    assert net[0].weight is net[0].W and net[0].bias is net[0].b and net[1].weight is net[1].gamma
    assert len(net.parameters()) == 4
    state = {"0.weight": np.ones((3, 2)), "0.bias": np.full(3, 2.0), "1.weight": np.full(3, 3.0)}
    net.load_state_dict(state, strict=False)
    assert net[0].W.data.tolist() == [[1.0, 1.0]] * 3 and net[0].b.data[0] == 2 and net[1].gamma.data[0] == 3
    nn.Linear(1, 1).load_state_dict({"weight": np.ones((1, 1)), "bias": np.ones(1)})
    net[0].weight = V = Tensor(np.zeros((3, 2)))
    assert net[0].W is V
    net[0].weight = np.full((3, 2), 9.0)
    assert net[0].W is V and V.data[0, 0] == 9


def test_a_buffer_may_be_left_out_of_the_state():
    module = nn.Module()
    module.register_buffer("a", np.ones(2), persistent=False)
    module.register_buffer("b", None)
    module.register_parameter("W", Tensor([1.0]))
    module.add_module("layer", nn.Linear(1, 1))
    assert [*module.state_dict()] == ["W", "layer.W", "layer.b"] and module.a.shape == (2,)


def test_a_copy_is_another_module():
    net = Net()
    other = copy.deepcopy(net)
    other.scale.data = [5.0, 5.0]
    assert net.scale.data.tolist() == [1.0, 1.0] and [*other.state_dict()] == [*net.state_dict()]
    assert other.again is other.first is not net.first
    net.first.requires_grad_(False)
    frozen = copy.deepcopy(net)
    assert frozen.count() == 19 and frozen.requires_grad_(True).count() == 28 and not frozen.fixed.requires_grad


# Kinds of numbers.


def test_other_kinds_of_numbers():
    net = Net()
    assert net.to("cpu") is net.cpu() is net.to(device="cpu") is net and net.scale.dtype == np.float64
    assert net.float() is net and {x.dtype for x in net.state_dict().values()} == {np.dtype(np.float32)}
    assert net.double().scale.dtype == np.float64 and net.to(np.float32).shift.dtype == np.float32
    assert nn.Linear(2, 3, dtype=np.float32).W.dtype == np.float32
    for kind in ("cuda", "cuda:0", int):
        with pytest.raises(TypeError, match="floating dtype") as error:
            net.to(kind)
        assert any("leave .to(device) out" in note for note in error.value.__notes__)


@pytest.mark.parametrize("name", ["cuda", "register_forward_hook", "compile"])
def test_methods_of_others_are_answered(name):
    with pytest.raises(AttributeError, match=name) as error:
        getattr(nn.Linear(1, 1), name)
    assert len(error.value.__notes__) == 2 and "test_module.py" in error.value.__notes__[0]
    assert not hasattr(Net(), "anything")


# The words of constructors.


def test_words_of_pytorch():
    assert nn.Linear(in_features=2, out_features=3, bias=False).b is None
    assert nn.Linear(2, out_features=3, device="cpu").W.shape == (3, 2)
    layer = nn.Conv2d(in_channels=1, out_channels=2, kernel_size=(3, 2), stride=2, padding=1, bias=False)
    assert layer.W.shape == (2, 1, 3, 2) and layer.b is None and layer.stride == 2
    assert nn.Conv1d(1, 2, kernel_size=3)(np.ones((1, 1, 5))).shape == (1, 2, 3)
    assert nn.Embedding(num_embeddings=5, embedding_dim=3).W.shape == (5, 3)
    assert nn.Linear(2, 3)(input=np.ones((1, 2))).shape == (1, 3)

    class Mine(nn.Linear):
        """It is made in the words of its base class too."""

    assert Mine(in_features=2, out_features=3).W.shape == (3, 2)


@pytest.mark.parametrize(
    ("make", "words", "note"),
    [
        (lambda: nn.Linear(2, 3, device="cuda"), "Linear takes no device='cuda'", "without device"),
        (lambda: nn.Linear(2, 3, foo=1), "Linear takes no foo=1", "inputs, outputs, bias and rng"),
        (lambda: nn.Linear(2), "outputs", "inputs, outputs, bias and rng"),
        (lambda: nn.Linear(in_features=2), "outputs", "inputs, outputs, bias and rng"),
        (lambda: nn.Linear(2, 3, in_features=2), "given inputs twice", "inputs"),
        (lambda: nn.Linear(2, 3, True, None, 5), "5 arguments", "inputs, outputs, bias and rng"),
        (lambda: nn.Embedding(5, 3, padding_idx=0), "padding_idx=0", "mask"),
        (lambda: nn.Linear(2, 3)(np.ones(2), foo=1), "foo=1", "Its arguments are a."),
        (lambda: nn.Linear(2, 3)(), "missing", "Its arguments are a."),
        (lambda: nn.BatchNorm1d(3, track_running_stats=False), "track_running_stats", "train"),
    ],
)
def test_what_is_not_taken_is_said(make, words, note):
    with pytest.raises(TypeError, match=words) as error:
        make()
    assert "test_module.py" in error.value.__notes__[0] and any(note in n for n in error.value.__notes__)


@pytest.mark.parametrize("make", [lambda: nn.Linear(2, 0), lambda: nn.Linear(2.0, 3), lambda: nn.LSTM(2, "3")])
def test_sizes_are_whole_numbers(make):
    with pytest.raises(ValueError, match="whole number from 1 up"):
        make()


def test_an_error_in_a_constructor_is_not_an_error_of_its_call():
    class Layer(nn.Linear, words={"wide": "inputs"}):
        def __init__(self, inputs):
            super().__init__(inputs, 3)
            raise TypeError("of its own")

    for make in (lambda: Layer(2), lambda: Layer(wide=2)):
        with pytest.raises(TypeError, match="of its own"):
            make()


# Errors of calls.


def test_wrong_shapes_name_the_layer_and_the_line():
    net = Net()
    with pytest.raises(ValueError) as error:
        net(np.ones((4, 5)))
    notes = "\n".join(error.value.__notes__)
    assert "The layer is Linear(inputs=2, outputs=3), in net/linear." in notes
    assert "test_module.py" in notes and "self.drop(self.first(x))" in notes
    with pytest.raises(ValueError) as error:
        nn.Sequential(nn.Sequential(nn.ReLU(), nn.Linear(3, 1)))(np.ones((4, 5)))
    layers = [note for note in error.value.__notes__ if note.startswith("The layer")]
    assert layers == ["The layer is Linear(inputs=3, outputs=1), in sequential/sequential0/linear1."]


def test_a_misspelled_forward_is_suggested():
    class Wrong(nn.Module):
        def foward(self, x):
            return x

    with pytest.raises(NotImplementedError, match=r"no forward\(\.\.\.\).*Did you mean foward"):
        Wrong()(1.0)


# Places: the user's line stands for all that a layer of ours computes, in whichever file it is written.


@pytest.mark.parametrize("make", [
    lambda: nn.Linear(4, 4), lambda: nn.LayerNorm(4), lambda: nn.BatchNorm1d(4), lambda: nn.ReLU(),
    lambda: nn.Sequential(nn.Linear(4, 4), nn.Tanh(), np.tanh), lambda: nn.RNNCell(4, 4), lambda: nn.MLP([4, 4, 4]),
    lambda: nn.TransformerEncoderLayer(4, 2, 3),
])  # fmt: skip
def test_the_line_is_the_users(make):
    layer, x = make(), Tensor(np.ones((3, 4)), "x")
    found = layer(x)
    line = inspect.currentframe().f_lineno - 1
    pending, seen = [found.node], 0
    while pending:
        node = pending.pop()
        if node.op is not None:
            at = locations.of_node(node)
            assert (at.file, at.line) == (__file__, line)
            seen += 1
            pending += [a for a in node.args if a is not None]
    assert seen


def test_the_variable_names_the_result_of_the_outer_layer_alone():
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    z = net(np.ones((3, 4)))
    assert locations.name_in_source(z.node) == "z"
    assert locations.name_in_source(z.node.args[0]) is None


# What it looks like.


def test_a_module_as_text():
    net = Net()
    lines = [line.split("  ") for line in repr(net).splitlines()]
    assert [[part.strip() for part in line if part] for line in lines] == [
        ["Net("],
        ["2 parameters: scale (2,); not trained: shift (2,)"],
        ["(first): Linear(inputs=2, outputs=3)", "9 parameters: W (3, 2), b (3,)"],
        ["(drop): Dropout(rate=0.5)"],
        ["(more.0): Linear(inputs=3, outputs=3, bias=False)", "9 parameters: W (3, 3)"],
        ["(more.1.last): Sequential("],
        ["(0): Linear(inputs=3, outputs=2)", "8 parameters: W (2, 3), b (2,)"],
        ["(1): ReLU()"],
        [")"],
        ["(again): Linear, the same as first"],
        [")", "28 parameters"],
    ]
    starts = [line.index(" parameters:") for line in repr(net).splitlines() if " parameters:" in line]
    assert len(starts) == 4 and len({*starts}) == 1
    net.first.extra_repr = lambda: "long " * 20  # a long line does not move the others
    longer = [line.index(" parameters:") for line in repr(net).splitlines() if " parameters:" in line]
    assert longer[:1] + longer[2:] == starts[1:] and longer[1] > starts[1]
    assert repr(net).splitlines()[6].startswith("    (0): ")
    assert repr(nn.Linear(2, 3)) == "Linear(inputs=2, outputs=3)  9 parameters: W (3, 2), b (3,)"
    assert repr(nn.MLP([2, 3, 1])).splitlines()[0] == "MLP(" and "1 parameter" not in repr(nn.Tanh())


def test_a_module_as_a_table():
    class Named(nn.Module):
        def __init__(self):
            setattr(self, "<b>", nn.Linear(2, 3))
            self.act = nn.Softmax(dim=1)

    html = Named()._repr_html_()
    assert "<b>:" not in html and "&lt;b&gt;: Linear(inputs=2, outputs=3)" in html
    assert "W (3, 2), b (3,)" in html and "<b>9</b>" in html and "http" not in html
    assert html.count("<tr>") == 1 + 3 + 1 == html.count("</tr>")


def test_a_subclass_may_say_its_options():
    class Scaled(nn.Module):
        def extra_repr(self):
            return "twice"

    assert repr(Scaled()) == "Scaled(twice)"


@pytest.mark.parametrize("value", [np.ones((1, 2)), constant(np.ones((1, 2)))], ids=["array", "constant"])
def test_a_parameter_is_not_replaced_by_what_is_not_trained(value):
    layer = nn.Linear(2, 1)
    with pytest.raises(TypeError, match="W is a parameter of Linear"):
        layer.W = value
    layer.weight = Tensor(np.ones((1, 2)))
    assert len(layer.parameters()) == 2
