"""Bernstein and shifted Chebyshev polynomials on [0, 1]: bases, classifiers, hard points."""

from pwlib.polynomials.bases import (
    MEASURES,
    bernstein_features,
    chebyshev_features,
    orthonormal_basis,
)
from pwlib.polynomials.chebyshev_hard_points import (
    hard_angles,
    hard_objective,
    hard_points,
    nearest_hard_points,
)
from pwlib.polynomials.two_sample_classifiers import (
    agreement,
    bernstein_classifier,
    bernstein_sign_and_log,
    chebyshev_classifier,
    chebyshev_classifier_weights,
)
