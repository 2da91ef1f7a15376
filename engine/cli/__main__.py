"""`python -m engine.cli` is the same as `emojuke`."""

from engine.cli import main

if __name__ == "__main__":
    main()
