"""What the study says, what the evidence says, and the verdict by a rule with a history.

Claims and rules are data (data/claims.yml); the verdict is a pure function of the rule and of the results that the
other sections leave. Nothing here computes an economic number, but for the tests of an estimate against the smallest
effect that matters.
"""
