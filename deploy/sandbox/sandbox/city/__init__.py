"""A small city that makes real-looking days for the escrow service.

Three dozen institutions with plainly made-up names, some three thousand contracts, a Saturday's
timetable, and the mistakes that real billing systems make.
Everything grows from a seed, so the same Saturday of the same city is the same to the fen.
"""
