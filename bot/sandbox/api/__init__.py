"""The stand-in Management API: it keeps the truth, and everything about it can be seen and bent."""
