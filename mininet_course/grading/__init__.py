"""For instructors: assignments made from the exercises, collected, graded, handed back.

Nothing else in the package imports this part. It stands on nbgrader and otter-grader,
which are imported only where they are used: a learner needs neither.
"""
