# %% [markdown]
# # Fooling the network
#
# Here you are the forger, and a few times the one who checks her work: you take gradients by the picture, keep to the rules, aim, and measure, with a control beside every number.
# Each exercise stands alone. All of them use the small digits or made-up pictures, so nothing takes longer than a few seconds.

# %%
import numpy as np

from mininet.activations import sigmoid
from mininet.attacks import classify, fgsm, gradient_by_input, pgd, random_noise
from mininet.data import digits, split, to_unit
from mininet.init import kaiming
from mininet.layers import mlp
from mininet.losses import cross_entropy
from mininet.optim import SGD
from mininet.training import fit
from mininet_course import check, hint, progress, solution

# a reader of the small digits, as in the chapter
small = digits()
X, y = to_unit(small.x_train.reshape(-1, 64)), small.y_train  # (1500, 64), (1500,)
practice, (x_mock, y_mock) = split(X, y, n_validation=300, rng=np.random.default_rng(0))
rng = np.random.default_rng(0)
reader = mlp([64, 30, 10], rng, init=kaiming)
options = {"loss": cross_entropy, "epochs": 20, "batch_size": 32, "rng": rng, "progress": False}
fit(reader, practice, optimizer=SGD(reader.parameters(), 0.3), **options)
slopes, predict = gradient_by_input(reader), classify(reader)


def share(x):
    """Return the share of the mock exam's pictures, changed or not, that are read correctly."""
    return np.mean(predict(x.astype(np.float32)) == y_mock)


# %% [markdown] role="task" q="adversarial.1"
# **Goal.** Feel how little each of many pixels has to do.
#
# **Given.** A neuron that looks at 100 pixels. Half of its weights are 0.5, the others −0.5. A picture of an even grey, all pixels 0.5, gets the score 6 (there is a bias).
#
# **Do.** Predict the smallest $\varepsilon$ with which a forger brings the score down to 0, if each pixel may move by at most $\varepsilon$.
#
# **You should see,** in the cell after the check, what becomes of the score as $\varepsilon$ grows.

# %% role="answer" q="adversarial.1"
# a number
# BEGIN SOLUTION
prediction = 0.12
# END SOLUTION

# %% role="check" q="adversarial.1"
check("adversarial.1", prediction)

# %% role="run"
w, grey = np.repeat([0.5, -0.5], 50), np.full(100, 0.5)
for epsilon in (0.03, 0.06, 0.12, 0.24):
    print(f"epsilon {epsilon:.2f}: score {w @ (grey - epsilon * np.sign(w)) + 6:.1f}")

# %% [markdown] role="why" q="adversarial.1"
# $\lVert w \rVert_1 = 100 \cdot 0.5 = 50$, and $6 / 50 = 0.12$. Signs of the weights do not matter: the forger turns each push to suit its weight.

# %% [markdown] role="task" q="adversarial.2"
# **Goal.** Take the gradient by the picture out of a network that the chapter did not do.
#
# **Given.** Pictures `x` (N, D), labels `y` (N,), 0 or 1, and a network with one output: $A = \tanh(x W_1 + b_1)$, (N, H), then $p = \sigma(A w_2 + b_2)$, (N,). `W1` is (D, H), `b1` and `w2` are (H,), and
# `b2` is a number. The loss is the mean of $-\log$ of the probability given to the right label, so by the last score the gradient is $(p - y) / N$.
#
# **Do.** Write `by_picture`: the gradient of the loss by every pixel, (N, D).
#
# **You should see** that it agrees with nudging each pixel.


# %% role="answer" q="adversarial.2"
def by_picture(x, y, W1, b1, w2, b2):
    """Return the gradient of the mean loss by x, (N, D)."""
    # BEGIN SOLUTION
    A = np.tanh(x @ W1 + b1)  # (N, H)
    p = sigmoid(A @ w2 + b2)  # (N,)
    dA = ((p - y) / len(y))[:, None] * w2  # (N, 1) times (H,) -> (N, H)
    dZ1 = dA * (1 - A**2)  # the slope of tanh
    return dZ1 @ W1.T  # (N, H) @ (H, D) -> (N, D)
    # END SOLUTION


# %% role="check" q="adversarial.2"
check("adversarial.2", by_picture)

# %% role="show"
rng = np.random.default_rng(0)
x2, y2, W1, b1, w2 = rng.random((1, 3)), np.array([1]), rng.normal(size=(3, 2)), np.zeros(2), np.ones(2)
loss = [-np.log(sigmoid(np.tanh((x2 + h * np.eye(3)) @ W1 + b1) @ w2)) for h in (1e-5, -1e-5)]
print("by nudging: ", ((loss[0] - loss[1]) / 2e-5).round(4))
print("by_picture:", by_picture(x2, y2, W1, b1, w2, 0.0)[0].round(4))

# %% [markdown] role="why" q="adversarial.2"
# Back through each box: the column $(p - y)/N$ times $w_2$ for the output, $1 - A^2$ for tanh, and $W_1^\top$ for the first layer, where each pixel gathers what it did to all hidden units of its own picture.

# %% [markdown] role="task" q="adversarial.3"
# **Goal.** Turn the attack round.
#
# **Given.** The reader of the first cell and the 300 images of its mock exam, of which it reads about 290. A *friend* knows the labels and takes the same step as FGSM in the other direction: every pixel moves by
# 0.15 so that the loss of the true label *falls*.
#
# **Do.** Choose before you run: how many does the reader read then?
#
# - A. About 290, as before: a network cannot be better than it is.
# - B. All, or all but one or two.
# - C. Fewer than 290: a change is a change.
#
# **You should see** the shares in the cell after the check, the forger's and the coin's beside them.

# %% role="answer" q="adversarial.3"
# a letter in quotes
# BEGIN SOLUTION
prediction = "B"
# END SOLUTION

# %% role="check" q="adversarial.3"
check("adversarial.3", prediction)

# %% role="run"
step = 0.15 * np.sign(slopes(x_mock, y_mock))
print("as they are, at least 0.94:", share(x_mock) > 0.94)
print("with the friend's pencil, at least 0.99:", share(np.clip(x_mock - step, 0, 1)) > 0.99)
print("with the forger's, at most 0.35:", share(np.clip(x_mock + step, 0, 1)) < 0.35)
coin = random_noise(x_mock, 0.15, np.random.default_rng(0))
print("with a tossed coin, between 0.9 and 0.97:", 0.9 < share(coin) < 0.97)

# %% [markdown] role="why" q="adversarial.3"
# Near a picture the loss is nearly a plane, and a plane that rises to one side falls to the other. The dozen misread images lie close to a border, so they need even less of a push than the others.

# %% [markdown] role="task" q="adversarial.4"
# **Goal.** Write an attack under another rule.
#
# **Given.** A function `gradient(x, y)` that returns the slope of the loss by every pixel, in x's shape; pictures `x` from 0, paper, to 1, ink; labels `y`; and `epsilon`. The forger has lost her eraser: she can add ink, up to `epsilon` for each pixel,
# and take none away.
#
# **Do.** Write `ink_only`: return the pictures with the ink that raises the loss, each such pixel by the full `epsilon`, and never beyond 1. All other pixels stay as they are.
#
# **You should see** that she still does harm, and less than with both tools.


# %% role="answer" q="adversarial.4"
def ink_only(gradient, x, y, epsilon):
    """Return x (N, D) with ink added where it raises the loss, within [0, 1]."""
    # BEGIN SOLUTION
    g = gradient(x, y)  # (N, D)
    return np.clip(x + epsilon * (g > 0), 0, 1)
    # END SOLUTION


# %% role="check" q="adversarial.4"
check("adversarial.4", ink_only)

# %% role="show"
kept = share(ink_only(slopes, x_mock, y_mock, 0.15))
print("pencil alone leaves between 0.55 and 0.75:", 0.55 < kept < 0.75)
print("pencil and eraser leave less than 0.35:", share(fgsm(slopes, x_mock, y_mock, 0.15)) < 0.35)

# %% [markdown] role="why" q="adversarial.4"
# Each pixel may move between 0 and $\varepsilon$, and its term of the sum is slope times move. With a positive slope the highest is the full $\varepsilon$, with a negative one it is 0. So again every pixel goes to one end of what it may.

# %% [markdown] role="task" q="adversarial.5"
# **Goal.** Give an attack its control.
#
# **Given.** Pictures `x` (N, D) and forgeries of them, `forged` (N, D), made by some attack that you do not know; a generator `rng`.
#
# **Do.** Write `control`: every pixel moves from `x` by as much as it did in the forgery, up or down by the toss of a coin, one coin for each pixel of each picture. In the end the pictures are clipped to 0 and 1.
#
# **You should see** that the same amount of change, without the plan, does little harm.


# %% role="answer" q="adversarial.5"
def control(x, forged, rng):
    """Return x (N, D) changed by as much as in forged (N, D), with tossed signs, within [0, 1]."""
    # BEGIN SOLUTION
    size = np.abs(forged - x)  # (N, D)
    return np.clip(x + rng.choice([-1, 1], x.shape) * size, 0, 1)
    # END SOLUTION


# %% role="check" q="adversarial.5"
check("adversarial.5", control)

# %% role="show"
forged = fgsm(slopes, x_mock, y_mock, 0.15)
tossed = control(x_mock, forged, np.random.default_rng(0))
print("the plan leaves less than 0.35:", share(forged) < 0.35)
print("its amounts with tossed signs leave between 0.82 and 0.93:", 0.82 < share(tossed) < 0.93)
plain = share(random_noise(x_mock, 0.15, np.random.default_rng(0)))
print("random_noise leaves more:", plain > share(tossed))

# %% [markdown] role="why" q="adversarial.5"
# `np.abs` forgets the plan and keeps the amount; `rng.choice([-1, 1], x.shape)` puts a sign without a plan in its place. That way the control fits *any* attack, also one that moves some pixels more than others.
#
# It is a strict control: the amounts know a little of the plan. On blank paper a pixel that the forger wanted lighter could not move at all, so its amount is 0, and the coin cannot put ink there either. All the ink that the coin adds to blank paper goes where it harms.

# %% [markdown] role="task" q="adversarial.6"
# **Goal.** Bring a stride that went too far back to the nearest allowed point, under two rules.
#
# **Given.** `change` (N, D), one row for each picture, and `epsilon`. The *square*: no entry is larger than `epsilon` in amount ($L_\infty$). The *ball*: the row's length, the root of the sum of its squares, is at most
# `epsilon` ($L_2$). Some rows may be all 0.
#
# **Do.** Write `project`: return, for every row, the nearest point of the square, and the nearest point of the ball, two arrays (N, D). What is allowed already stays as it is.
#
# **You should see,** for (0.3, −0.4) and an `epsilon` of 0.25, the square's corner (0.25, −0.25), and (0.15, −0.2) on the ball.


# %% role="answer" q="adversarial.6"
def project(change, epsilon):
    """Return (nearest in the square, nearest in the ball), each (N, D)."""
    # BEGIN SOLUTION
    square = np.clip(change, -epsilon, epsilon)
    length = np.sqrt((change**2).sum(axis=1, keepdims=True))  # (N, 1)
    ball = change * np.minimum(1, epsilon / np.maximum(length, 1e-12))
    return square, ball
    # END SOLUTION


# %% role="check" q="adversarial.6"
check("adversarial.6", project)

# %% role="show"
for name, rows in zip(("square", "ball"), project(np.array([[0.3, -0.4]]), 0.25), strict=True):
    print(name, rows[0])

# %% [markdown] role="why" q="adversarial.6"
# In the square each entry has its own limits, so each is brought back for itself. In the ball only the length counts, so the row is shortened and keeps its direction: the straight way to the middle is the shortest way in. The tiny number keeps a row of zeros from being divided by 0.

# %% [markdown] role="task" q="adversarial.7"
# **Goal.** Find a bug in an attack that works too well.
#
# **Given.** A walk in small steps from `x`, each of length `step`, which should never be farther than `epsilon` from `x` in any pixel, and never off the paper. It fools the network marvellously.
#
# **Do.** Find out why, and mend it.
#
# **You should see,** in the cell after the check, that the largest change is no longer larger than 0.1.


# %% role="answer" q="adversarial.7"
def walk(gradient, x, y, epsilon, step, steps):
    """Return x (N, D) after so many steps uphill, within epsilon of x and within [0, 1]."""
    at = x
    for _ in range(steps):
        # BEGIN SOLUTION
        change = at + step * np.sign(gradient(at, y)) - x  # from where the walk began
        at = np.clip(x + np.clip(change, -epsilon, epsilon), 0, 1)
        # INSTEAD
        # change = np.clip(step * np.sign(gradient(at, y)), -epsilon, epsilon)  # keep to the rule
        # at = np.clip(at + change, 0, 1)  # and to the paper
        # END SOLUTION
    return at


# %% role="check" q="adversarial.7"
check("adversarial.7", walk)

# %% role="run"
for steps in (1, 4, 10):
    largest = np.abs(walk(slopes, x_mock, y_mock, 0.1, 0.05, steps) - x_mock).max()
    print(f"after {steps:2d} steps, the largest change of a pixel: {largest:.2f}")

# %% [markdown] role="why" q="adversarial.7"
# The planted line clips each *step* to $\pm\varepsilon$, and a step of 0.05 is within that, always. What the rule limits is the sum of all steps, and that is measured from `x`.

# %% [markdown] role="task" q="adversarial.8"
# **Goal.** Aim at the wrong answer that is nearest.
#
# **Given.** `gradient(x, y)`, the slope of the loss by the pixels if `y` were the labels; `scores(x)`, the reader's scores (N, C); pictures `x` (N, D), their true labels `y` (N,), and `epsilon`. Some of the pictures may be misread already.
#
# **Do.** Write `aim`. For each picture, choose the class with the highest score that is *not* its label. Then take one targeted step towards it, by the full `epsilon` in each pixel whose slope is not 0, and clip to the paper. Return the wanted classes and the changed pictures.
#
# **You should see** that the forger's wish comes true for most of the small digits, at an `epsilon` of 0.15.


# %% role="answer" q="adversarial.8"
def aim(gradient, scores, x, y, epsilon):
    """Return (wanted classes (N,), changed pictures (N, D))."""
    # BEGIN SOLUTION
    z = np.array(scores(x))  # (N, C), a copy
    z[np.arange(len(y)), y] = -np.inf  # not the label
    wanted = z.argmax(axis=1)
    changed = x - epsilon * np.sign(gradient(x, wanted))  # downhill, for the wanted class
    return wanted, np.clip(changed, 0, 1)
    # END SOLUTION


# %% role="check" q="adversarial.8"
check("adversarial.8", aim)

# %% role="show"
wanted, changed = aim(slopes, reader.forward, x_mock, y_mock, 0.15)
print("read as the class wanted, more than two thirds:", np.mean(predict(changed) == wanted) > 0.67)

# %% [markdown] role="why" q="adversarial.8"
# Minus infinity takes the label out of the contest, whether it was winning or not. After that it is FGSM with another label and the other sign: the loss of what one *wants* to see goes down.

# %% [markdown] role="task" q="adversarial.9"
# **Goal.** Find the smallest $\varepsilon$ of many pictures with few questions.
#
# **Given.** A function `fooled`: give it an array (n,), an $\varepsilon$ for each picture, and it says for each, True or False, whether the attack works. (Each question is an attack on all pictures, so questions are dear.) Nobody is fooled at 0, everybody at 1, and who is fooled at some
# $\varepsilon$ is fooled at every larger one. Also `n`, the number of pictures, and `tolerance`.
#
# **Do.** Write `smallest`: return, for each picture, an $\varepsilon$ at which it is fooled, and that is at most `tolerance` larger than it need be. Ask no more than 40 times.
#
# **You should see** that a thousandth takes ten questions, for one picture as for a thousand.


# %% role="answer" q="adversarial.9"
def smallest(fooled, n, tolerance):
    """Return for each of n pictures the smallest epsilon, (n,), exact to the tolerance and never too small."""
    # BEGIN SOLUTION
    low, high = np.zeros(n), np.ones(n)  # not fooled there, fooled there
    while (high - low).max() > tolerance:
        middle = (low + high) / 2
        yes = fooled(middle)  # (n,)
        low, high = np.where(yes, low, middle), np.where(yes, middle, high)
    return high
    # END SOLUTION


# %% role="check" q="adversarial.9"
check("adversarial.9", smallest)

# %% role="show"
first, theirs = slice(0, 100), y_mock[:100]


def jump_fools(epsilon):
    return predict(fgsm(slopes, x_mock[first], theirs, epsilon)) != theirs


tried = smallest(jump_fools, 100, 0.001)
print("half of a hundred digits flip at an epsilon between 0.06 and 0.14:", 0.06 < np.median(tried) < 0.14)

# %% [markdown] role="why" q="adversarial.9"
# Every question halves all intervals at once, and $2^{-10}$ is less than a thousandth. `np.where` lets each picture go its own way. The upper end is the one at which the attack was seen to work, so it is the one to report. (In the last cell one or two digits were misread from the start; their price
# comes out as nearly 0.)

# %% [markdown] role="task" q="adversarial.10"
# **Goal.** Read a transfer table.
#
# **Given.** Four networks. Row: on which network the forgeries were made, with its weights known. Column: who reads them. Each number is the share still read correctly, of a thousand pictures. (The numbers are made up for this exercise.)
#
# | made on ↓, read by → | 1 | 2 | 3 | 4 |
# |---|---|---|---|---|
# | **1** | 0.02 | 0.38 | 0.40 | 0.54 |
# | **2** | 0.44 | 0.08 | 0.35 | 0.60 |
# | **3** | 0.29 | 0.33 | 0.11 | 0.47 |
# | **4** | 0.70 | 0.66 | 0.72 | 0.31 |
#
# **Do.** Three numbers. `white_box`: the share that network 4 reads if the forger knows its weights. `stranger`: the share that network 4 reads if she does not, and forges on whichever of the others serves her best.
# `best_maker`: if she will face one of the other three but does not know which, on which of the networks, 1 to 4, should she forge? (Take the mean share over those whom she may face.)
#
# **You should see** how different one network can be made to look with one and the same table.

# %% role="answer" q="adversarial.10"
# two shares, and the number of a network
# BEGIN SOLUTION
white_box = 0.31
stranger = 0.47
best_maker = 3
# END SOLUTION

# %% role="check" q="adversarial.10"
check("adversarial.10", white_box, stranger, best_maker)

# %% role="show"
rows = np.array([[0.02, 0.38, 0.40, 0.54], [0.44, 0.08, 0.35, 0.60], [0.29, 0.33, 0.11, 0.47], [0.70, 0.66, 0.72, 0.31]])  # fmt: skip
others = (rows.sum(axis=1) - np.diag(rows)) / 3
print("mean over the others, by maker:", others.round(2))
print("with its own, by maker:        ", rows.mean(axis=1).round(2))

# %% [markdown] role="why" q="adversarial.10"
# Network 4 as a reader is the last column: 0.31 on the diagonal, and of the rest 0.47 is the worst. Of the makers, 3 leaves the others the least, 0.36 on average. With the diagonal counted 1 would look best, but only for its own 0.02.

# %% [markdown] role="task" q="adversarial.11"
# **Goal.** Read a claim of safety as a forger would.
#
# **Given.** “We attacked our digit reader with the fast gradient sign method, at $\varepsilon$ = 0.02. As its weights are secret, we made the forgeries on a smaller network of our own, trained on the same images. Of the images that our reader reads, it still reads 96 of 100. It is therefore safe against
# adversarial examples, and needs no further tests.”
#
# **Do.** Name three things that weaken this claim, each in a sentence or two, with what should have been measured instead. Then describe the one picture, axes and lines, that you would ask for in place of the sentence.
#
# **You should see** that not one number in the report is false.

# %% [markdown] role="written" q="adversarial.11"
# *A stranger's forgeries.* Those made on another network are far weaker than the reader's own. The secret may come out, and it need not, if somebody asks often enough or guesses better. Measure the white box: forgeries made with the reader's own gradient.
#
# *A weak attack, taken for all attacks.* One step, one small $\varepsilon$. PGD, several random starts, and larger $\varepsilon$ would have been stronger; and even if those failed, an attack that fails may have reasons of its own. “Safe against what we tried” is the most that it could say.
#
# *Nothing beside the number.* Of the images *that it reads*, which may be few: how many of all, before and after? And what does noise of the same size leave? If it leaves 99, the plan did some harm; if it leaves 96, the attack was hardly one.
#
# *The picture:* accuracy over all images against $\varepsilon$, from 0 to where the best attack leaves nothing. Three lines: random noise, FGSM, and PGD in the white box; several seeds. At 0 all three start at the clean accuracy. If PGD's line does not come down to 0 for a large $\varepsilon$, suspect the attack.
#
# **Rubric,** one point each: the white box is missing, and why transfer is weaker; one weak attack at one small $\varepsilon$ cannot show “safe” (PGD, larger $\varepsilon$, or an attack that failed for its own reasons); the share needs clean accuracy over all images, or the control, beside it; a
# curve against $\varepsilon$ that starts at clean accuracy and has at least white-box PGD and noise in it.

# %% role="show" q="adversarial.11"
grid = (0.02, 0.3)
for name, attack in {
    "noise": lambda e: random_noise(x_mock, e, np.random.default_rng(0)),
    "FGSM": lambda e: fgsm(slopes, x_mock, y_mock, e),
    "PGD": lambda e: pgd(slopes, x_mock, y_mock, e, rng=np.random.default_rng(0)),
}.items():
    marks = [share(attack(e)) for e in grid]
    print(
        f"{name}: at {grid[0]} more than 0.9: {marks[0] > 0.9}; at {grid[1]} less than 0.1: {marks[1] < 0.1}"
    )
