"""AWS IoT in small: a broker, and the rules' SQL."""
