"""What holds for all tests."""

import gc


def pytest_collection_finish() -> None:
    """Leave alone what is there for good: thousands of tests, which each collection of garbage would look at."""
    gc.collect()
    gc.freeze()
