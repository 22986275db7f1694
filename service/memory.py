"""Memory that is free again goes back to the system."""

import ctypes


def give_back() -> None:
    """Hand back what the allocator keeps of freed arrays: after a build that is as much as the result itself.

    Only the C library of GNU systems has a way to ask for it; elsewhere nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
