cimport cython
from pronghorn.server.exchange cimport HttpExchange
from pronghorn.server.flow cimport Outlet
from pronghorn.server.plain cimport PlainReader
from pronghorn.server.site cimport Site

cdef class HttpConnection:
    cdef public object _deferred, _lingered, _pace, _paused, _reader, _transport, client, server
    cdef public double _idle_seconds, deadline
    cdef public long _phase
    cdef public PlainReader _plain
    cdef public HttpExchange active
    cdef public Outlet outlet
    cdef public Site site

    @cython.locals(site=Site, exchange=HttpExchange)
    cpdef data_received(self, data)
    cpdef _read_on(self, data)
    cpdef _hand_over(self, HttpExchange exchange, reply)
    cpdef complete(self, HttpExchange exchange, response)
    @cython.locals(site=Site)
    cpdef finished(self, HttpExchange exchange)
    cpdef _settle(self)
    cpdef _uncount(self, HttpExchange exchange)
