"""`python -m app`, the same as `shopcast`."""

from app.cli import main

main()
