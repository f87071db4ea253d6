"""What a stage costs a month: the template and the measured work, times a dated price table."""
