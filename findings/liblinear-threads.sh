#!/usr/bin/env bash
# scikit-learn 1.9.1, LinearSVC (liblinear) with a fixed random_state. Expected: the same data and seed give the same
# coefficients. Seen: so it is one after the other; two fits at once in threads differ from it and from each other, since
# the random numbers come from one generator of the process, which each fit seeds anew. Cross-validation with threads
# (joblib, ThreadPoolExecutor) is no longer reproducible, and a threshold learnt from it moves.
source "$(dirname "$0")/_venv.sh"
with_packages scikit-learn==1.9.1
python - <<'PY'
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse
import sklearn
from sklearn.svm import LinearSVC

letters = scipy.sparse.random(3000, 20_000, density=0.002, random_state=0, format="csr")
office = np.random.default_rng(0).integers(0, 6, 3000)


def fitted(_):
    return LinearSVC(C=1.0, tol=1e-4, random_state=3).fit(letters, office).coef_


first = fitted(0)
alone = [float(np.abs(first - fitted(n)).max()) for n in range(2)]
with ThreadPoolExecutor(2) as pool:
    together = [float(np.abs(first - coef).max()) for coef in pool.map(fitted, range(8))]
print(f"scikit-learn {sklearn.__version__}: one after the other {alone}, two at once {together}")
assert not any(alone)
assert any(together)
PY
