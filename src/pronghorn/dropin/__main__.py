"""`python -m pronghorn.dropin [-m module | -c command | script] [argument ...]`: see `runner`."""

import sys

from pronghorn.dropin.runner import main

if __name__ == "__main__":
    main(sys.argv[1:])
