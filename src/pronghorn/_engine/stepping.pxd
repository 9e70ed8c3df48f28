cdef class Stepper:
    cdef public object _host, _loop, _mailbox
