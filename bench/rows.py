"""What a bench reports: rows of ours beside something else, taken in one run, and the memory that each took."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``ratio`` is ours over beside; ``aim`` in words, ``met`` None where nothing was aimed at."""

    what: str
    size: int
    ours: float
    beside: float | None
    unit: str
    aim: str = ""
    met: bool | None = None
    peak_mb: float | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over what stands beside it."""
        return self.ours / self.beside if self.beside else None

    def to_json(self) -> dict[str, object]:
        """The row as it is printed."""
        fields = {name: _rounded(value) for name, value in asdict(self).items()}
        order = ("what", "size", "ours", "beside", "ratio", "unit", "aim", "met", "peak_mb")
        return {name: fields[name] if name != "ratio" else _rounded(self.ratio) for name in order}


@dataclass(frozen=True, slots=True)
class Options:
    """What a bench is run with: ``size`` in its own terms (0: the usual one), ``quick`` for a smoke test."""

    size: int = 0
    quick: bool = False

    def pick(self, usual: int, quick: int) -> int:
        """The size asked for, or the usual one of this kind of run."""
        return self.size or (quick if self.quick else usual)


def _rounded(value: object) -> object:
    """Six digits are more than any of this holds still for."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def say(text: str) -> None:
    """A line of progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the fastest of several runs: on a machine shared with others the one that was least disturbed."""
    return min(_timed(work) for _ in range(times))


def both(ours: Callable[[], object], beside: Callable[[], object], times: int) -> tuple[float, float]:
    """As ``best`` of two things that are compared, in turn: what disturbs one of them disturbs the other."""
    found = [(_timed(ours), _timed(beside)) for _ in range(times)]
    return min(one for one, _ in found), min(other for _, other in found)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which a share of the values lies (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def forget_peak(pid: int | str = "self") -> None:
    """Let the kernel count a process's peak memory anew."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError:
        say("the peak of memory includes what came before")


def peak_mb(*pids: int) -> float | None:
    """Peak resident memory of these processes (this one where none is named) in MB; None where /proc is not there."""
    sizes = [_high_water(pid) for pid in pids or (os.getpid(),)]
    found = [size for size in sizes if size is not None]
    return sum(found) if found else None


def _high_water(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(kilobytes[0]) / 1024 if kilobytes else None


def descendants(pid: int) -> list[int]:
    """The processes below a process, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            parents.setdefault(parent, []).append(int(entry.name))
    found, at = [pid], 0
    while at < len(found):
        found.extend(sorted(parents.get(found[at], [])))
        at += 1
    return found[1:]


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def cpu_seconds(*pids: int) -> float:
    """Processor time that these processes have used."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")
