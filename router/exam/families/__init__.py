"""The families of exam items: one module each, with a constant `FAMILY`."""
