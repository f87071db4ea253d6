"""Alert settings: what they mean, how they are checked, and where they are stored.

A device's own settings go before the fleet's, and the fleet's before the template's parameters.
"""
