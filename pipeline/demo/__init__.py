"""A corpus of made sounds whose truth is known, to try everything on without anybody's data."""
