"""`python -m app`, the same as `shopcast`."""

from app.cli import main

if __name__ == "__main__":
    main()
