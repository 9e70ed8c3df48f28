"""The page "Server options", made from the record that the server itself reads.

python -m checks.server_options          rewrite docs/server-options.md
python -m checks.server_options --check  fail when it is not what it should be
"""

import sys
from itertools import groupby
from pathlib import Path

from pronghorn.server.config import ServerConfig
from pronghorn.server.options import Option, options_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "server-options.md"

INTRODUCTION = """\
# Server options

<!-- made by `python -m checks.server_options` from `ServerConfig`: change it there -->

Every option of the native server. An option called `header_timeout` is

- the flag `--header-timeout` of `pronghorn run` and `pronghorn dev`; else
- the environment variable `PRONGHORN_HEADER_TIMEOUT`; else
- the key `header_timeout` under `[tool.pronghorn.server]` in the `pyproject.toml` of the current folder; else
- what the table says. From Python it is a field of `ServerConfig`, which reads none of the other places.

```toml title="pyproject.toml"
[tool.pronghorn.server]
workers = "auto"
header_timeout = 5
max_body_size = "10 MiB"
```

```python
from pronghorn.server import ServerConfig

config = ServerConfig(workers=2, header_timeout=5, max_body_size=10 * 1024 * 1024)
```

Times are in seconds, sizes in bytes or with `KiB`, `MiB`, `GiB`. Switches are `true` or `false`; as flags
`--reload` and `--no-reload`. `none` takes a limit away where the table says so. A value that cannot work ends
the start, with a message that names the flag, variable or key, what stands there and what should.
"""


def page() -> str:
    """The text of the page."""
    parts = [INTRODUCTION]
    for group, options in groupby(options_of(ServerConfig), lambda option: option.group):
        parts.append(f"## {group}\n")
        parts.append("| Option | Default | Meaning |\n|---|---|---|")
        parts.extend(_row(option) for option in options)
        parts.append("")
    return "\n".join(parts)


def _row(option: Option) -> str:
    meaning = option.about.help
    if option.choices:
        meaning += f" One of {', '.join(f'`{choice}`' for choice in option.choices)}."
    if option.optional and option.default is not None:
        meaning += " `none` switches it off."
    if option.about.flag:
        meaning += f" The flag is `{option.about.flag}`."
    if option.about.variables:
        others = ", ".join(f"`{name}`" for name in option.about.variables)
        meaning += f" The variable {others} counts too."
    default = option.text_of(option.default)
    return f"| `{option.name}` | {default or 'none'} | {meaning} |"


def main(arguments: list[str]) -> int:
    """Write the page, or look whether it is up to date; the exit code."""
    if arguments != ["--check"]:
        PAGE.write_text(page(), "utf-8")
        return 0
    if PAGE.read_text("utf-8") == page():
        return 0
    print(f"{PAGE} is not what `python -m checks.server_options` makes of `ServerConfig`: run it")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
