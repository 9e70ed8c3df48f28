cdef class Target:
    cdef public object app, app_items, max_body_size, plan, scope_items, spec, title
