"""The AWS side on one machine: broker, IoT rules, functions and REST API, from template.yaml.

Nothing here knows what the functions do. The template says what runs and how it is connected.
"""
