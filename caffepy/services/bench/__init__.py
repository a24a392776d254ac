"""A net timed beside other frameworks: who takes part, and how it is measured."""
