cimport cython
from pronghorn.server.exchange cimport HttpExchange

cdef class HeaderLines:
    cdef public object _counts, _forwarded, _learnt, _names
    cdef public dict known

# Compiled, it reads into `HttpExchange` and what is made from it, nothing else.
cdef class PlainReader:
    cdef public object _block, _max_body, _max_fields, _most, _new_request
    cdef public list _fields
    cdef public bint forwarded
    cdef public Py_ssize_t _length, _max_target
    cdef public HeaderLines _lines

    @cython.locals(
        request=HttpExchange, blank=bytes, body=bytes, line=bytes, block=bytes, target=bytes, version=bytes, path=bytes
    )
    cpdef HttpExchange read(self, data)
    @cython.locals(known=dict, fields=list)
    cpdef bint _take_over(self, bytes block)
