cdef class WriteGate:
    cdef public object _loop, _waiters
    cdef public bint is_shut

cdef class Outlet(WriteGate):
    cdef public object _left, _moved, _rest, sending, transport
    cdef public bint corked
    cdef public list pending
