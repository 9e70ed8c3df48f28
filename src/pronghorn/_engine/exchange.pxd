# What subclasses answer by properties or class attributes is no field here: compiled code would read the field.
cdef class Exchange:
    cdef dict __dict__
    cdef public object body, method, outcome, path, path_params, request, target
    cpdef new_context(self)
