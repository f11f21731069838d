"""What `/metrics` tells beside the process itself: deliveries by how they were answered, requests by how they ended."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

ANSWERS = Counter("cloudsync_answers_total", "Deliveries answered", ["surface", "outcome"])
SENT = Counter(
    "cloudsync_requests_sent_total", "Requests sent, by operation and by how the call ended", ["kind", "state"]
)
SECONDS = Histogram("cloudsync_answer_seconds", "From taking a delivery to answering it, in seconds", ["surface"])
