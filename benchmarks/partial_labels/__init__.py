"""Parts of `benchmarks.prove_partial_labels`.

`drawn` and `real`: photographs to train on and to be judged on. `arms`: a training of one of the
ways. `judging`: its figures. `criteria`: what was asked for, and whether it is reached. `summary`:
what all figures say together (its `tables` and `words`). `page`: the documentation of it.
"""
