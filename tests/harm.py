"""Makes processes that read mail do what a mail tells them to: die, hang, sleep, fill the memory.

They load this file's `sitecustomize` by PYTHONPATH; the product knows nothing of it.
"""

import os
from pathlib import Path

from installations import SOURCE

SITE = """
import os, pathlib, signal, time
import mailcall.message.reading

healthy = mailcall.message.reading.read_with_tree

def told(raw):
    if POISON and raw.find(b"poison") >= 0:
        raw = raw.replace(b"poison", POISON)
    if raw.find(b"Die, reader") >= 0:
        os.kill(os.getpid(), signal.SIGSEGV)
    if raw.find(b"Die once, reader") >= 0:
        flag = pathlib.Path(__file__).with_name("died")
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if raw.find(b"Leave, reader") >= 0:
        os._exit(3)
    if raw.find(b"Compute, reader") >= 0:
        while True:
            pass
    if raw.find(b"Sleep, reader") >= 0:
        time.sleep(600)
    if raw.find(b"Fail, reader") >= 0:
        raise RecursionError("too deep")
    if raw.find(b"Swell, reader") >= 0:
        [bytearray(1 << 20) for _ in range(1000)]
    if raw.find(b"Grow, reader") >= 0:
        told.kept = bytearray(40 << 20)
    return healthy(raw)

mailcall.message.reading.read_with_tree = told
"""


def harming(folder: Path, poison: str = "") -> str:
    """The PYTHONPATH for readers that can be harmed; `poison` is what that word in a mail shall tell them."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"POISON = {poison.encode()!r}\n{SITE}")
    return os.pathsep.join([str(folder), str(SOURCE)])
