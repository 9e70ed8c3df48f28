from pronghorn._engine.exchange cimport Exchange

# What has its default on the class stays an ordinary attribute.
cdef class HttpExchange(Exchange):
    cdef public object connection, headers, query, raw_path, root_path
    cpdef new_context(self)
