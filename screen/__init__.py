"""Screening of interlayers, hosts and alloys for lithium-metal (and other metal) anodes."""

__version__ = "0.1.0"
