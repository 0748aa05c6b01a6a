"""The engine `copies`: finds turned, mirrored, cropped, recompressed copies, and proves each.

`turns` (the eight flips and quarter turns), `sketch` (what is kept of a picture), `reading`
(files to sketches), `candidates` (pairs worth a proof) with `crops` (those of parts) and `hits`
(the best few), `lying` (how one picture lies on the other), `rough` (whether it may fit there),
`proof` (whether it shows the same) and `proving` (of many), `search` (all of it, as a similarity
graph); `processes` spreads the work.

Candidates by global descriptors and local features, then a geometric check, is the usual road of
copy detection; PDQ (Meta 2019) covers flips and turns, not crops, and its Python package comes as
source only, so it is not used.
"""
