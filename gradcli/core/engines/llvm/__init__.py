"""Fusion groups as machine code, where `gradcli[jit]` is installed."""
