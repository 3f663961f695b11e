"""The calculator: definitions in scope, and the results of running a text. Knows no screen."""
