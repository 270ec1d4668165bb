# %% [markdown]
# # Defending it
#
# Here you build locks, hire a burglar, and learn to tell a lock from a keyhole filled with glue. You build the two layers with modes, mend a loss, train against an attack, and read reports the way a locksmith reads
# advertisements. Each exercise stands alone, and none needs more than the small digits.

# %%
import numpy as np

from mininet.activations import sigmoid
from mininet.attacks import adversarial_training, classify, fgsm, gradient_by_input, pgd
from mininet.data import digits, split, to_unit
from mininet.init import kaiming
from mininet.layers import BatchNorm1d, Linear, ReLU, Sequential, Tanh, mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet.training import fit, train_step
from mininet_course import check, hint, progress, solution

small = digits()
X, y = to_unit(small.x_train.reshape(-1, 64)), small.y_train  # (1500, 64), (1500,)
practice, (x_mock, y_mock) = split(X, y, n_validation=300, rng=np.random.default_rng(0))
options = {"loss": cross_entropy, "batch_size": 32, "progress": False}


def share(net, x, y=y_mock):
    """Return the share of the images x that are read as y, in the mode the network is in."""
    return np.mean(net.forward(x.astype(np.float32)).argmax(axis=1) == y)


# %% [markdown] role="task" q="robust.1"
# **Goal.** Know how long a running average takes.
#
# **Given.** A running mean that starts at 0, with a momentum of 0.1: each batch moves it a tenth of the way to the batch's own mean. In this column every batch has the mean 5.
#
# **Do.** Predict after how many batches the running mean has, for the first time, made nine tenths of the way, so that it is more than 4.5.
#
# **You should see** it creep, in the cell after the check.

# %% role="answer" q="robust.1"
# a whole number
# BEGIN SOLUTION
prediction = 22
# END SOLUTION

# %% role="check" q="robust.1"
check("robust.1", prediction)

# %% role="run"
running = 0.0
print("nine tenths of the way:", 0.9 * 5)
for batch in range(1, 25):
    running = 0.9 * running + 0.1 * 5
    if batch in (1, 2, 10, 21, 22):
        print(f"after {batch:2d} batches: {running:.2f}")

# %% [markdown] role="why" q="robust.1"
# Each batch leaves nine tenths of the distance that was left: $5 \cdot 0.9^n$ after $n$ of them. $0.9^{21}$ is still a little more than a tenth, $0.9^{22}$ is less.

# %% [markdown] role="task" q="robust.2"
# **Goal.** Write batch norm's forward pass with both of its modes.
#
# **Given.** A batch `x` (N, F), the running averages `mean` and `var`, both (F,), the `momentum`, and `training`, True or False. ($\gamma$ is 1 and $\beta$ is 0, so leave them out.)
#
# **Do.** Write `batch_norm`: return the output, the new running mean and the new running variance. In training, normalise with the batch's mean and variance (over N), and move the running averages by the share `momentum` towards the batch's; the
# running variance takes the batch's variance over N − 1. In use, normalise with the running averages, and return them as they are. Under the root, 1e-5 is added to the variance each time. Leave the given arrays as they are.
#
# **You should see** the same numbers as from the package's `BatchNorm1d`.


# %% role="answer" q="robust.2"
def batch_norm(x, mean, var, momentum, training):
    """Return (output (N, F), running mean (F,), running variance (F,))."""
    # BEGIN SOLUTION
    if not training:
        return (x - mean) / np.sqrt(var + 1e-5), mean, var
    out = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)
    mean = (1 - momentum) * mean + momentum * x.mean(axis=0)
    var = (1 - momentum) * var + momentum * x.var(axis=0, ddof=1)  # over N - 1
    return out, mean, var
    # END SOLUTION


# %% role="check" q="robust.2"
check("robust.2", batch_norm)

# %% role="show"
layer, batch = BatchNorm1d(64), practice[0][:32]
out, mean, var = batch_norm(batch, np.zeros(64), np.ones(64), 0.1, True)
print("output as the package's:", np.allclose(layer.forward(batch), out, atol=1e-4))
print(
    "running averages as the package's:",
    np.allclose(layer.running_mean, mean) and np.allclose(layer.running_var, var),
)

# %% [markdown] role="why" q="robust.2"
# In training the batch judges itself, and on the side the averages are kept for later. The variance of a sample is, on average, a little smaller than that of all data, by the factor $(N-1)/N$; dividing by $N - 1$ makes up for it.

# %% [markdown] role="task" q="robust.3"
# **Goal.** See what it means that batch norm looks at the company.
#
# **Given.** A network with a batch norm layer reads the small digits; in eval mode it gets about 95 of 100 right. Now somebody forgets to switch the mode. And the images of the mock exam come sorted: a batch of nothing but zeros, a batch of nothing but
# ones, and so on, ten batches.
#
# **Do.** Choose before you run: what share of them is read correctly?
#
# - A. About as many as before: they are the same images.
# - B. About half of them.
# - C. No more than by guessing, about one in ten.
#
# **You should see** the share in the cell after the check, with that of a mixed batch beside it.

# %% role="answer" q="robust.3"
# a letter in quotes
# BEGIN SOLUTION
prediction = "C"
# END SOLUTION

# %% role="check" q="robust.3"
check("robust.3", prediction)

# %% role="run"
rng = np.random.default_rng(0)
net = Sequential(Linear(64, 30, rng, kaiming), BatchNorm1d(30), ReLU(), Linear(30, 10, rng, kaiming))
fit(net, practice, optimizer=SGD(net.parameters(), 0.1), epochs=10, rng=rng, **options)
net.eval()
print("eval mode, at least 0.92:", share(net, x_mock) > 0.92)
net.train()
print("train mode, one mixed batch, at least 0.92:", share(net, x_mock) > 0.92)
alone = [share(net, x_mock[y_mock == digit], digit) for digit in range(10)]
print("train mode, one digit at a time, less than 0.2:", np.mean(alone) < 0.2)

# %% [markdown] role="why" q="robust.3"
# Each unit's mean over the batch is subtracted. In a batch of threes, what makes them threes is the same in all of them, so it *is* the mean, and it is gone. What is left is how one 3 differs from another. Data that come sorted, one customer at a time, one camera at a time, do this to a network without anybody
# meaning harm.

# %% [markdown] role="task" q="robust.4"
# **Goal.** Write dropout, and what its gradient needs.
#
# **Given.** `x` (N, F), the share `p` that is dropped, a generator `rng`, and `training`.
#
# **Do.** Write `dropout`: return the output, and the factors (N, F) by which `x` was multiplied. In training each entry is dropped, for itself, with probability `p`, and what is kept is divided by $1 - p$. In use nothing happens: `x` comes back, and all factors are 1.
#
# **You should see** that the mean of the output is about the mean of `x`, in both modes.


# %% role="answer" q="robust.4"
def dropout(x, p, rng, training):
    """Return (output, factors), each (N, F)."""
    # BEGIN SOLUTION
    if not training:
        return x, np.ones_like(x)
    kept = rng.random(x.shape) >= p
    factors = kept / (1 - p)
    return x * factors, factors
    # END SOLUTION


# %% role="check" q="robust.4"
check("robust.4", dropout)

# %% role="show"
ones = np.ones((200, 50))
for training in (True, False):
    print(
        f"training {training}: mean {dropout(ones, 0.25, np.random.default_rng(0), training)[0].mean():.2f}"
    )

# %% [markdown] role="why" q="robust.4"
# A share of $1 - p$ is kept, each as $1 / (1 - p)$ of itself: the expected value is what it was. Since the output is `x` times the factors, so is the gradient: what was dropped gets none.

# %% [markdown] role="task" q="robust.5"
# **Goal.** Mend a loss that becomes infinite.
#
# **Given.** The cross-entropy as books write it. The shift is there, and on ordinary batches it is right to the last digit. But now and then, under attack, it says `inf`.
#
# **Do.** Find the cause, and mend it, so that the loss is right for *any* finite scores in float32, and no number has to be made up for the purpose.
#
# **You should see,** in the cell after the check, losses that grow with the lead of the wrong score, without an end.


# %% role="answer" q="robust.5"
def mean_loss(logits, y):
    """Return the mean cross-entropy of scores (N, C) and labels (N,)."""
    z = logits - logits.max(axis=1, keepdims=True)  # (N, C), the largest is 0
    right = np.arange(len(y)), y
    # BEGIN SOLUTION
    return (np.log(np.exp(z).sum(axis=1)) - z[right]).mean()
    # INSTEAD
    # p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    # return -np.log(p[right]).mean()
    # END SOLUTION


# %% role="check" q="robust.5"
check("robust.5", mean_loss)

# %% role="run"
with np.errstate(divide="ignore"):
    for lead in (10, 100, 1000):
        scores = np.array([[0, lead]], dtype=np.float32)
        print(f"wrong by a lead of {lead}: loss {mean_loss(scores, np.array([0])):.0f}")

# %% [markdown] role="why" q="robust.5"
# $-\log \frac{e^{z_r}}{S} = \log S - z_r$. The quotient is what gets rounded to 0; the difference never needs it. Since the largest $z$ is 0, $S$ lies between 1 and the number of classes, and its logarithm is harmless.

# %% [markdown] role="task" q="robust.6"
# **Goal.** Solve the burglar's half of adversarial training on paper, for a linear model.
#
# **Given.** One neuron, score $z = w \cdot x + b$; images `x` (N, D); labels `y` (N,), 0 or 1; `epsilon`. With the sign $s = 2y - 1$ the *margin* is $s z$, positive where the answer is right, and the loss of an image is $\log(1 + e^{-\text{margin}})$. The burglar may move every pixel by
# at most $\varepsilon$ (the edges of the paper are left out of account), and takes the worst change for each image.
#
# **Do.** Write `worst_loss`: return the mean loss under the worst change, and its gradients by `w` (D,) and by `b`. No attack is run: put what the burglar takes from the margin into the formula, and differentiate that.
#
# **You should see** that a model trained with these gradients keeps more under FGSM than one trained with `epsilon` 0.


# %% role="answer" q="robust.6"
def worst_loss(w, b, x, y, epsilon):
    """Return (mean loss, gradient by w (D,), gradient by b) under the worst change of each image."""
    # BEGIN SOLUTION
    s = 2 * y - 1  # (N,): -1 or 1
    margin = s * (x @ w + b) - epsilon * np.abs(w).sum()  # (N,)
    pull = -sigmoid(-margin)  # (N,), the slope of the loss by the margin
    by_margin = s[:, None] * x - epsilon * np.sign(w)  # (N, D), the slope of the margin by w
    return np.log1p(np.exp(-margin)).mean(), (pull[:, None] * by_margin).mean(axis=0), (pull * s).mean()
    # END SOLUTION


# %% role="check" q="robust.6"
check("robust.6", worst_loss)

# %% role="show"
two = np.isin(y, (3, 8))
x_two, y_two = X[two], (y[two] == 8).astype(int)  # threes and eights
kept = []
for epsilon in (0.0, 0.1):
    w, b = np.zeros(64), 0.0
    for _ in range(500):
        _, by_w, by_b = worst_loss(w, b, x_two, y_two, epsilon)
        w, b = w - 0.5 * by_w, b - 0.5 * by_b
    margin = (2 * y_two - 1) * (x_two @ w + b)
    kept.append(np.mean(margin > 0.2 * np.abs(w).sum()))
print("threes and eights kept at 0.2, trained with 0, less than 0.35:", kept[0] < 0.35)
print("trained with 0.1, more than a half:", kept[1] > 0.5)

# %% [markdown] role="why" q="robust.6"
# The worst change takes $\varepsilon |w_j|$ from the margin in every pixel, whichever class the image has, so it is $\varepsilon \lVert w \rVert_1$ for all images. The slope of that by $w_j$ is $\varepsilon\,\mathrm{sign}(w_j)$: every weight is drawn towards 0 with the same force, as long as the loss still cares.

# %% [markdown] role="task" q="robust.7"
# **Goal.** Write a function that `fit` takes as `transform`.
#
# **Given.** `attack`, a function of images and labels that returns forged images.
#
# **Do.** `half_and_half` gets `attack`, and returns a *function*, `change(x, y)`, for `fit`. Write the inside of that one: it returns the batch in its order, in which the first `N // 2` images are as they came and all others are attacked, with their own labels. Keep the dtype of `x`, and write nothing into it.
#
# **You should see** a network that keeps far more under attack than one trained on honest images alone.


# %% role="answer" q="robust.7"
def half_and_half(attack):
    """Return the function (x, y) -> x that attacks the second half of each batch."""

    def change(x, y):
        # BEGIN SOLUTION
        first = len(x) // 2
        return np.concatenate([x[:first], attack(x[first:], y[first:])])
        # END SOLUTION

    return change


# %% role="check" q="robust.7"
check("robust.7", half_and_half)

# %% role="show"
for name in ("honest", "half and half"):
    rng = np.random.default_rng(0)
    net = mlp([64, 30, 10], rng, init=kaiming)
    gradient = gradient_by_input(net)
    change = half_and_half(lambda x, y: fgsm(gradient, x, y, 0.1))  # noqa: B023 (used before the next round)
    fit(
        net,
        practice,
        optimizer=SGD(net.parameters(), 0.3),
        epochs=20,
        rng=rng,
        transform=None if name == "honest" else change,
        **options,
    )
    forged = pgd(gradient, x_mock, y_mock, 0.1, rng=np.random.default_rng(0))
    print(f"{name}: keeps more than 0.6 under PGD at 0.1: {share(net, forged) > 0.6}")

# %% [markdown] role="why" q="robust.7"
# The inner function remembers `attack`, so that `fit` has to know nothing of attacks; it calls `change` on each batch, with the network as it is at that moment. Cutting images and labels at the same place keeps the pairs together.

# %% [markdown] role="task" q="robust.8"
# **Goal.** Find what an attack leaves behind.
#
# **Given.** One step of adversarial training, written out. It looks right line by line, and the loss falls. But it does not do what `fit` with `adversarial_training` does.
#
# **Do.** Find out what the step is made with, and mend it.
#
# **You should see,** in the cell after the check, that the weights agree with the package's.


# %% role="answer" q="robust.8"
def adversarial_step(net, optimizer, x, y, epsilon):
    """Make one step on the images x (N, D), attacked by FGSM; labels y (N,)."""
    optimizer.zero_grad()
    _, grad = cross_entropy(net.forward(x), y)
    uphill = net.backward(grad)  # (N, D), by the pixels
    forged = np.clip(x + epsilon * np.sign(uphill), 0, 1)
    # BEGIN SOLUTION
    optimizer.zero_grad()  # what the attack left in the parameters
    # INSTEAD
    # # now a step on the forgeries
    # END SOLUTION
    _, grad = cross_entropy(net.forward(forged), y)
    net.backward(grad)
    optimizer.step()


# %% role="check" q="robust.8"
check("robust.8", adversarial_step)

# %% role="run"
yours, theirs = (mlp([64, 8, 10], np.random.default_rng(0), activation=Tanh) for _ in range(2))
few = practice[0][:32], practice[1][:32]
burglar = adversarial_training(theirs, lambda gradient, x, y: fgsm(gradient, x, y, 0.1))
adversarial_step(yours, SGD(yours.parameters(), 0.5), *few, 0.1)
train_step(theirs, cross_entropy, SGD(theirs.parameters(), 0.5), burglar(*few), few[1])
pairs = zip(yours.parameters(), theirs.parameters(), strict=True)
print("the same weights as the package's:", all(np.allclose(a.data, b.data, atol=1e-6) for a, b in pairs))

# %% [markdown] role="why" q="robust.8"
# The attack needs the gradient by the pixels. But its backward pass also fills in those of the parameters, and the next one *adds* to them: the step is made with the sum, honest and forged, and is about twice as long. That trains, too, so nothing warns you.

# %% [markdown] role="task" q="robust.9"
# **Goal.** Count what withstands all attacks.
#
# **Given.** The answers of a network to N images: `clean` (N,), to the images as they are; `attacked` (K, N), a row for each of K attacks; and the labels `y` (N,).
#
# **Do.** Write `honest`: return three shares of all N images. First, those read correctly as they are. Second, those read correctly under the strongest single attack, the one that leaves the least. Third, those that are read correctly as they are *and* under every attack.
#
# **You should see** that the third is never larger than the second.


# %% role="answer" q="robust.9"
def honest(clean, attacked, y):
    """Return (share right when clean, under the strongest attack, under all)."""
    # BEGIN SOLUTION
    right = attacked == y  # (K, N)
    survives = (clean == y) & right.all(axis=0)  # (N,)
    return (clean == y).mean(), right.mean(axis=1).min(), survives.mean()
    # END SOLUTION


# %% role="check" q="robust.9"
check("robust.9", honest)

# %% role="show"
rng = np.random.default_rng(0)
net = mlp([64, 30, 10], rng, init=kaiming)
fit(net, practice, optimizer=SGD(net.parameters(), 0.3), epochs=20, rng=rng, **options)
gradient, predict = gradient_by_input(net), classify(net)
starts = [pgd(gradient, x_mock, y_mock, 0.1, rng=np.random.default_rng(seed), steps=5) for seed in range(5)]
answers = np.stack([predict(made) for made in [fgsm(gradient, x_mock, y_mock, 0.1), *starts]])
_, strongest, everything = honest(predict(x_mock), answers, y_mock)
print("all six together leave no more than the strongest alone:", everything <= strongest)

# %% [markdown] role="why" q="robust.9"
# `.all(axis=0)` goes through the attacks, image by image. An attacker may try all of them and needs only one to work, so this is the number that counts. It is an upper limit still: of the attacks that nobody has tried, it knows nothing.

# %% [markdown] role="task" q="robust.10"
# **Goal.** Tell a measured network from a masked one.
#
# **Given.** What five networks keep, as shares of the same 1,000 images. (The numbers are made up for this exercise.) All attacks have ε = 0.1, but for the last column. *Transfer* are images made on a plain network with another seed; *random* is an image that survives fifty random tries.
#
# | | clean | FGSM | PGD, 20 steps | PGD, 200 steps | transfer | random | PGD, ε = 0.5 |
# |---|---|---|---|---|---|---|---|
# | **A** | 0.98 | 0.22 | 0.13 | 0.12 | 0.71 | 0.93 | 0.00 |
# | **B** | 0.98 | 0.95 | 0.95 | 0.95 | 0.52 | 0.93 | 0.81 |
# | **C** | 0.98 | 0.91 | 0.90 | 0.89 | 0.96 | 0.97 | 0.00 |
# | **D** | 0.97 | 0.58 | 0.66 | 0.66 | 0.80 | 0.92 | 0.00 |
# | **E** | 0.98 | 0.40 | 0.31 | 0.31 | 0.69 | 0.93 | 0.12 |
#
# **Do.** For each network put 1 if the numbers of PGD can be believed, strong or weak, and 0 if something in its row says that the attack failed for reasons of its own. Then `claim`: the largest share that may be claimed for B at ε = 0.1, by this table.
#
# **You should see** that it takes the columns beside PGD to read PGD.

# %% role="answer" q="robust.10"
# 1: believable, 0: masked; and a share
# BEGIN SOLUTION
A = 1
B = 0
C = 1
D = 0
E = 0
claim = 0.52
# END SOLUTION

# %% role="check" q="robust.10"
check("robust.10", A, B, C, D, E, claim)

# %% role="show"
table = {  # clean, FGSM, PGD 20, PGD 200, transfer, random, PGD at 0.5; of 1,000
    "A": (0.98, 0.22, 0.13, 0.12, 0.71, 0.93, 0.00),
    "B": (0.98, 0.95, 0.95, 0.95, 0.52, 0.93, 0.81),
    "C": (0.98, 0.91, 0.90, 0.89, 0.96, 0.97, 0.00),
    "D": (0.97, 0.58, 0.66, 0.66, 0.80, 0.92, 0.00),
    "E": (0.98, 0.40, 0.31, 0.31, 0.69, 0.93, 0.12),
}
for name, (clean, one, twenty, many, transfer, random, huge) in table.items():
    signs = {
        "one step beats twenty": one < twenty,
        "transfer beats PGD": transfer < many,
        "chance beats PGD": random < many,
        "something left at 0.5": huge > 0,
    }
    print(name, f"clean {clean}:", [sign for sign, shown in signs.items() if shown] or "no sign")
print(f"{1000:,} images: a share of {0.9} has a standard error of {np.sqrt(0.9 * 0.1 / 1000):.3f}")

# %% [markdown] role="why" q="robust.10"
# A is weak and C is strong, and both were measured: small steps beat the large one, chance and transfer do less harm than PGD, and a huge ε leaves nothing. Each of the other rows has something that cannot be if the gradient was found. A failed measurement leaves an upper limit, the smallest number at this ε: 0.52 for B.

# %% [markdown] role="task" q="robust.11"
# **Goal.** Plan an honest test.
#
# **Given.** A friend has a new defence: a plain network, and before every reading fresh noise, $\sigma = 0.3$, is added to the image. “The attacker can never know which noise comes next. I ran PGD, with the noise switched on, and each time the gradient was another one. It keeps 61 of 100 images at ε = 0.1, the plain network 13.”
#
# **Do.** Write a plan of half a page for testing this reader. Say what the attacker knows and may do; which gradient the attack should follow, and why; what counts as a mistake of a reader whose answers change; and which other numbers must stand beside the result.
#
# **You should see** that nothing in the friend's sentences is false, and that the 61 is not yet the strength of the lock.

# %% [markdown] role="written" q="robust.11"
# *Threat model.* Every pixel may move by 0.1, in [0, 1]. The attacker knows the weights and that noise with $\sigma = 0.3$ will be added. She does not know the draw, and she does not need to: she wants an image that is misread on *most* draws.
#
# *The attack.* The gradient of a single draw is a noisy guess of which way is uphill on average; following a new one at each step, PGD partly undoes its own steps. Follow the mean of the gradients over many draws, at every step (say 10, 30, 100 draws, until more change nothing). That is the gradient of the average loss, and
# the average is what will be met.
#
# *What is a mistake.* Say it beforehand: for instance, read each attacked image 100 times and count the share of readings that are right, averaged over the images; or let a majority of readings decide. If the burglar may try again and again, one misreading is enough, and then the image counts as right only if it survives all tries. Freeze the images *before* the noise
# of the test is drawn.
#
# *Beside it.* The clean accuracy with the same noise (it may have fallen). The plain network under the same attack, and a network *trained* with that noise but read without it, to see which part helps. Attacks made on the plain network, and random search. Larger ε, up to 0.5, where nothing may be left; more steps, several starts, several seeds.
#
# **Rubric,** one point each: the attacker knows the noise's distribution, with ε and norm named; the mean gradient over many draws, and why a single one is weak; a definition of a mistake for changing answers (share, majority, or all tries); at least three of clean accuracy, control without the noise, transfer, random search, growing ε, more steps or draws.

# %% role="show" q="robust.11"
noisy_net = mlp([64, 30, 10], np.random.default_rng(0), init=kaiming)
fit(
    noisy_net,
    practice,
    optimizer=SGD(noisy_net.parameters(), 0.3),
    epochs=20,
    rng=np.random.default_rng(0),
    **options,
)
inner, sigma = gradient_by_input(noisy_net), 0.3


def mean_gradient(draws, rng):
    def gradient(x, y):
        noise = sigma * rng.standard_normal((draws, *x.shape)).astype(x.dtype)
        return np.mean([inner(x + one, y) for one in noise], axis=0, dtype=x.dtype)

    return gradient


kept = {}
for draws in (1, 20):
    rng = np.random.default_rng(0)
    made = pgd(mean_gradient(draws, rng), x_mock, y_mock, 0.1, rng=rng)
    readings = [share(noisy_net, made + sigma * rng.standard_normal(made.shape)) for _ in range(20)]
    kept[draws] = np.mean(readings)
print(
    "of the small digits, PGD leaves fewer with the mean of 20 gradients than with one:", kept[20] < kept[1]
)
print("σ and ε of the friend, and his counts of 100:", sigma, 0.1, 61, 13)
