"""`python -m experiments`: list, run, tune, bench, report and archive."""

from experiments.command_line import main

if __name__ == "__main__":
    main()
