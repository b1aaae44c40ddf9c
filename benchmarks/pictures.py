"""Fifty pictures, two at once, beside the same calls of the same libraries in two bare processes."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.graphs import PICTURE
from benchmarks.installation import drained, running, span, workflow
from tests.live.product import ROOT

PICTURES = 50
PROCESSES = 2
ROUNDS = 5


def measure(folder: Path) -> list[Figure]:
    """They take turns, and the best of each counts: a slow moment of the machine is longer than one turn."""
    with running(folder, cap=PROCESSES) as (_product, client):
        path = workflow(client, PICTURE)
        loupe, bare = [], []
        for turn in range(ROUNDS):
            before = {job["id"] for job in drained(client)} if turn else set()
            for seed in range(PICTURES):
                client.post(path, json={"params": {"seed": turn * PICTURES + seed}}).raise_for_status()
            loupe.append(span([job for job in drained(client) if job["id"] not in before]))
            bare.append(_bare(folder / f"bare-{turn}", turn * PICTURES))
    return [
        Figure("50 pictures in two bare processes", min(bare), "s"),
        Figure("50 pictures, noise 1024² → blur → result, cap 2", min(loupe), "s"),
        Figure("… beside the bare processes", min(loupe) / min(bare), "×", 1.08),
    ]


def _bare(folder: Path, first: int) -> float:
    """Seconds that the processes need, from when both are warm."""
    folder.mkdir()
    share = PICTURES // PROCESSES
    commands = [[sys.executable, __file__, str(folder), str(first + i * share), str(share)] for i in range(PROCESSES)]
    processes = [
        subprocess.Popen(
            command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for command in commands
    ]
    for process in processes:
        assert process.stdout
        process.stdout.readline()
    began = time.perf_counter()
    for process in processes:
        assert process.stdin
        process.stdin.close()
    for process in processes:
        process.wait()
        if process.stdout:
            process.stdout.close()
    return time.perf_counter() - began


def _make(folder: Path, first: int, count: int) -> None:
    """What a run does to its pictures and nothing else: make, encode, name by the digest, write, and a thumbnail."""
    from workflows import media  # noqa: PLC0415 (in the bare process alone)
    from workflows.nodes.images import blur, noise  # noqa: PLC0415

    print("warm", flush=True)
    sys.stdin.read()
    for seed in range(first, first + count):
        made = noise(width=1024, height=1024, seed=seed)
        for picture in (made, blur(made, 4.0)):
            for encoded in (media.encode_image(picture), media.thumbnail(picture)):
                (folder / hashlib.sha256(encoded.data).hexdigest()).write_bytes(encoded.data)


if __name__ == "__main__":
    _make(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
