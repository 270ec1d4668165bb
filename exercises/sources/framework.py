# %% [markdown]
# # A framework
#
# A framework is housekeeping: somebody walks through the rooms, writes a list, and everything else is read off it. Here you write such a list yourself, bring weights over from elsewhere, and put a hand into the training loop, between its lines. You also find the fault in a measurement that
# changes what it measures. Each exercise stands alone.

# %%
import numpy as np

import mininet.functional as F
from mininet import nn
from mininet.optim import SGD
from mininet.tensor import Tensor, no_grad
from mininet_course import check, hint, progress, solution

# %% [markdown] role="task" q="framework.1"
# **Goal.** Be the clipboard.
#
# **Given.** A network that sets, in this order,
#
# - `self.parts = {"in": nn.Linear(2, 3, rng), "norm": nn.BatchNorm1d(3)}`
# - `self.scale = Tensor(np.ones(3, dtype=np.float32))`
# - `self.out = [nn.ReLU(), nn.Linear(3, 1, rng)]`
#
# **Do.** Choose before you run: which names has its `state_dict()`?
#
# - A. the weights and biases of `parts.in`, `parts.norm` and `out.1`: six names
# - B. these six, and then `parts.norm.running_mean` and `parts.norm.running_var`
# - C. those of B, and `scale`
# - D. those of B, but with `out.0` in place of `out.1`
#
# **You should see** the names in the cell after the check.

# %% role="answer" q="framework.1"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="framework.1"
check("framework.1", prediction)


# %% role="run"
class Small(nn.Module):
    def __init__(self, rng):
        self.parts = {"in": nn.Linear(2, 3, rng), "norm": nn.BatchNorm1d(3)}
        self.scale = Tensor(np.ones(3, dtype=np.float32))
        self.out = [nn.ReLU(), nn.Linear(3, 1, rng)]


for name, array in Small(np.random.default_rng(0)).state_dict().items():
    print(f"{name:24} {array.shape}")

# %% [markdown] role="task" q="framework.2"
# **Goal.** Count what has more than one door.
#
# **Given.** A network that sets, in this order,
#
# - `self.encode = nn.Linear(6, 3, rng)`
# - `block = nn.Linear(3, 3, rng)` and `self.blocks = [block] * 3`
# - `self.back = self.encode.weight`
# - `self.last = nn.Parameter(np.zeros(6, dtype=np.float32))`
#
# **Do.** Predict two numbers: `arrays`, how many lines its inventory has; and `numbers`, how many single numbers the optimiser can change.
#
# **You should see** the inventory in the cell after the check.

# %% role="answer" q="framework.2"
# two whole numbers
# BEGIN SOLUTION
arrays = 5
numbers = 39
# END SOLUTION

# %% role="check" q="framework.2"
check("framework.2", arrays, numbers)


# %% role="run"
class Shared(nn.Module):
    def __init__(self, rng):
        self.encode = nn.Linear(6, 3, rng)
        block = nn.Linear(3, 3, rng)
        self.blocks = [block] * 3
        self.back = self.encode.weight
        self.last = nn.Parameter(np.zeros(6, dtype=np.float32))


shared = Shared(np.random.default_rng(0))
for name, p in shared.named_parameters():
    print(f"{name:16} {p.shape!s:7} {p.size:3}")
print("together", sum(p.size for p in shared.parameters()))

# %% [markdown] role="why" q="framework.2"
# `encode` has 18 + 3 numbers, the block 9 + 3, `last` has 6: together 39, in five arrays. `[block] * 3` is a list with one object in it three times, and `back` is a second name for `encode.weight`. What has been seen is not written down again, so each is stepped once.

# %% [markdown] role="task" q="framework.3"
# **Goal.** Write the walk without any `Module`.
#
# **Given.** A nest of dictionaries, lists and tuples, as deep as you like. At the bottom lie arrays, and also texts, numbers and None.
#
# **Do.** Write `collect`: return a dictionary from full names to arrays, in the order in which the walk meets them. A name is the way there, with dots: `"blocks.0.w"`. An array that can be reached by two ways is listed once, under the first name. Everything else at the bottom is passed over. (It is called as `collect(tree)`; `name`, the way so far, and `found` are there for the calls that it makes of itself. Use them, or leave them.)
#
# **You should see** that two biases of zeros are two arrays, and one weight in two places is one.


# %% role="answer" q="framework.3"
def collect(tree, name="", found=None):
    """Return {name: array} of all arrays in a dictionary of dictionaries, lists and tuples."""
    # BEGIN SOLUTION
    found = {} if found is None else found
    inside = tree if isinstance(tree, dict) else dict(enumerate(tree))
    for key, value in inside.items():
        way = f"{name}.{key}" if name else str(key)
        if isinstance(value, (dict, list, tuple)):
            collect(value, way, found)
        elif isinstance(value, np.ndarray) and not any(value is a for a in found.values()):
            found[way] = value
    return found
    # END SOLUTION


# %% role="check" q="framework.3"
check("framework.3", collect)

# %% role="show"
w = np.ones((2, 2))
nest = {"blocks": [{"w": w, "b": np.zeros(2)}, {"w": 2 * w, "b": np.zeros(2)}], "lr": 0.1, "tied": w}
for name, array in collect(nest).items():
    print(f"{name:10} {array.shape}")

# %% [markdown] role="why" q="framework.3"
# Three kinds of thing, three ways: a container is opened, an array is written down, anything else is passed over. A list is treated as a dictionary with the keys 0, 1, … All calls write into the one `found`, so each knows what the others have seen. And `is` asks for the same object, not for the same numbers: that is why the two zero biases stay two, and the tied weight is one.

# %% [markdown] role="task" q="framework.4"
# **Goal.** Build a block that adds.
#
# **Given.** The way around a layer is `x` itself. But where the layer has another number of outputs than inputs, `x` does not fit the sum, and a second layer has to make it fit.
#
# **Do.** Write `Block(n_in, n_out, rng)`: a `Linear` called `change`, and only if `n_in` and `n_out` differ, another called `around`. `forward` returns the way around plus the ReLU of the change.
#
# **You should see** the names that the clipboard finds in both kinds of block.


# %% role="answer" q="framework.4"
class Block(nn.Module):
    """(N, n_in) -> (N, n_out): the way around, plus relu(change(x))."""

    def __init__(self, n_in, n_out, rng):
        # BEGIN SOLUTION
        self.change = nn.Linear(n_in, n_out, rng)
        self.around = nn.Linear(n_in, n_out, rng) if n_in != n_out else None
        # END SOLUTION

    def forward(self, x):
        # BEGIN SOLUTION
        around = x if self.around is None else self.around(x)
        return around + F.relu(self.change(x))
        # END SOLUTION


# %% role="check" q="framework.4"
check("framework.4", Block)

# %% role="show"
for n_out in (4, 2):
    block = Block(4, n_out, np.random.default_rng(0))
    out = block(np.ones((5, 4), dtype=np.float32))
    print(f"Block(4, {n_out}): {out.shape}", [name for name, _ in block.named_parameters()])

# %% [markdown] role="why" q="framework.4"
# An attribute that is None is nothing to the clipboard, so a block with equal sizes has the parameters of one layer. The ReLU belongs to the change: over the whole sum it would close the way around for everything negative. He and others, too, used a learned way around only where the sizes change.

# %% [markdown] role="task" q="framework.5"
# **Goal.** Move weights in from another framework.
#
# **Given.** A state dictionary from PyTorch, as NumPy arrays. The weight of a `Linear` is (out, in) there and (in, out) here. Everything else has the same shape: biases, and batch norm's `weight`, `bias`, `running_mean` and `running_var`, all with one axis. PyTorch's batch norm also counts its batches, under a name that ends in
# `num_batches_tracked`; ours does not.
#
# **Do.** Write `from_pytorch`: return a new dictionary that fits our network. Leave the one that you were handed as it is.
#
# **You should see** that it loads.


# %% role="answer" q="framework.5"
def from_pytorch(state):
    """Return a state for mininet.nn: weights (out, in) turned to (in, out), without the counters."""
    # BEGIN SOLUTION
    return {name: a.T.copy() for name, a in state.items() if not name.endswith("num_batches_tracked")}
    # END SOLUTION


# %% role="check" q="framework.5"
check("framework.5", from_pytorch)

# %% role="show"
rng = np.random.default_rng(0)
state = {"0.weight": rng.standard_normal((3, 2)), "0.bias": np.zeros(3), "1.num_batches_tracked": np.array(5)}
state |= {f"1.{part}": np.ones(3) for part in ("weight", "bias", "running_mean", "running_var")}
net = nn.Sequential(nn.Linear(2, 3, rng), nn.BatchNorm1d(3))
net.load_state_dict(from_pytorch(state))
print("loaded:", np.allclose(net[0].weight.data, state["0.weight"].T))

# %% [markdown] role="why" q="framework.5"
# `.T` turns a table and leaves one axis, or none, as it is, so no case is needed for biases. `reshape` would give the right shape with the numbers in wrong places. And a square weight that nobody turned loads without a word.

# %% [markdown] role="task" q="framework.6"
# **Goal.** Tame a step that is too large.
#
# **Given.** All gradients of a network together are one long arrow. Its length, the *global norm*, is the square root of the sum of the squares of all their entries. Now and then a batch makes it enormous.
#
# **Do.** Write `clip_gradients`: if the norm is above `max_norm`, multiply every `p.grad` by the same factor, so that the norm becomes `max_norm`; else change nothing. Return the norm as it was before. A parameter whose `grad` is None is passed over.
#
# **You should see** a shorter arrow with the same direction.


# %% role="answer" q="framework.6"
def clip_gradients(parameters, max_norm):
    """Shorten all gradients to a global norm of at most max_norm; return the norm before."""
    # BEGIN SOLUTION
    parameters = [p for p in parameters if p.grad is not None]
    norm = np.sqrt(sum((p.grad**2).sum() for p in parameters))
    if norm > max_norm:
        for p in parameters:
            p.grad = p.grad * (max_norm / norm)
    return norm
    # END SOLUTION


# %% role="check" q="framework.6"
check("framework.6", clip_gradients)

# %% role="show"
p, q = Tensor(np.zeros(1), requires_grad=True), Tensor(np.zeros(2), requires_grad=True)
p.grad, q.grad = np.array([20.0]), np.array([10.0, -20.0])
print("norm before:", clip_gradients([p, q], 3.0), "  gradients after:", p.grad, q.grad)

# %% [markdown] role="why" q="framework.6"
# One factor for all entries of all arrays changes the length and nothing else. Shortened array by array, or entry by entry, the step would point elsewhere. Zeros need no case of their own: 0 is never above `max_norm`, so nothing is divided.

# %% [markdown] role="task" q="framework.7"
# **Goal.** Make a trap into a tool.
#
# **Given.** A batch that is too large for the memory, cut into small batches: a list of pairs `(x, t)`, not all of the same length. `F.cross_entropy` is the mean over the batch that it is given. In the parameters there may be gradients left from the step before.
#
# **Do.** Write `big_step`: go through the small batches one after the other, and take *one* step of the optimiser, the same as for the whole batch at once. Return the mean loss over all samples, as a number.
#
# **You should see** the same weights as from the whole batch, up to rounding.


# %% role="answer" q="framework.7"
def big_step(net, optimizer, batches):
    """Take one step from all batches [(x, t), ...] together; return the mean loss of all samples."""
    # BEGIN SOLUTION
    n = sum(len(x) for x, _ in batches)
    total = 0.0
    optimizer.zero_grad()
    for x, t in batches:
        loss = F.cross_entropy(net(x), t) * (len(x) / n)
        loss.backward()  # adds to what the batches before have left
        total += loss.item()
    optimizer.step()
    return total
    # END SOLUTION


# %% role="check" q="framework.7"
check("framework.7", big_step)

# %% role="show"
rng = np.random.default_rng(0)
x, t = rng.standard_normal((10, 4)), rng.integers(3, size=10)
ends = []
for batches in ([(x, t)], [(x[:4], t[:4]), (x[4:8], t[4:8]), (x[8:], t[8:])]):
    net = nn.mlp([4, 5, 3], np.random.default_rng(1)).astype(np.float64)
    big_step(net, SGD(net.parameters(), lr=0.1), batches)
    ends.append(net.state_dict())
print("same weights:", all(np.allclose(ends[0][name], ends[1][name]) for name in ends[0]))

# %% [markdown] role="why" q="framework.7"
# The mean over all n samples is the sum of the batches' means, each times its share, len(x) / n. Gradients are linear, so theirs add up in the same way, and adding is what `backward()` does anyway. `zero_grad()` once in front, `step()` once behind. Each graph is gone before the next is recorded: that is what saves the memory.

# %% [markdown] role="task" q="framework.8"
# **Goal.** Find out why a measurement never says the same thing twice.
#
# **Given.** A friend's function for the share of right answers. He calls it once in a while during training. It jumps about, and with it called more often, the network turns out differently.
#
# **Do.** Mend it. Afterwards the network must be in the mode in which it came, train or eval.
#
# **You should see,** in the cell after the check, two equal shares, and a network that is still in train mode.


# %% role="answer" q="framework.8"
def share_right(net, x, t):
    """Return the share, from 0 to 1, of rows of x (N, D) whose largest score is that of the label in t (N,)."""
    with no_grad():
        # BEGIN SOLUTION
        before = net.training
        scores = net.eval()(x).data
        if before:
            net.train()
        # INSTEAD
        # scores = net(x).data
        # END SOLUTION
    share = (scores.argmax(axis=1) == t).mean()
    return share


# %% role="check" q="framework.8"
check("framework.8", share_right)

# %% role="run"
rng = np.random.default_rng(0)
x, t = rng.normal(2, 3, size=(200, 4)).astype(np.float32), rng.integers(3, size=200)
net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 30, rng), nn.Dropout(0.5, rng), nn.Linear(30, 3, rng))
print("twice the same share:", share_right(net, x, t) == share_right(net, x, t))
print("running means untouched:", not net[0].running_mean.any(), "  in train mode:", net.training)

# %% [markdown] role="why" q="framework.8"
# In train mode dropout tosses coins, so the share jumps. And batch norm looks at the batch *and writes down what it saw*: its running means move with every measurement, also with images from the validation set, which training was not to see. `net.eval()` tells everybody; afterwards each must be as before.
# In the package, `with eval_mode(net):` does both, and also after an error. `no_grad()` is another matter: it only says that nothing need be recorded.

# %% [markdown] role="task" q="framework.9"
# **Goal.** Know what is not in the state dictionary.
#
# **Given.** 50 steps of `SGD` with momentum 0.9, always on the same batch. Then the power goes. You had saved `net.state_dict()`. You build the same network again, load the state, make a new `SGD` with the same settings, and go on. In another room the same run goes on without a break.
#
# **Do.** Choose before you run. Beside the run without a break, the losses from step 51 on are
#
# - A. the same at every step: all of the network has come back
# - B. different from the first one on: the new optimiser has to find its pace
# - C. the same at the first step, and different after that
# - D. the same up to rounding, since a state dictionary rounds
#
# **You should see,** in the cell after the check, both runs side by side.

# %% role="answer" q="framework.9"
# a letter in quotes
# BEGIN SOLUTION
prediction = "C"
# END SOLUTION

# %% role="check" q="framework.9"
check("framework.9", prediction)


# %% role="run"
def go_on(net, sgd, x, t, steps):
    losses = []
    for _ in range(steps):
        loss = F.cross_entropy(net(x), t)
        sgd.zero_grad()
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return losses


rng = np.random.default_rng(0)
x, t = rng.standard_normal((40, 4)), rng.integers(3, size=40)
first, second = (nn.mlp([4, 8, 3], np.random.default_rng(seed)).astype(np.float64) for seed in (1, 2))
optimizer = SGD(first.parameters(), lr=0.05, momentum=0.9)
go_on(first, optimizer, x, t, 50)
second.load_state_dict(first.state_dict())  # the power goes here
without = go_on(first, optimizer, x, t, 5)
with_break = go_on(second, SGD(second.parameters(), lr=0.05, momentum=0.9), x, t, 5)
for step, (a, b) in enumerate(zip(without, with_break, strict=True), 51):
    print(f"step {step}: without a break {a:.4f}, with one {b:.4f}")

# %% [markdown] role="task" q="framework.10"
# **Goal.** Say why files of weights look as they do.
#
# **Given.** `pickle.dump(net, file)` is one line, and brings back the whole object, class and all. A state dictionary needs a network of the right shape before it can be loaded.
#
# **Do.** Give three different reasons for the state dictionary, each with a small story of what would go wrong with the pickle. Then say honestly what a state dictionary leaves to you.
#
# **You should see** that only one of the three is about danger.

# %% [markdown] role="written" q="framework.10"
# *Safety.* Opening a pickle runs whatever function its sender has named, before you have seen anything of the network. Weights are passed on from stranger to stranger, so one day the file does something else than load. Names and numbers in an `.npz` or a safetensors file can be wrong, but they cannot act.
#
# *Time.* A pickle does not hold the code of your class. It holds its name and where to import it from, and then the attributes as they were. Next year the class is called differently, lies in another module, or has one more attribute: the old file does not open any more, or it opens and fails in the first forward pass. A state dictionary only asks that
# the parameters have the same names and shapes; a name that has changed is mended in one line.
#
# *Exchange.* A pickle needs Python, and our package in it. Names and arrays are read by PyTorch, by JAX, by a program in another language; at worst a weight has to be turned. One can also look inside, count the numbers, take only the first layer, or compare two files name by name.
#
# *What is left to you.* The network has to be built first, by the same code and with the same sizes: those belong in a small text file beside the weights. What is no parameter or buffer is not in it: the state of the optimiser, the generator, the step at which you are, constants in plain attributes. And a file with the right names and shapes may still hold
# the wrong numbers.
#
# **Rubric,** one point each: safety, with the reason that loading itself runs code; time or exchange, with a concrete story; what the state dictionary leaves out or presupposes.
