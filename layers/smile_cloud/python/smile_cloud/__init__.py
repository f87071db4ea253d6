"""The code of the cloud functions: a folder for each function, and what they share.

A handler imports the service of its own folder only, so a cold start loads nothing else.
No module knows Lambda events of AWS services, and none creates an AWS client at import.
"""
