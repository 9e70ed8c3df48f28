"""The compiled plan of a path operation: one function, from an exchange to its answer.

Lives here: assembling the plan's source from the settled declaration, and how the plan has to be run.
Must not live here: running it (`_engine`). Invariant: a plan reads and validates everything before it calls
anything of the user's; if it cannot go on it returns None and nothing has happened.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic.errors import PydanticUserError
from pydantic_core import ValidationError
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response

from pronghorn._base.background import BackgroundTasks
from pronghorn._base.sentinels import settled
from pronghorn._base.status_codes import allows_body
from pronghorn._compile.body import flat_body_params, should_embed_body_fields
from pronghorn._compile.codegen import SourceWriter
from pronghorn._compile.content import write_content
from pronghorn._compile.dependant import oauth_scopes
from pronghorn._compile.exits import SteppedWriter, Way, is_alone, way_of
from pronghorn._compile.extract import read_params
from pronghorn._compile.fields import (
    is_simple,
    one_header_lines,
    request_name,
    write_body_member,
    write_json_check,
    write_simple,
    write_whole_body,
)
from pronghorn._compile.graph import Step, ordered_steps
from pronghorn._compile.handler_spec import HandlerSpec
from pronghorn._compile.json_input import json_errors, tells_json_alike
from pronghorn._compile.wire import has_json_body, parse_query, read_cookies, read_headers
from pronghorn._compile.written_errors import writes_errors_alike, written_errors
from pronghorn._declare.params import Header
from pronghorn._declare.security.oauth2 import SecurityScopes
from pronghorn._schema.field import ModelField, param_aliases

_PATH = "x.path_params"

#: Variables of plan sources; callables of these names go by others.
_LOCAL_NAMES = (
    r"x|request_stack|function_stack|path|query|headers|cookies|raw|received|values|errors|content|data"
    r"|name|value|header|is_json|request|background|response|valid|error|reply|finished|stopped|[grv]\d+(_.*)?"
    r"|in_thread_\d+|plan_.*"
)

#: Factories of defaults that can be called at any time.
_PURE_FACTORIES = (None, list, dict, set, frozenset, tuple)

#: Names that plan sources use, beside what the engine supplies.
_RUNTIME: dict[str, Any] = {
    "BackgroundTasks": BackgroundTasks,
    "Headers": Headers,
    "MISSING": object(),
    "QueryParams": QueryParams,
    "Response": Response,
    "SecurityScopes": SecurityScopes,
    "ValidationError": ValidationError,
    "copy_default": lambda field: deepcopy(field.default),
    "has_json_body": has_json_body,
    "loads": json.loads,
    "new": object.__new__,
    "parse_query": parse_query,
    "read_cookies": read_cookies,
    "read_headers": read_headers,
    "read_params": read_params,
}


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """How one path operation is run.

    Attributes:
        in_place: whether ``way`` is ``in place``.
        way: ``in place``: nothing in it can suspend, it is stepped where the request arrives; ``thread``:
            everything in it is synchronous, it runs in one worker thread; ``relay``: some of it is synchronous,
            and nothing of the rest can suspend, so it goes to a worker thread and back; ``task``: it runs as a task.
        function: takes the exchange (and, with ``uses_stacks``, the request's and the function's exit
            stacks); gives a reply, a Starlette response, the error items of a request that is refused, or None
            for "ask the reference way". A coroutine function where the way is ``task``. Where it is ``in place``
            or ``relay``, or the plan ``holds_exits``, a generator that yields where it has to go on, or that its
            answer is to be sent (see `_engine.exits`): what it gives is then ``outcome`` of the exchange.
        source, filename: what ``function`` was compiled from, and its name in tracebacks.
        needs_body: whether the whole body has to be there first.
        uses_stacks, holds_exits: whether dependencies have exits: left to stacks, written into the plan.
        exits_alone: whether the only exit is that of one asynchronous generator, and user code sees no request:
            the plan then needs one stack, and no scope as long as there is none.
        uses_request: whether user code gets to see the request.
        is_direct: whether it is run in place or as a task, has no exits, and shows user code no request.
        is_lone: whether the endpoint is all that is called: it has no dependencies, and no factories of defaults.
        steps: the calls, in order.
        spec: the declaration.
    """

    way: Way
    function: Callable[..., Any]
    source: str
    filename: str
    needs_body: bool
    uses_stacks: bool
    holds_exits: bool
    exits_alone: bool
    uses_request: bool
    is_direct: bool
    is_lone: bool
    in_place: bool
    steps: tuple[Step, ...]
    spec: HandlerSpec


def compile_plan(spec: HandlerSpec, title: str, engine: Mapping[str, Any]) -> EndpointPlan | None:
    """Compile the plan of a path operation; None where only the reference way will do.

    Args:
        spec: the settled declaration.
        title: method and path, for tracebacks.
        engine: what the engine supplies to plans: ``Reply``, ``make_request``, ``blank_response``, ``hop``,
            ``isolate``, ``enter``, ``encode_plain``, ``response_error``, ``answer_with_class``, and for exits
            the markers of places, ``not_awaited``, ``stop``, ``stop_async``, ``throw``, ``throw_async``.
    """
    steps = ordered_steps(spec.dependant)
    if not _can_compile(spec, steps):
        return None
    try:
        return _PlanBuilder(spec, steps, engine).build(title)
    except PydanticUserError:
        # An annotation names something that is not defined (yet): who uses it is told what, by the reference way.
        return None


def _can_compile(spec: HandlerSpec, steps: list[Step]) -> bool:
    endpoint = steps[-1]
    if spec.reads_form or spec.is_sse_stream or spec.is_json_stream or endpoint.is_generator:
        return False
    if any(step.node.concurrency is not None or step.node.websocket_param_name for step in steps):
        return False
    if not all(_can_read(field) for step in steps for field in step.text_params):
        return False
    body_params = flat_body_params(spec.dependant)
    return all(len(param_aliases(field)) == 1 for field in body_params)


def _makes_defaults(step: Step) -> bool:
    """Whether reading the parameters may call a factory, which has to be called once."""
    fields = [*step.text_params, *step.node.body_params]
    return any(field.field_info.default_factory is not None for field in fields)


def _can_read(field: ModelField) -> bool:
    """Whether nobody could tell that a parameter is read before the dependencies run."""
    info = field.field_info
    if isinstance(info, Header) and not all(name.isascii() for _, name in param_aliases(field)):
        return False  # the reference way fails at it, at its time
    return is_simple(field) or info.default_factory in _PURE_FACTORIES


class _PlanBuilder:
    """Writes the source of one plan."""

    def __init__(self, spec: HandlerSpec, steps: list[Step], engine: Mapping[str, Any]) -> None:
        self.spec = spec
        self.steps = steps
        self.writer = SourceWriter(_LOCAL_NAMES)
        self.writer.namespace.update(_RUNTIME)
        self.writer.namespace.update(engine)
        has_exits = any(step.is_generator for step in steps)
        self.needs_body = spec.body_field is not None
        self.arguments: dict[int, dict[str, str]] = {step.index: {} for step in steps}
        self.uses_background = any(step.node.background_tasks_param_name for step in steps)
        self.uses_response = any(step.node.response_param_name for step in steps)
        self.uses_request = any(
            step.node.request_param_name or step.node.http_connection_param_name for step in steps
        )
        self.way: Way = way_of(steps, sees_stacks=self.uses_request)
        self.holds_exits = has_exits and self.way != "task"
        self.uses_stacks = has_exits and self.way == "task"
        self.is_stepped = self.way in ("in place", "relay") or self.holds_exits
        self.exits_alone = self.uses_stacks and not self.uses_request and is_alone(steps)

    def build(self, title: str) -> EndpointPlan:
        name = self.writer.bind(f"plan_{getattr(self.spec.call, '__name__', 'endpoint')}", object())
        del self.writer.namespace[name]
        arguments = "x, request_stack, function_stack" if self.uses_stacks else "x"
        keyword = "async def" if self.way == "task" else "def"
        with self.writer.block(f"{keyword} {name}({arguments}):"):
            if self.is_stepped:
                self.writer.line("x.outcome = None")
            self._write_reading()
            self._write_injectables()
            self._write_calls()
        function, filename = self.writer.compile(name, title)
        if self.is_stepped:
            function = types.coroutine(function)  # it may then delegate to coroutines
        return EndpointPlan(
            way=self.way,
            function=function,
            source=self.writer.source,
            filename=filename,
            needs_body=self.needs_body,
            uses_stacks=self.uses_stacks,
            holds_exits=self.holds_exits,
            exits_alone=self.exits_alone,
            uses_request=self.uses_request,
            is_direct=self.way in ("in place", "task")
            and not (self.uses_stacks or self.holds_exits or self.exits_alone or self.uses_request),
            is_lone=len(self.steps) == 1 and not _makes_defaults(self.steps[0]),
            in_place=self.way == "in place",
            steps=tuple(self.steps),
            spec=self.spec,
        )

    # --- reading

    def _write_reading(self) -> None:
        reading = [
            (
                source,
                [(step, field) for step in self.steps for field in getattr(step.node, f"{source}_params")],
            )
            for source in ("path", "query", "header", "cookie")
        ]
        if not self.needs_body and not any(fields for _, fields in reading):
            return
        with self.writer.block("try:"):
            for source, fields in reading:
                if fields:
                    getattr(self, f"_write_{source}")(fields)
            if self.needs_body:
                self._write_body()
        # Whatever it is (a validation error, JSON that cannot be decoded, a validator's own mistake), it has
        # to happen where the reference way meets it: after the dependencies before it.
        with self.writer.block("except Exception:"):
            self.writer.line("return None")

    def _variable(self, step: Step, field: ModelField) -> str:
        variable = f"v{step.index}_{field.name}"
        argument = variable
        if field.field_info.default_factory is not None:
            # A factory is called where the reference way calls it: just before what gets its result.
            field_name = self.writer.bind(f"field_{variable}", field)
            argument = f"copy_default({field_name}) if {variable} is MISSING else {variable}"
        self.arguments[step.index][field.name] = argument
        return variable

    def _write_fields(
        self, fields: list[tuple[Step, ModelField]], raw: Callable[[str], str], mapping: str, *setup: str
    ) -> None:
        """Read the fields of one source: simple ones one by one, the others through the reference."""
        simple = [(step, field) for step, field in fields if is_simple(field)]
        for line in setup if simple else ():
            self.writer.line(line)
        for step, field in simple:
            is_text = mapping != _PATH
            write_simple(self.writer, field, raw(request_name(field)), self._variable(step, field), is_text)
        others = [(step, field) for step, field in fields if not is_simple(field)]
        if others:
            self.writer.line(f"received = {mapping}")
        for step, field in others:
            name = self.writer.bind(f"fields_{field.name}", [field])
            self.writer.line(f"values, errors = read_params({name}, received)")
            with self.writer.block("if errors:"):
                self.writer.line("return None")
            self.writer.line(f"{self._variable(step, field)} = values[{field.name!r}]")

    def _write_path(self, fields: list[tuple[Step, ModelField]]) -> None:
        self._write_fields(fields, lambda name: f"path.get({name!r})", _PATH, f"path = {_PATH}")

    def _write_query(self, fields: list[tuple[Step, ModelField]]) -> None:
        self._write_fields(
            fields,
            lambda name: f"query.get({name!r})",
            "QueryParams(x.query)",
            "query = parse_query(x.query)",
        )

    def _write_header(self, fields: list[tuple[Step, ModelField]]) -> None:
        names = frozenset(
            request_name(field).lower().encode("latin-1") for _, field in fields if is_simple(field)
        )
        if len(names) == 1:
            self._write_fields(
                fields, lambda _: "header", "Headers(raw=x.headers)", *one_header_lines(min(names))
            )
            return
        wanted = self.writer.bind("WANTED_HEADERS", names)
        self._write_fields(
            fields,
            lambda name: f"headers.get({name.lower().encode('latin-1')!r})",
            "Headers(raw=x.headers)",
            f"headers = read_headers(x.headers, {wanted})",
        )

    def _write_cookie(self, fields: list[tuple[Step, ModelField]]) -> None:
        self._write_fields(
            fields,
            lambda name: f"cookies.get({name!r})",
            "read_cookies(x.headers)",
            "cookies = read_cookies(x.headers)",
        )

    def _write_body(self) -> None:
        """Read the body; one that is absent or no JSON is left to the reference, unless all have defaults."""
        fields = [(step, field) for step in self.steps for field in step.node.body_params]
        strict = bool(settled(self.spec.strict_content_type))
        self.writer.line("content = x.body")
        write_json_check(self.writer, strict)
        members = [(step, field) for step, field in fields if self._embeds(step)]
        for step, field in fields:
            if not self._embeds(step):
                self._write_whole_body(field, self._variable(step, field))
        if not members:
            return
        self.writer.line("data = loads(content)")
        with self.writer.block("if type(data) is not dict:"):
            self.writer.line("return None")
        for step, field in members:
            write_body_member(self.writer, field, self._variable(step, field))

    def _write_whole_body(self, field: ModelField, target: str) -> None:
        """Read the body parameter that is the whole body; where nothing else is to be done, tell what is wrong."""
        schema = field._type_adapter.core_schema
        if len(self.steps) > 1 or not tells_json_alike(schema):
            write_whole_body(self.writer, field, target)
            return
        with self.writer.block("try:"):
            write_whole_body(self.writer, field, target)
        with self.writer.block("except ValidationError as error:"):
            if writes_errors_alike(schema):
                self._write_outcome(self.writer.bind("written_errors", written_errors) + "(error)")
            else:
                self._write_outcome(self.writer.bind("json_errors", json_errors) + "(error, ('body',))")
            if self.is_stepped:
                self.writer.line("return")

    def _embeds(self, step: Step) -> bool:
        """Whether the body is an object with the step's body parameters as members."""
        return self.spec.embed_body_fields or should_embed_body_fields(step.node.body_params)

    # --- calling

    def _write_injectables(self) -> None:
        if self.uses_request:
            self.writer.line("request = make_request(x)")
        if self.uses_background:
            self.writer.line("background = BackgroundTasks()")
        if self.uses_response:
            self.writer.line("response = blank_response()")

    def _arguments_source(self, step: Step) -> str:
        node = step.node
        # In the reference's order, which a callable with `**arguments` can see.
        arguments = {name: f"r{index}" for name, index in step.results.items()}
        read = self.arguments[step.index]
        arguments.update((field.name, read[field.name]) for field in [*step.text_params, *node.body_params])
        injected = (
            (node.http_connection_param_name, "request"),
            (node.request_param_name, "request"),
            (node.background_tasks_param_name, "background"),
            (node.response_param_name, "response"),
        )
        arguments.update({name: expression for name, expression in injected if name})
        if node.security_scopes_param_name:
            scopes = self.writer.bind("scopes", tuple(oauth_scopes(node)))
            arguments[node.security_scopes_param_name] = f"SecurityScopes(scopes=[*{scopes}])"
        return ", ".join(f"{name}={expression}" for name, expression in arguments.items())

    def _call_source(self, step: Step) -> tuple[str, str]:
        name = getattr(step.call, "__name__", None) or type(step.call).__name__
        return self.writer.bind(name, step.call), self._arguments_source(step)

    def _segments(self) -> list[list[Step]]:
        """Consecutive synchronous calls together: they share one trip to a worker thread."""
        segments: list[list[Step]] = []
        for step in self.steps:
            if segments and step.is_sync and segments[-1][-1].is_sync:
                segments[-1].append(step)
            else:
                segments.append([step])
        return segments

    def _write_calls(self) -> None:
        """Run everything and answer."""
        if self.is_stepped:
            stepped = SteppedWriter(self.writer, self.steps, self.way, self._call_text, self._write_call)
            stepped.write(self._write_answer)
            return
        for segment in self._segments():
            if segment[0].is_sync and self.way != "thread":
                self._write_hop(segment)
                continue
            for step in segment:
                self._write_call(step)
        self._write_answer()

    def _call_text(self, step: Step) -> str:
        return "{}({})".format(*self._call_source(step))

    def _write_call(self, step: Step) -> None:
        function, arguments = self._call_source(step)
        target = f"r{step.index}"
        if step.is_sync:
            self.writer.line(f"{target} = {self._sync_call(step, function, arguments)}")
        elif step.is_generator:
            self.writer.line(f"{target} = {self._enter_source(step, function, arguments)}")
        elif self.is_stepped:
            # PERF: a quarter of what `send` and its StopIteration cost. Nothing in it can suspend.
            self.writer.line(f"{target} = yield from {function}({arguments})")
        else:
            self.writer.line(f"{target} = await {function}({arguments})")

    def _sync_call(self, step: Step, function: str, arguments: str) -> str:
        """A synchronous call: what a dependency sets in context variables stays its own.

        So does what the endpoint sets, where something follows it in the same context.
        """
        if step is self.steps[-1] and not self.is_stepped:
            return f"{function}({arguments})"
        return f"isolate({function}{', ' if arguments else ''}{arguments})"

    def _enter_source(self, step: Step, function: str, arguments: str) -> str:
        stack = "function_stack" if step.node.scope == "function" else "request_stack"
        node = self.writer.bind(f"needs_of_{function}", step.node)
        entering = f"enter(x, {stack}, {node}, dict({arguments}))"
        if self.exits_alone:
            # Without a scope from outside, the request has a task to itself: nothing encloses this one exit that
            # might be cancelled apart from it, so it needs no shield.
            manager = self.writer.bind(f"manage_{function}", asynccontextmanager(step.call))
            entering = f"(request_stack.enter_async_context({manager}({arguments})) if x._scope is None else {entering})"
        return f"await {entering}"

    def _write_hop(self, segment: list[Step]) -> None:
        """Run synchronous calls in one trip to a worker thread."""
        name = f"in_thread_{segment[0].index}"
        with self.writer.block(f"def {name}():"):
            for step in segment:
                function, arguments = self._call_source(step)
                self.writer.line(f"r{step.index} = {self._sync_call(step, function, arguments)}")
            self.writer.line(f"return {', '.join(f'r{step.index}' for step in segment)},")
        targets = ", ".join(f"r{step.index}" for step in segment)
        self.writer.line(f"{targets}, = await hop({name})")

    # --- answering

    def _write_answer(self) -> None:
        result = f"r{self.steps[-1].index}"
        with self.writer.block(f"if isinstance({result}, Response):"):
            if self.uses_background:
                with self.writer.block(f"if {result}.background is None:"):
                    self.writer.line(f"{result}.background = background")
            self._write_outcome(result)
        with self.writer.block("else:"):
            self._write_made_answer(result)

    def _write_made_answer(self, result: str) -> None:
        """Answer with something else than a response."""
        spec = self.spec
        plain = spec.response_field is None and spec.response_class_is_default
        if not (plain or spec.serializes_directly) or not allows_body(spec.status_code) or self.uses_response:
            self._write_class_answer(result)
            return
        write_content(self.writer, spec, result)
        # PERF: a third of a call of the class, with its arguments.
        self.writer.line("reply = new(Reply)")
        self.writer.line(f"reply.status = {spec.status_code or 200}")
        self.writer.line("reply.body = content")
        self.writer.line("reply.media_type = b'application/json'")
        self.writer.line("reply.headers = ()")
        after = "background if background.tasks else None" if self.uses_background else "None"
        self.writer.line(f"reply.after = {after}")
        self._write_outcome("reply")

    def _write_outcome(self, result: str) -> None:
        if self.is_stepped:
            self.writer.line(f"x.outcome = {result}")
        else:
            self.writer.line(f"return {result}")

    def _write_class_answer(self, result: str) -> None:
        spec_name = self.writer.bind("spec", self.spec)
        response = "response" if self.uses_response else "None"
        background = "background" if self.uses_background else "None"
        self._write_outcome(f"answer_with_class(x, {spec_name}, {result}, {response}, {background})")
