"""How hard to look for differences: the same few examples at every run, or as many new ones as asked for."""

import os

from hypothesis import HealthCheck, settings

#: Large applications are slow to make up, and many of them do not go together.
SUPPRESSED = (
    HealthCheck.too_slow,
    HealthCheck.function_scoped_fixture,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
)


def effort(examples: int) -> settings:
    """Settings for ``examples`` fixed examples; PRONGHORN_EXAMPLES=20000 asks for that many new ones."""
    asked = os.environ.get("PRONGHORN_EXAMPLES")
    return settings(
        max_examples=int(asked or examples),
        deadline=None,
        derandomize=asked is None,
        suppress_health_check=SUPPRESSED,
    )
