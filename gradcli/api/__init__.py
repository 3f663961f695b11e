"""gradcli from Python: NumPy in, NumPy and results out, mistakes as exceptions.

The names that `import gradcli` gives are made here, and imported when they are first used.
"""
