"""The pure core: no clock, no I/O, no await, no logger. Values in, values out."""
