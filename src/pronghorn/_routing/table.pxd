cimport cython
from pronghorn._routing.tree cimport Node, Record

cdef class _StaticPath:
    cdef public dict by_method
    cdef public list records
    cdef public Record other

cdef class RouteTable:
    cdef public Node _root
    cdef public dict _static
    cdef public object _tree

    @cython.locals(static=_StaticPath, record=Record, node=Node, segments=list)
    cpdef match(self, path, method)
