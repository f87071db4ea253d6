"""The code of the cloud functions: a folder for each function, and what they share.

A handler imports only the service of the same name, so a cold start loads nothing else.
No module knows Lambda events of AWS services, and none creates an AWS client at import.
"""
