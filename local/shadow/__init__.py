"""Change the settings of the device of a local run through its shadow."""
