"""The derivative operators: functions that take a function and give a function, so that they nest."""
