"""Words, values and rule rows of insurance billing.

Standard library only; no clock, no input or output, no floating point. Whatever a billing office
would call a rule is a dated row here; whatever computes over a whole book is in ``frames``.
"""
