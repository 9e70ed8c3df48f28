from pronghorn.server.clock cimport Clock
from pronghorn.server.heads cimport Heads

cdef class Site:
    cdef public object _proxies, _root_path_bytes, app, config, connections, draining, handle, limits_body, lines
    cdef public object log_access, loop, most_connections, rewrites, root_path, scheme, state, tasks
    cdef public double most_waiting
    cdef public long waiting
    cdef public bint is_plain
    cdef public Heads heads
    cdef public Clock clock
