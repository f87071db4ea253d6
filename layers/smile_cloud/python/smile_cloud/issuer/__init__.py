"""An OpenID Connect issuer: its settings, and the public documents that it serves."""
