"""`CORSMiddleware`: answers preflight requests and adds CORS headers."""

from starlette.middleware.cors import CORSMiddleware

__all__ = ["CORSMiddleware"]
