"""`python -m pronghorn`: the same as the `pronghorn` command."""

from pronghorn.cli import main

if __name__ == "__main__":
    main()
