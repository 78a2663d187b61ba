"""How ordinary subjects are read: what share of those of the corpora is taken for a command or a near miss.

`PYTHONPATH=src:bench python bench/subjects.py [FOLDER]` reads every mail and mbox of a folder, the corpora
beside this checkout if none is named.
"""

import sys
from collections import Counter
from pathlib import Path

from mailcall.grammar import LANGUAGES, Words, automatic_subject, parse
from mailcall.message.reading import read_mail

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def main(folder: Path) -> None:
    """Print the counts, and every subject that is not free text."""
    subjects = sorted(set(_subjects(folder)))
    for name, words in (("English words", Words()), ("all languages", Words.of(languages=LANGUAGES))):
        counts: Counter[str] = Counter()
        for subject in subjects:
            parsed = parse(subject, words)
            kind = "free text" if parsed.is_free_text else "command" if parsed.is_command else "near miss"
            counts[kind] += 1
            if not parsed.is_free_text:
                print(f"  {kind}: {subject!r} -> {parsed.suggestion or parsed.action}")
        print(f"{name}: {len(subjects)} subjects: {dict(counts)}")
    automatic = [subject for subject in subjects if automatic_subject(subject)]
    print(f"subjects of automatic mail: {len(automatic)}")
    for subject in automatic:
        print(f"  {automatic_subject(subject)}: {subject!r}")


def _subjects(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < 1_000_000]
    return [mail.subject for path in files if (mail := read_mail(path.read_bytes())).subject]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPORA)
