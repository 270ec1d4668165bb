# %% [markdown]
# # Autograd on numbers
#
# You have built a machine that differentiates whatever you compute with it. Now take it apart: give it an operation, find its order in another way, run it along a tape,
# mend two copies of it that are nearly right, and build the one that goes forwards. Each exercise stands alone.

# %%
import math
from itertools import permutations

import numpy as np

from mininet_course import check, hint, progress, solution


# the machine of the chapter, with the operations that are used here
class Number:
    """A number that remembers how it was made."""

    def __init__(self, value, parents=(), slopes=(), operation=None, name=""):
        self.value, self.parents, self.slopes = value, parents, slopes
        self.operation, self.name, self.grad = operation, name, 0.0

    def __add__(self, other):
        other = as_number(other)
        return Number(self.value + other.value, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = as_number(other)
        return Number(self.value - other.value, (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = as_number(other)
        return Number(self.value * other.value, (self, other), (other.value, self.value))

    def __truediv__(self, other):
        other = as_number(other)
        ratio = self.value / other.value
        return Number(ratio, (self, other), (1 / other.value, -ratio / other.value))

    def __neg__(self):
        return Number(-self.value, (self,), (-1.0,))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return Number(max(self.value, 0.0), (self,), (1.0 if self.value > 0 else 0.0,))

    def backward(self):
        """Add to the grad of every leaf how this number moves with it."""
        order = in_order(self)
        for node in order:
            if node.parents:  # leaves keep what they have: several losses may pay into them
                node.grad = 0.0
        self.grad = 1.0
        for node in order:
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += slope * node.grad


def as_number(x):
    return x if isinstance(x, Number) else Number(float(x))


def in_order(output):
    """Return output and all it was made from, each number after every number made from it."""
    waiting, found = {output: 0}, [output]
    for node in found:  # the list grows while we go along it
        for parent in node.parents:
            if parent not in waiting:
                waiting[parent] = 0
                found.append(parent)
            waiting[parent] += 1
    ready, order = [output], []
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            waiting[parent] -= 1
            if waiting[parent] == 0:
                ready.append(parent)
    return order


def sigmoid(z):
    if z >= 0:
        return 1 / (1 + math.exp(-z))
    return math.exp(z) / (1 + math.exp(z))  # for a very negative score exp(-z) would be too large


# the graph that the chapter does on paper: who was made from whom
paper = {"w": (), "x": (), "b": (), "p": ("w", "x"), "s": ("p", "b"), "q": ("p", "s"), "L": ("q", "x")}

# %% [markdown] role="task" q="autograd.1"
# **Goal.** Follow a number that is used twice, once for and once against.
#
# **Given.** $u = 6$ and $v = 2$. The machine computes $r = u / v$ and then $L = r \cdot v$.
#
# **Do.** Draw the graph, write the slopes on its arrows, and predict what `backward` finds: `by_u` for $\partial L/\partial u$, `by_v` for $\partial L/\partial v$.
#
# **You should see,** in the cell after the check, what the machine says, road by road.

# %% role="answer" q="autograd.1"
# two numbers
# BEGIN SOLUTION
by_u = 1
by_v = 0
# END SOLUTION

# %% role="check" q="autograd.1"
check("autograd.1", by_u, by_v)

# %% role="run"
u, v = Number(6.0), Number(2.0)
r = u / v
L = r * v
L.backward()
print(f"r = {r.value:g}, L = {L.value:g}, dL/du = {u.grad:g}, dL/dv = {v.grad:g}")
print(f"to v, the near road: {L.slopes[1]:g}; the far road: {r.slopes[1]:g} times {L.slopes[0]:g}")

# %% [markdown] role="why" q="autograd.1"
# $L$ is $u$, whatever $v$ is: by $u$ the slope is 1, by $v$ it is 0. The machine does not know that. It finds $1/v \cdot v = 1$ along the one road to $u$. To $v$ there are two: near, $r = 3$;
# far, $-u/v^2 \cdot v = -1.5 \cdot 2 = -3$. They cancel because they are numbers that happen to, and not because anybody simplified a formula.

# %% [markdown] role="task" q="autograd.2"
# **Goal.** Give the machine an operation that it does not have.
#
# **Given.** $\log(1 + e^a)$, called *softplus*: for a large $a$ hardly different from $a$, for a very negative one from 0, and between them bent like a relu without its kink.
#
# **Do.** Write `softplus`: from a `Number` make a new one, `Number(value, (a,), (slope,))`, whose value and slope hold for *every* `a`, also for 800 and for −900, where $e^{800}$ is more than a float can hold.
#
# **You should see** a slope that you have met under another name.


# %% role="answer" q="autograd.2"
def softplus(a):
    """Return the Number log(1 + exp(a)); a is a Number."""
    # BEGIN SOLUTION
    z = a.value
    value = max(z, 0.0) + math.log1p(math.exp(-abs(z)))  # log1p(h) is log(1 + h), exact also for a tiny h
    return Number(value, (a,), (sigmoid(z),))
    # END SOLUTION


# %% role="check" q="autograd.2"
check("autograd.2", softplus)

# %% role="show"
for z in (-900.0, -1.0, 0.0, 1.0, 800.0):
    a = Number(z)
    result = softplus(a) * 3
    result.backward()
    print(f"softplus({z:g}) = {result.value / 3:.4f}, slope of three times that: {a.grad:.4f}")

# %% [markdown] role="why" q="autograd.2"
# The logarithm's slope is $1/(1 + e^a)$, that of what stands inside is $e^a$, and their product is the sigmoid. For a large $a$, $\log(1 + e^a) = \log\left(e^a (e^{-a} + 1)\right) = a + \log(1 + e^{-a})$,
# in which nothing can overflow; `max` and `abs` choose the right form on both sides. The machine does not care how many steps you took. It asks for a value and a slope.

# %% [markdown] role="task" q="autograd.3"
# **Goal.** Know what the rule of the order fixes and what it leaves open.
#
# **Given.** The graph that the chapter does on paper: $p = w \cdot x$, $s = p + b$, $q = p \cdot s$, $L = q + x$. The rule: visit a number only after every number made from it.
#
# **Do.** Predict: in how many different orders can its seven numbers be visited?
#
# **You should see,** in the cell after the check, all of them: found by trying every order of seven things.

# %% role="answer" q="autograd.3"
# a whole number
# BEGIN SOLUTION
prediction = 8
# END SOLUTION

# %% role="check" q="autograd.3"
check("autograd.3", prediction)

# %% role="run"
arrows = [(made, parent) for made, parents in paper.items() for parent in parents]
tried, kept = 0, []
for names in permutations(paper):
    tried += 1
    if all(names.index(made) < names.index(parent) for made, parent in arrows):
        kept.append(" ".join(names))
print(f"{tried} tried, {len(kept)} keep the rule:", *kept, sep="\n  ")

# %% [markdown] role="why" q="autograd.3"
# L, q and s must come in this order: each of them was made from the next. Then p is free, and b. After p come w and x, in either order: $2$ ways. And b may stand before, between or after these three,
# at $4$ places. $2 \cdot 4 = 8$.

# %% [markdown] role="task" q="autograd.4"
# **Goal.** Find the order for the other direction: the one in which to *compute*.
#
# **Given.** A dictionary `made_from`: for each name, a tuple of the names it was made from; for a leaf, an empty tuple. The names stand in it in no particular order, and some have nothing to do with the output. And the name of an `output`.
#
# **Do.** Write `recipe`: return a list of the output and all it was made from, each name once, and each *after* its parents. Any such order is right. The graph may be
# deeper than Python lets a function call itself.
#
# **You should see** that the same counting does it.


# %% role="answer" q="autograd.4"
def recipe(made_from, output):
    """Return the names to compute, from the leaves to the output; made_from is a dictionary of tuples."""
    # BEGIN SOLUTION
    names, seen, stack = [], set(), [(output, False)]
    while stack:
        name, parents_done = stack.pop()
        if parents_done:
            names.append(name)
        elif name not in seen:
            seen.add(name)
            stack.append((name, True))  # come back to it when all above it on the stack are done
            stack += [(parent, False) for parent in made_from[name]]
    return names
    # END SOLUTION


# %% role="check" q="autograd.4"
check("autograd.4", recipe)

# %% role="show"
order = recipe(paper, "L")
print("compute:", *order)
print("go back:", *order[::-1])

# %% [markdown] role="why" q="autograd.4"
# A name goes on the stack twice: once to be asked, and once more below its parents, to be written down when they are done. This is recursion with the stack in our own hands, so no depth of graph can exhaust it; and `seen` keeps each name
# from being asked twice, however many roads lead to it. Counting, as `in_order` does, is just as good. Turned round, the list is an order for going back: the rule is the same, seen from the other end.

# %% [markdown] role="task" q="autograd.5"
# **Goal.** Go back without looking for an order at all.
#
# **Given.** A `tape`: a dictionary with one entry for each operation, in the order in which they were done. The name of what was made leads to its parents, each with the slope on its arrow:
# `{"b": (("a", 1.0), ("a", 1.0)), "c": …}` says that `b` was made from `a` and `a`. Leaves have no entry. The last one made is the output.
#
# **Do.** Write `gradients`: return a dictionary with the gradient of the output by *every* name on the tape, also by leaves and by the output itself. Where nothing leads to the output it is 0.
#
# **You should see** the gradients of the paper in the last of the visible cases: w 24, x 17, b 6.


# %% role="answer" q="autograd.5"
def gradients(tape):
    """Return {name: gradient}; tape is {made: ((parent, slope), …)} in the order of making, the output last."""
    # BEGIN SOLUTION
    output = list(tape)[-1]
    grads = {output: 1.0}
    for made in reversed(tape):
        grad = grads.setdefault(made, 0.0)  # nothing leads from here to the output: 0
        for parent, slope in tape[made]:
            grads[parent] = grads.get(parent, 0.0) + slope * grad
    return grads
    # END SOLUTION


# %% role="check" q="autograd.5"
check("autograd.5", gradients)

# %% role="show"
tape = {
    "p": (("w", 3.0), ("x", 2.0)),
    "s": (("p", 1.0), ("b", 1.0)),
    "q": (("p", 2.0), ("s", 6.0)),
    "L": (("q", 1.0), ("x", 1.0)),
}
for name, grad in gradients(tape).items():
    print(f"dL/d{name} = {grad:g}")

# %% [markdown] role="why" q="autograd.5"
# A number is always made after its parents. So from the end of the tape to its beginning, each number comes after all that was made from it, and has been paid in full when it is its turn. No counting, no stack: the time at which
# things were done *is* an order. The price is that the tape must be kept somewhere, and that it also holds what has nothing to do with the output.

# %% [markdown] role="task" q="autograd.6"
# **Goal.** Find a bug that most graphs do not show.
#
# **Given.** A friend's way to find an order, by recursion: first the node, then whatever its parents find. `seen` takes care that each number comes once. On chains it is right, and on every graph in which each number is used once. On the graph of
# the paper it is not; run the cell after the check.
#
# **Do.** Find the one line that is to blame, and mend it.
#
# **You should see** x with 17 and w with 24.


# %% role="answer" q="autograd.6"
def order(node, seen=None):
    """Return a list: node and all it was made from, each once, and each after everything made from it."""
    seen = set() if seen is None else seen
    if node in seen:
        return []
    seen.add(node)
    behind = []
    for parent in node.parents:
        # BEGIN SOLUTION
        behind = order(parent, seen) + behind  # found later: may still have to pay what was found before
        # INSTEAD
        # behind = behind + order(parent, seen)
        # END SOLUTION
    return [node, *behind]


# %% role="check" q="autograd.6"
check("autograd.6", order)

# %% role="run"
w, x, b = Number(2.0, name="w"), Number(3.0, name="x"), Number(-4.0, name="b")
p = w * x
s = p + b
q = p * s
L = q + x
p.name, s.name, q.name, L.name = "psqL"

visits = order(L)
L.grad = 1.0
for node in visits:
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad += slope * node.grad
print("visits:", *(node.name for node in visits))
print(*(f"dL/d{leaf.name} = {leaf.grad:g}" for leaf in (w, x, b)), "   expected: 24, 17, 6")

# %% [markdown] role="why" q="autograd.6"
# When the second parent is asked, whatever the first one found is in `seen`. So what the second one still finds was not needed by the first; but it may itself be made from what the first one found, and then it has to pay first. Later found, earlier visited: the new list
# goes in front. On the paper, q asks p before s. The friend's list visits p at once, when s has not paid it yet.

# %% [markdown] role="task" q="autograd.7"
# **Goal.** Find out how long a walk would take without walking.
#
# **Given.** The chapter's `every_road` visits a number once for each road that leads to it, and that includes the output itself. `made_from` is a dictionary as above, now in the order in which the numbers were made: parents before those made from them, the output last, and everything leads to it.
#
# **Do.** Write `visits`: how many visits would `every_road` make? You have a second, and the walk through 60 doublings takes 73,062 years: count without walking.
#
# **You should see** that the answer is itself a walk through the graph, each number once.


# %% role="answer" q="autograd.7"
def visits(made_from):
    """Return the number of visits of every_road; made_from is a dictionary of tuples, the output last."""
    # BEGIN SOLUTION
    roads = dict.fromkeys(made_from, 0)
    roads[list(made_from)[-1]] = 1
    for name in reversed(made_from):
        for parent in made_from[name]:
            roads[parent] += roads[name]
    return sum(roads.values())
    # END SOLUTION


# %% role="check" q="autograd.7"
check("autograd.7", visits)

# %% role="show"
doublings = {f"n{i}": (f"n{i - 1}",) * 2 if i else () for i in range(61)}
count = visits(doublings)
print(f"60 doublings: {count:,} visits; a million a second: {count / 1e6 / 3.156e7:,.0f} years")
layers = {
    f"{i} {j}": tuple(f"{i - 1} {k}" for k in range(10)) if i else () for i in range(6) for j in range(10)
}
layers["output"] = tuple(f"5 {k}" for k in range(10))
print(f"five layers of 10 units on 10 inputs, {len(layers)} numbers: {visits(layers):,} visits")

# %% [markdown] role="why" q="autograd.7"
# A number is visited once for each visit to a number made from it, counted once for each arrow. So the counts are found like gradients, with every slope equal to 1, in the same order and for the same reason: a count may be passed on only when it is complete.
# What takes too long is to walk the roads; to count them takes one visit each.

# %% [markdown] role="task" q="autograd.8"
# **Goal.** Find a mistake that one sample does not show.
#
# **Given.** A friend's step of gradient descent on the mean loss of several samples. `parameters` is a list of leaves, `loss(parameters, sample)` returns the loss of one sample as a `Number`, and `clear` sets the gradients to zero; who clears, knows the chapter, is safe.
# With one sample the step is right. With two, see the cell after the check.
#
# **Do.** Find the one cause, and mend it.
#
# **You should see** the weight move by −0.10.


# %% role="answer" q="autograd.8"
def clear(parameters):
    for p in parameters:
        p.grad = 0.0


def step(parameters, samples, loss, lr):
    """Move each parameter against the gradient of the mean loss of all samples."""
    # BEGIN SOLUTION
    clear(parameters)  # once
    for sample in samples:  # from here on they add up
        loss(parameters, sample).backward()  # in the leaves
    # INSTEAD
    # for sample in samples:
    #     clear(parameters)
    #     loss(parameters, sample).backward()
    # END SOLUTION
    for p in parameters:
        p.value -= lr * p.grad / len(samples)


# %% role="check" q="autograd.8"
check("autograd.8", step)


# %% role="run"
def squared_error(parameters, sample):
    difference = parameters[0] * sample[0] - sample[1]
    return difference * difference


w = Number(1.0)
for sample in ((2, 1), (1, 2)):
    w.grad = 0.0
    squared_error([w], sample).backward()
    print(f"sample {sample}: gradient {w.grad:g}")
step([w], [(2, 1), (1, 2)], squared_error, lr=0.1)
print(f"the weight moved by {w.value - 1:.2f}")

# %% [markdown] role="why" q="autograd.8"
# `backward` adds to the leaves, so the samples' gradients add up by themselves, which is just what a mean needs. The friend clears before each sample, and when the loop is over only the last one is left, divided by N. Clear once: before the first.

# %% [markdown] role="task" q="autograd.9"
# **Goal.** Know what the machine sees, and what it does not.
#
# **Given.** `y = x.relu() - (-x).relu()`. For a positive `x` the second part is 0, for a negative one the first: `y` is `x` itself, whatever `x` is. Now let `x` be exactly 0, and call `y.backward()`.
#
# **Do.** Choose before you run: what is `x.grad`?
#
# - A. 1
# - B. 0
# - C. a half
# - D. an error: there is no slope at a kink
#
# **You should see,** in the cell after the check, the machine at three places, and a nudge beside it.

# %% role="answer" q="autograd.9"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="autograd.9"
check("autograd.9", prediction)


# %% role="run"
def itself(x):
    return x.relu() - (-x).relu()


for place in (-2.0, 0.0, 2.0):
    x = Number(place)
    y = itself(x)
    y.backward()
    nudged = (itself(Number(place + 1e-6)).value - itself(Number(place - 1e-6)).value) / 2e-6
    print(f"x = {place:g}: y = {y.value:g}, by the machine {x.grad:g}, by nudging {nudged:.4f}")

# %% [markdown] role="task" q="autograd.10"
# **Goal.** Build the machine that goes forwards.
#
# **Given.** Forward mode, in one class. A `Dual` has a `value`, and `hairs`: by how many hairs it moves when one chosen number moves by one. The chosen number has 1 hair; an ordinary number such as 3 does not move, and has 0. `as_dual` turns ordinary numbers into such.
#
# **Do.** Fill in sum, product and exponential. Each returns a new `Dual`.
#
# **You should see** that no graph is needed, nor any order.


# %% role="answer" q="autograd.10"
class Dual:
    """A value, and by how many hairs it moves."""

    def __init__(self, value, hairs):
        self.value, self.hairs = value, hairs

    def __add__(self, other):
        # BEGIN SOLUTION
        other = as_dual(other)
        return Dual(self.value + other.value, self.hairs + other.hairs)
        # END SOLUTION

    def __mul__(self, other):
        # BEGIN SOLUTION
        other = as_dual(other)
        return Dual(self.value * other.value, self.hairs * other.value + self.value * other.hairs)
        # END SOLUTION

    def exp(self):
        # BEGIN SOLUTION
        steep = math.exp(self.value)  # the exponential is its own slope
        return Dual(steep, steep * self.hairs)
        # END SOLUTION

    __radd__, __rmul__ = __add__, __mul__


def as_dual(x):
    return x if isinstance(x, Dual) else Dual(x, 0.0)


# %% role="check" q="autograd.10"
check("autograd.10", Dual)

# %% role="show"
for chosen in "wxb":
    w, x, b = (Dual(v, float(name == chosen)) for name, v in (("w", 2.0), ("x", 3.0), ("b", -4.0)))
    p = w * x
    L = p * (p + b) + x
    print(f"forwards: L = {L.value:g}, dL/d{chosen} = {L.hairs:g}")

# and both machines, one inside the other: the slope of x · x · x, and the slope of that slope
x = Dual(Number(2.0), Number(1.0))
cube = x * x * x
cube.hairs.backward()
print(f"2³ = {cube.value.value:g}, slope {cube.hairs.value:g}, slope of the slope {x.value.grad:g}")

# %% [markdown] role="why" q="autograd.10"
# For each operation: its value, and the sum over its inputs of slope times hairs. That is the chapter's `forward_mode`, done while the numbers are computed, so nothing has to be kept. One run gives the slopes by one chosen number; for w, x and b it takes three.
# The last line puts one machine into the other: a `Dual` whose two parts are `Number`s. Its hairs are a number with a graph, so one can go back through *them*. That is a second derivative, which `Number` alone cannot give: its gradients are plain numbers, and nobody recorded how they were made.

# %% [markdown] role="task" q="autograd.11"
# **Goal.** Find out which simple order would do, and prove it.
#
# **Given.** Two people want to spare themselves the counting. The first says: “Visit the nearest first. The *distance* of a number is the number of arrows on the *shortest* road from the output to it; go by distance.” The second says: “Take the *longest* road instead.”
#
# **Do.** One of them is wrong: show it with the graph of the paper. The other is right: prove it.
#
# **You should see** that a single sentence about one arrow is enough for the proof.

# %% [markdown] role="written" q="autograd.11"
# *The shortest road is wrong.* On the paper, $L = q + x$ and $p = w \cdot x$. The shortest road to $x$ has one arrow, straight from $L$; the shortest to $p$ has two, over $q$. So $x$ would be visited before $p$. But $x$ has to wait for $p$, which was made from it.
#
# *The longest road is right.* Say that $u$ was made from $v$. Take the longest road from the output to $u$, and go one arrow further, to $v$. That is a road to $v$, longer by one. So the longest road to $v$ is longer than the longest road to $u$, and $u$ comes first. This holds for every
# arrow, and that is the rule. (A longest road exists, since no road can meet a number twice: everything is made after its parents.)
#
# Is the counting spared? No: to find the longest roads one has to visit the numbers in an order in which each is complete, and that is what was looked for.
#
# **Rubric,** one point each: a number that the shortest road visits too early, and the arrow that shows it; the longest road to $u$ goes on to $v$; hence the longest to $v$ is strictly longer; this for every arrow, and therefore the rule.
