"""`python -m acapella` is the command `acapella`."""

from acapella.cli import main

main()
