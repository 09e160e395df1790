"""A histogram of latencies: whole microseconds in, a thousandth of relative error, constant memory."""

import math

from msgspec import Struct, field

BITS = 10
LINEAR = 1 << (BITS + 1)


class Histogram(Struct):
    """Counts values in buckets that are exact up to 2 ms and grow with the value beyond."""

    counts: dict[int, int] = field(default_factory=dict)
    total: int = 0

    def add(self, seconds: float) -> None:
        """Count one latency."""
        bucket = _bucket(max(0, round(seconds * 1_000_000)))
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.total += 1

    def ranked(self, rank: int) -> float:
        """The latency, in seconds, that comes at this place (from 1) when all are sorted."""
        if not 1 <= rank <= self.total:
            raise ValueError(f"rank {rank} of {self.total}")
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= rank:
                return _value(bucket) / 1_000_000
        raise AssertionError

    def percentile(self, share: float) -> float:
        """The smallest latency that this share of all does not exceed."""
        return self.ranked(max(1, math.ceil(share * self.total - 1e-9)))

    def above(self, seconds: float) -> int:
        """How many latencies lie above this one."""
        return sum(count for bucket, count in self.counts.items() if _value(bucket) > seconds * 1_000_000)


def _bucket(value: int) -> int:
    shift = max(0, value.bit_length() - BITS - 1)
    return (shift << BITS) + (value >> shift)


def _value(bucket: int) -> int:
    """The smallest value of a bucket: a threshold must never be missed by rounding up."""
    shift = max(0, (bucket >> BITS) - 1)
    return (bucket - (shift << BITS)) << shift
