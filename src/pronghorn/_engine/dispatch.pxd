cimport cython
from pronghorn._engine.exchange cimport Exchange
from pronghorn._engine.stepping cimport Stepper
from pronghorn._engine.target cimport Target

cdef class Dispatcher(Stepper):
    cdef public object _exception_handlers, _find, _server_error, _status_handlers

    @cython.locals(target=Target)
    cpdef select(self, Exchange x)
    cpdef handle(self, Exchange x, plan)
    cpdef _handle_later(self, Exchange x, plan)
