# %% [markdown]
# # 15. Read a real hand-in
#
# Homework of five students goes through the checker: what it finds, what it says, and what it cannot know.
#
# **You will be able to**
#
# - write a derivation down so that it can be checked, and read what comes back;
# - find the first wrong step of a chain, and say to the student in a sentence what it is;
# - tell a mistake from another convention, and check a class of your own.

# %%
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from tinygrad_edu.checker.check import check_text
from tinygrad_edu.checker.diagnoses.search import patience
from tinygrad_edu.checker.grading.sheets import check_file
from tinygrad_edu.checker.sentences import sentence
from tinygrad_edu.teaching import answered, handins, heat, judge, mark, show

# %% [markdown]
# ## A hand-in is a text
#
# First what is given, with its sizes, then the derivation. A line that begins with `=` goes on with the one above. What
# was written by hand or typeset was copied into this form, mistakes and all.

# %%
texts = [path.read_text(encoding="utf-8").splitlines() for path in handins()]


def lines(handin, first, last):
    return "\n".join(texts[handin][first - 1 : last])


print(lines(2, 3, 9))

# %% [markdown] tags=["notes"]
# The five are in `lessons/handins`, with a README that says what they are: real homework, in three languages, read from
# photographs and PDFs. Show 000 as a whole in an editor; it is two pages.

# %% [markdown]
# ## Right is decided by numbers
#
# Both sides are computed at random points and in several sizes. How a formula is written does not matter: the third
# line has another form than the first, and only the second has another value.

# %%
judge("v, a: n\nR = sum(a*softmax(v))", """
dR/dv = softmax(v)*(a - R)
dR/dv = softmax(v)*(a - softmax(v))
dR/dv = (diag(softmax(v)) - softmax(v)@softmax(v).T)@a
""")  # fmt: skip

# %% [markdown] tags=["notes"]
# Random numbers do not prove that a line is right, but one that is wrong is hardly ever equal at several random points,
# to nine digits. What they do prove is that a line is wrong: there the two numbers are.

# %% [markdown]
# ## The class
#
# All five files. A claim is worth a point, and a chain the share of its steps that are right. (`patience` says how long
# a wrong step is thought about: here a quarter of the usual time, as for a large class.)

# %%
usual = patience.set(0.25)
sheets = [check_file(str(path), "en") for path in handins()]
patience.reset(usual)
for sheet in sheets:
    wrong, claims = sheet.count("wrong"), len(sheet.results)
    print(f"{Path(sheet.file).name}   right {sheet.right:2}   wrong {wrong:2}   points {sheet.score:5.2f} of {claims}")

# %% [markdown]
# ## What the class got wrong
#
# Of each wrong step the likeliest kind of mistake, with how often it was made. (A wrong claim may have several wrong
# steps.)

# %%
total = sum((sheet.mistakes() for sheet in sheets), Counter())
kinds = [kind for kind, _ in total.most_common()]
names = [sentence(f"code-{kind or 'unnamed'}", "en") for kind in kinds]
for kind, name in zip(kinds, names):
    print(f"{name:<34} {total[kind]:2}  {'#' * total[kind]}")

# %% [markdown] tags=["notes"]
# Ask before it is shown what students will have got wrong most often. Most teachers say: the chain rule. It is the
# bookkeeping: indices, layers, signs, transposes. "Not named" means that the checker knows that the step is wrong, and
# found no single change that explains it.

# %% [markdown]
# ## Who made which
#
# One dark cell is a student's habit. A row of many is a topic for the next lecture.

# %%
table = np.array([[sheet.mistakes()[kind] for sheet in sheets] for kind in kinds[:7]])
show(heat(table, rows=names[:7], columns=["000", "001", "002", "003", "004"]), caption="the seven most frequent kinds")

# %% [markdown]
# ## Closely: a sign, in 000
#
# $J = -\sum_i (\delta_i \log\sigma(t_i) + (1 - \delta_i) \log\sigma(-t_i))$ is differentiated with respect to one
# $t_i$. The minus before the sum in $J$ is not copied; in the last line it is there again.

# %%
judge(lines(0, 72, 78), lines(0, 91, 94), hint=3)

# %% [markdown]
# ## To the student
#
# *All but the sign is right. $J$ begins with a minus: write $\partial J/\partial t_i = -(\ldots)$ in the first line,
# and keep it. Your last line has the right sign, so you knew; but it does not follow from those above.*

# %% [markdown] tags=["notes"]
# "Right again, but it does not follow" is what a hand that grades quickly overlooks. Twice it was right by knowing the
# result; ask the class whether that deserves the points. The checker gives them, step by step, and says it.

# %% [markdown]
# ## Closely: a layer, in 003
#
# $v^{(l)} = W^{(l)} a^{(l-1)}$ and $a^{(l)} = \varphi(v^{(l)})$. Meant was the chain from $E$ down to $W^{(3)}$. The
# factor in front is that of the layer below; then $a$ has the wrong layer, and the result is right.

# %%
judge(lines(3, 5, 23), lines(3, 42, 44), hint=3)

# %% [markdown]
# ## To the student
#
# *Say the forward pass aloud: $v^{(3)} = W^{(3)} a^{(2)}$. So the factor for the weights is
# $\partial v^{(3)}/\partial W^{(3)}$, and it is $a^{(2)}$. Write the shapes below the factors, and such a slip shows at
# once.*

# %% [markdown] tags=["notes"]
# The layers here have different widths. With equal widths the shapes would fit, and only numbers find it. That is why
# the checker draws sizes at random as well.

# %% [markdown]
# ## Closely: an order, in 002
#
# $w = A x$, $h = \sigma(w)$, $v = B h$, $g = \mathrm{softmax}(v)$. Meant was the chain rule, from left to right as for
# numbers. For $x$ it gives a row, the transpose of the gradient. For $A$ nothing fits any more.

# %%
judge(lines(2, 59, 67), lines(2, 78, 79), hint=3)

# %% [markdown]
# ## To the student
#
# *$\partial R/\partial x$ is right in your convention, where gradients are rows. The other
# one is not a product of these factors in this order, because $\partial w/\partial A$ has three axes. Do one entry,
# $\partial R/\partial A_{ij} = \delta_i x_j$ with $\delta = \partial R/\partial w$, and then write all of them as
# $\delta x^\top$.*

# %% [markdown]
# ## The three stages of a hint
#
# Which step, what kind of mistake, or the answer. The same line with `hint=1`, `2` and `3`:

# %%
for stage in (1, 2, 3):
    judge(lines(0, 72, 78), lines(0, 112, 112), hint=stage)

# %% [markdown] tags=["notes"]
# Before the deadline give stage 1 or 2: students correct most of their mistakes by themselves. Stage 3 is for after it.

# %% [markdown]
# ## What it cannot know: the convention
#
# A gradient as a column or as a row: both are in books. The checker asks for the shape of what it is taken with respect
# to, says *transposed*, and gives half. Whether that is fair depends on what your course has agreed on.

# %%
judge(lines(2, 59, 67), lines(2, 71, 71))

# %% [markdown]
# ## What it cannot know: what was said in the lecture
#
# In 004 a gradient is divided by the number of examples. That is wrong for the loss that the file declares, and right
# for its mean. So: *right, if*.

# %%
judge(lines(4, 51, 62), lines(4, 68, 68))

# %% [markdown]
# ## What it cannot know: what was meant
#
# `y` is declared as any vector here. The line is right for a one-hot one, and for any that sums to one, and the checker
# says so. Had it been declared as `one-hot`, the line would simply be right.

# %%
judge("v: K\ny: K\nR = -sum(y*log(softmax(v)))", "dR/dv = softmax(v) - y")

# %% [markdown] tags=["notes"]
# Let the class complete the list: it does not see the idea behind a wrong line, nor elegance, nor whether the student
# has copied it. What it says of a wrong line is what is *consistent* with it; ask the student.

# %% [markdown]
# ## Your own class
#
# A folder with a file for each student, checked in parallel, from the command line:
#
# - `tinygrad-edu check handins/` shows the class as a table with its mistakes;
# - `tinygrad-edu check handins/002.md --hint 3` shows one of them line by line;
# - `--language ru` and `--language bg` speak Russian and Bulgarian;
# - `--csv class.csv`, `--json`, `--junit`, `--gradescope` are for other programs;
# - `--page DIR` draws the graph of each wrong claim, opened where the mistake is.

# %% [markdown] tags=["notes"]
# Do it live: `tinygrad-edu check lessons/handins`. The exit code is 0 if all is right and 1 if something is wrong, so
# that a repository of homework can run it by itself.

# %% [markdown]
# ## From Python
#
# `check_text` takes a text and gives a result for each claim; `check_file` takes a file.

# %%
HOMEWORK = """
x: n
A: m by n
R = sum((A@x)^2)/2

dR/dx = A.T@(A@x)
dR/dA = x@(A@x).T
dR/dA[i, j] = (A@x)[i]*x[i]
"""
for result in check_text(HOMEWORK, answers=True):
    print(f"line {result.line}: {result.verdict:<16} {result.right:<16} {result.correct}")

# %% [markdown]
# ## Experiment: be the student
#
# Break one line in a way that a student might, and see whether the checker says what you did. Can you fool it: a wrong
# line that it takes for right?

# %% tags=["experiment"]
line = "dR/dW = x@(sigma(W@x) - y)"
made = judge("x: n\nW: m by n\ny: m\nR = sum(log(1 + exp(W@x)) - y*(W@x))", line, hint=2)

# %% [markdown]
# ## Experiment: three languages
#
# The same hand-in as a file, with what is said in `language`: `"en"`, `"ru"` or `"bg"`.

# %% tags=["experiment"]
language = "bg"
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "homework.md"
    file.write_text(HOMEWORK, encoding="utf-8")
    for result in check_file(str(file), language).results:
        print("line", result.line, sentence(f"short-{result.verdict}", language))

# %% [markdown]
# ## Exercises
#
# **15.1** In matrix form, hand-in 003 has $\delta^{(2)} = \varphi'(v^{(2)})^\top (W^{(3)\top} \delta^{(3)})$. Correct
# it, with `phi'(v(2))`, `W(3)` and `delta(3)`.

# %% exercise="15.1"
### BEGIN SOLUTION
answer = "phi'(v(2))*(W(3).T@delta(3))"
### END SOLUTION

# %% marks="15.1" points=1
mark(answered(lines(3, 5, 23), "delta(2)", answer))

# %% [markdown]
# **15.2** Hand-in 002, with $g = \mathrm{softmax}(B \, \sigma(A x))$, has
# $\partial R/\partial B = (g - y)\,\sigma(Ax)$. Correct it, with `g`, `y`, `A` and `x`; it is to have the shape of $B$.

# %% exercise="15.2"
### BEGIN SOLUTION
answer = "(g - y)@σ(A@x).T"
### END SOLUTION

# %% marks="15.2" points=1
mark(answered(lines(2, 59, 67), "dR/dB", answer))

# %% [markdown]
# ---
# **15.3** Hand in a chain of your own: $\partial R/\partial x$ of $R = \log \sum_i e^{a_i x_i}$, in at least three
# different steps, a line for each. The second and all others begin with `=`, and the last has `softmax(a*x)` in it.

# %% exercise="15.3"
### BEGIN SOLUTION
answer = """
1/sum(exp(a[i]*x[i]) for i in 1..n) * a*exp(a*x)
= a*(exp(a*x)/sum(exp(a*x)))
= a*softmax(a*x)
"""
### END SOLUTION

# %% marks="15.3" points=3
chain = answered("a, x: n\nR = log(sum(exp(a[i]*x[i]) for i in 1..n))", "dR/dx", answer)
steps = ["".join(line.split()).lstrip("=") for line in answer.strip().splitlines()]
assert len(set(steps)) >= 3 and "softmax" in steps[-1], "at least three different steps, the last with softmax"
mark(chain)

# %% [markdown]
# ## Common mistakes of those who grade
#
# To take another form for a mistake. To stop reading where it is right again. To see a result that one
# knows, and not the line before it.

# %%
judge("t, d: n\nR = -sum(d*log(σ(t)) + (1 - d)*log(σ(-t)))", """
dR/dt = -d*σ(-t) + (1 - d)*σ(t)
dR/dt = -d*(1 - σ(-t)) + (1 - d)*σ(t)
      = σ(t) - d
""")  # fmt: skip

# %% [markdown]
# ## Sources
#
# - The five hand-ins, `lessons/handins`: 000, lines 91 to 94 and 112; 002, lines 71, 78 and 79; 003, lines 42 to 44;
#   004, line 68.
# - What each claim was judged to be by hand stands in `tests/data/handins.json`, with the mistakes in words.
