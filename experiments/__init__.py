"""Published problems under constraints, one file each, with the methods of others beside ours.

`python -m experiments list` names them; `python -m experiments run NAME` runs one in under a
minute, writes a log and states whether the known result was reproduced.
"""
