"""Parts of `benchmarks.prove_partial_labels`.

`drawn` and `real`: photographs to train on and to be judged on. `arms`: a training of one of the
ways. `judging`: its figures. `summary`: what they say together. `page`: the documentation of it.
"""
