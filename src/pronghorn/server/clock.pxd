cdef class Clock:
    cdef public object _handle, _heads, _loop, _timed
    cdef public double now
