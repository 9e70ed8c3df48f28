cdef class Record:
    cdef public object bind, index, methods, pattern, target

cdef class Node:
    cdef public dict certain, firsts, literals, tested
    cdef public object plain
    cdef public Node default, rest
    cdef public Record certain_any
    cdef public bint closed
    cdef public list records
