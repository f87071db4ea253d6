"""How the device is: its camera, its clock, its threads, and the heartbeat that says so."""
