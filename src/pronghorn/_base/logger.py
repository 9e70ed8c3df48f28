"""The framework's logger, under the name that applications configure."""

import logging

logger = logging.getLogger("fastapi")
