"""A process that is ready: it builds a core and brings a few inputs of most kinds through it (`start` times it)."""

from daemon.numba_cache import use_numba_cache

use_numba_cache()

from tests.benchmarks.market import make_market  # noqa: E402 - numba reads its cache's folder at import

market = make_market(4, 1, 2)
market.hold(each_book_holds_all=True, calm=False)
assert market.core.state.scopes
