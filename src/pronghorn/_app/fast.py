"""placeholder"""
from typing import Any
class FastApplication:
    def __init__(self, app: Any) -> None: ...
    async def serve_asgi(self, scope: Any, receive: Any, send: Any) -> bool:
        return False
    def handle(self, x: Any) -> Any:
        from starlette.types import Scope
        x.spawn(app(x.scope,x.receive,x.send))
        return None
