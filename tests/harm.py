"""Makes processes that read mail do what a mail tells them to: die, hang, sleep, fill the memory.

They load this file's `sitecustomize` by PYTHONPATH; the product knows nothing of it.
"""

import os
from pathlib import Path

from installations import SOURCE

SITE = """
import os, pathlib, signal, time
import mailcall.message

healthy = mailcall.message.read_mail

def told(raw):
    raw = raw.replace(b"poison", POISON) if POISON != b"poison" else raw
    if b"Die, reader" in raw:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"Die once, reader" in raw:
        flag = pathlib.Path(__file__).with_name("died")
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if b"Leave, reader" in raw:
        os._exit(3)
    if b"Compute, reader" in raw:
        while True:
            pass
    if b"Sleep, reader" in raw:
        time.sleep(600)
    if b"Fail, reader" in raw:
        raise RecursionError("too deep")
    if b"Swell, reader" in raw:
        [bytearray(1 << 20) for _ in range(1000)]
    if b"Grow, reader" in raw:
        told.kept = bytearray(40 << 20)
    return healthy(raw)

mailcall.message.read_mail = told
"""


def harming(folder: Path, poison: str = "poison") -> str:
    """The PYTHONPATH for readers that can be harmed; `poison` is what that word in a mail shall tell them."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"POISON = {poison.encode()!r}\n{SITE}")
    return os.pathsep.join([str(folder), str(SOURCE)])
