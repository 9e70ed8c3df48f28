"""Where the layers are wired: routes, routers, the application. The only place that knows them all."""
