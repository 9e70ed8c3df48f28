cdef class Heads:
    cdef public object _fixed, _lines, _second, dated
    cdef public dict finished
