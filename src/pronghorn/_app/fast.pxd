cimport cython
from pronghorn._engine.dispatch cimport Dispatcher
from pronghorn._engine.exchange cimport Exchange

cdef class FastApplication:
    cdef public object _app, _direct, _generation, _handlers, _inner, _outer, _stack

    @cython.locals(dispatcher=Dispatcher)
    cpdef handle(self, Exchange x)
