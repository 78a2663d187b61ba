"""`python -m mailcall` is `mailcall`."""

from mailcall.cli import main

main()
