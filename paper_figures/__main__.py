"""`python -m paper_figures [NAME ...] [--logs DIR] [--output DIR]`."""

from paper_figures.command_line import main

if __name__ == "__main__":
    main()
