"""Features that routers were evolved on come out the same where they are used."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from adrs.router.features import features
from evaluators.routing.text_features import hash_features_of


@given(st.text(max_size=400))
@example("")
@example("def solve(instance):\n    return 42  # ÄÖ _x_ \U0001f600")
@example("word " * 3000)
def test_they_equal_the_evaluators(text: str) -> None:
    assert np.allclose(features(text), hash_features_of([text])[0], rtol=0.0, atol=1e-12)
