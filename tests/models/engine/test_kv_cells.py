"""The accounting of KV cells, compared with a simple model of it."""

from hypothesis import given
from hypothesis import strategies as st

from models.engine.scheduling.kv_cells import KvCellPool

N_CELLS = 40
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["allocate", "share", "cut", "release"]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.integers(0, 9),
    )
)


@given(STEPS)
def test_cells_are_counted_like_objects(steps: list[tuple[str, int, int, int]]) -> None:
    pool = KvCellPool(N_CELLS)
    held: dict[int, list[object]] = {s: [] for s in range(4)}
    for what, one, other, n in steps:
        used = {id(c) for cells in held.values() for c in cells}
        if what == "allocate" and n <= N_CELLS - len(used):
            pool.allocate(one, n)
            held[one] += [object() for _ in range(n)]
        elif what == "share" and one != other and not held[other]:
            n = min(n, len(held[one]))
            pool.share(one, other, n)
            held[other] = held[one][:n]
        elif what == "cut":
            pool.cut(one, n)
            held[one] = held[one][:n]
        elif what == "release":
            pool.release(one)
            held[one] = []
        used = {id(c) for cells in held.values() for c in cells}
        assert pool.n_free == N_CELLS - len(used)
        assert [pool.n_held(s) for s in range(4)] == [len(held[s]) for s in range(4)]
        for s in range(4):
            others = {id(c) for t in range(4) if t != s for c in held[t]}
            assert pool.n_held_alone(s) == len({id(c) for c in held[s]} - others)
        for group in ([0], [1, 2], [0, 1, 2, 3]):
            assert pool.n_held_by_any(group) == len({id(c) for s in group for c in held[s]})
