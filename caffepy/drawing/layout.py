"""Where boxes go and how arrows run: the layered drawing of Sugiyama, Tagawa and Toda 1981.

    placed = layout(sizes, edges)
    placed.centers[i], placed.routes[k]

1. Each node gets a rank, one more than the highest behind it.
2. An edge over several ranks gets a bend in each rank between, a node of almost no width.
3. Nodes within a rank are ordered so that few edges cross (Gansner et al. 1993, medians).
4. Nodes are shifted within their rank towards those they are joined to, as near as their widths
   allow: for each rank that is an isotonic regression. Then whole runs of nodes with one way in
   and one way out, and long edges, are set upright and shifted as one.

Coordinates are (across, along): along runs with the ranks. Edges are straight within a rank's
band and bend only in the gaps between bands, where no node is: so no edge runs over a node.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
Edge = tuple[int, int]

GAP_ACROSS = 18.0  # between neighbours of a rank
GAP_ALONG = 26.0  # between ranks
BEND = 8.0  # the room that a passing edge takes
ORDER_SWEEPS = 16
SHIFT_SWEEPS = 20
RUN_SWEEPS = 12


@dataclass
class Placed:
    """The result.

    Attributes:
        centers: of each node.
        routes: for each edge its points in pairs: from the first of a pair to its second the
            edge is straight, from there to the next pair it bends.
        size: of the whole.
    """

    centers: list[Point]
    routes: list[list[Point]]
    size: Point


def layout(sizes: Sequence[Point], edges: Sequence[Edge]) -> Placed:
    """Place nodes of the given sizes (across, along), joined by edges that form no cycle."""
    ranks = _ranks(len(sizes), edges)
    across = [size[0] for size in sizes]
    chains: list[list[int]] = []  # for each edge its nodes and bends
    for tail, head in edges:
        bends = []
        for rank in range(ranks[tail] + 1, ranks[head]):
            bends.append(len(across))
            across.append(BEND)
            ranks.append(rank)
        chains.append([tail, *bends, head])
    ahead: list[list[int]] = [[] for _ in across]
    behind: list[list[int]] = [[] for _ in across]
    for chain in chains:
        for tail, head in zip(chain, chain[1:], strict=False):
            ahead[tail].append(head)
            behind[head].append(tail)
    rows = _order(ranks, ahead, behind)
    x = _shift(rows, across, ahead, behind, len(sizes))
    bands = _bands(rows, sizes)
    centers = [(x[i], sum(bands[ranks[i]]) / 2) for i in range(len(sizes))]
    routes = [[point for node in chain for point in _within(node, chain, x, bands, ranks, sizes)]
              for chain in chains]
    width = max((x[i] + across[i] / 2 for i in range(len(x))), default=0.0)
    return Placed(centers, routes, (width, bands[-1][1] if bands else 0.0))


def _ranks(count: int, edges: Sequence[Edge]) -> list[int]:
    """The rank of each node; nodes with nothing behind go as near to what follows as they can."""
    ahead: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for tail, head in edges:
        ahead[tail].append(head)
        missing[head] += 1
    ranks = [0] * count
    sources = [node for node in range(count) if not missing[node]]
    ready = list(sources)
    for node in ready:
        for head in ahead[node]:
            ranks[head] = max(ranks[head], ranks[node] + 1)
            missing[head] -= 1
            if not missing[head]:
                ready.append(head)
    for node in sources:
        if ahead[node]:
            ranks[node] = min(ranks[head] for head in ahead[node]) - 1
    return ranks


def _order(ranks: list[int], ahead: list[list[int]], behind: list[list[int]]) -> list[list[int]]:
    """The nodes of each rank, in an order with few crossings."""
    rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
    seen: set[int] = set()
    for start in sorted(range(len(ranks)), key=lambda node: ranks[node]):
        waiting = [start]
        while waiting:  # depth first: what belongs together comes to lie together
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                rows[ranks[node]].append(node)
                waiting += reversed(ahead[node])
    best, fewest = [list(row) for row in rows], _crossings(rows, ahead)
    for sweep in range(ORDER_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        neighbours = behind if down else ahead
        turns = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for turn in turns:
            place = {node: i for i, node in enumerate(rows[turn - 1 if down else turn + 1])}
            rows[turn] = _by_median(rows[turn], neighbours, place)
        count = _crossings(rows, ahead)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _by_median(row: list[int], neighbours: list[list[int]], place: dict[int, int]) -> list[int]:
    """A rank in the order of its nodes' medians; nodes with no neighbour there keep their place."""
    medians = {}
    for node in row:
        places = sorted(place[other] for other in neighbours[node] if other in place)
        if places:
            middle = len(places) // 2
            medians[node] = (places[middle] + places[~middle]) / 2
    moving = iter(sorted(medians, key=lambda node: medians[node]))
    return [next(moving) if node in medians else node for node in row]


def _crossings(rows: list[list[int]], ahead: list[list[int]]) -> int:
    total = 0
    for row, following in zip(rows, rows[1:], strict=False):
        place = {node: i for i, node in enumerate(following)}
        before: list[int] = []
        for node in row:
            heads = [place[head] for head in ahead[node]]
            total += sum(len(before) - bisect_left(before, head + 1) for head in heads)
            for head in heads:
                insort(before, head)
    return total


def _shift(rows: list[list[int]], across: list[float], ahead: list[list[int]],
           behind: list[list[int]], real: int) -> list[float]:
    """The place across of every node; those from number ``real`` on are bends."""
    x = [0.0] * len(across)
    for row in rows:
        at = 0.0
        for node in row:
            x[node] = at + across[node] / 2
            at += across[node] + GAP_ACROSS
        for node in row:
            x[node] -= at / 2

    def pull(a: int, b: int) -> float:
        return (8.0 if a >= real else 1.0) * (8.0 if b >= real else 1.0)  # long edges go straight

    for sweep in range(SHIFT_SWEEPS):
        sides = behind if sweep % 2 == 0 else ahead
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            wanted, weights = [], []
            for node in row:
                pulls = [(pull(node, other), x[other]) for other in sides[node]]
                weight = sum(weight for weight, _ in pulls)
                weights.append(weight or 0.01)
                wanted.append(sum(w * place for w, place in pulls) / weight if pulls else x[node])
            for node, value in zip(row, _apart(row, wanted, weights, across), strict=True):
                x[node] = value
    _upright(x, rows, across, ahead, behind)
    left = min((x[i] - across[i] / 2 for i in range(len(x))), default=0.0)
    return [value - left for value in x]


def _runs(count: int, ahead: list[list[int]], behind: list[list[int]]) -> list[list[int]]:
    """All nodes, in runs without branches; the longest first."""
    runs = []
    for node in range(count):
        first = len(behind[node]) != 1 or len(ahead[behind[node][0]]) != 1
        if first:
            run = [node]
            while len(ahead[run[-1]]) == 1 and len(behind[ahead[run[-1]][0]]) == 1:
                run.append(ahead[run[-1]][0])
            runs.append(run)
    return sorted(runs, key=len, reverse=True)


def _upright(x: list[float], rows: list[list[int]], across: list[float], ahead: list[list[int]],
             behind: list[list[int]]) -> None:
    """Shift each run as one, towards what it is joined to, as far as its neighbours let it."""
    beside: dict[int, tuple[int | None, int | None]] = {}
    for row in rows:
        for left, node, right in zip([None, *row], row, [*row[1:], None], strict=False):
            beside[node] = left, right

    def room(node: int) -> tuple[float, float]:
        left, right = beside[node]
        least = float("-inf") if left is None else (
            x[left] + (across[left] + across[node]) / 2 + GAP_ACROSS)
        most = float("inf") if right is None else (
            x[right] - (across[right] + across[node]) / 2 - GAP_ACROSS)
        return least, max(least, most)

    runs = _runs(len(x), ahead, behind)
    for sweep in range(RUN_SWEEPS):
        for run in runs if sweep % 2 == 0 else runs[::-1]:
            rooms = [room(node) for node in run]
            least, most = max(r[0] for r in rooms), min(r[1] for r in rooms)
            joined = [*behind[run[0]], *ahead[run[-1]]]
            others = [x[other] for other in joined] or [x[node] for node in run]
            place = min(max(sum(others) / len(others), least), most)
            upright = least <= most + 1e-6
            for node, (low, high) in zip(run, rooms, strict=True):
                # where neighbours are in the way, each goes as far as it can: they may move later
                x[node] = place if upright else min(max(place, low), high)


def _apart(row: list[int], wanted: list[float], weights: list[float], across: list[float]
           ) -> list[float]:
    """The places nearest to the wanted ones (weighted least squares) that keep nodes apart.

    Less the room that the nodes before it take, each place must be no smaller than the one before:
    pools of neighbours that would overlap share their mean.
    """
    room = [0.0]
    for a, b in zip(row, row[1:], strict=False):
        room.append(room[-1] + (across[a] + across[b]) / 2 + GAP_ACROSS)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight, offset in zip(wanted, weights, room, strict=True):
        mean, count = value - offset, 1
        while pools and pools[-1][0] > mean:
            other, more, many = pools.pop()
            mean = (mean * weight + other * more) / (weight + more)
            weight, count = weight + more, count + many
        pools.append((mean, weight, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, room, strict=True)]


def _bands(rows: list[list[int]], sizes: Sequence[Point]) -> list[Point]:
    """Where each rank begins and ends along."""
    bands, at = [], 0.0
    for row in rows:
        depth = max((sizes[node][1] for node in row if node < len(sizes)), default=0.0)
        bands.append((at, at + depth))
        at += depth + GAP_ALONG
    return bands


def _within(node: int, chain: list[int], x: list[float], bands: list[Point], ranks: list[int],
            sizes: Sequence[Point]) -> tuple[Point, Point]:
    """An edge's straight part in the band of one of its nodes or bends."""
    start, end = bands[ranks[node]]
    if node == chain[0]:
        start = (start + end + sizes[node][1]) / 2
    elif node == chain[-1]:
        end = (start + end - sizes[node][1]) / 2
    return (x[node], start), (x[node], end)
