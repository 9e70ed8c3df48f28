"""Example applications that run on Pronghorn, and on anything else that speaks FastAPI's API."""
