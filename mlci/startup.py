"""What a start leaves out: modules that others import, and that a command seldom uses."""

import sys
from _thread import RLock
from importlib.util import find_spec, module_from_spec

# With the first click unindents a help text, with the second urllib reads an address, with the third msgspec
# wraps a schema, and with the last gettext finds a language and subprocess an encoding.
_SELDOM_USED = ("inspect", "ipaddress", "textwrap", "locale")
_BACKPORTS = "typing_extensions"


def lighten() -> None:
    """Make what follows cheaper to import: a diff of numbers takes a tenth less of all that it does."""
    for name in _SELDOM_USED:
        _put_off(name)
    _load_msgspec()


def _put_off(name: str) -> None:
    """Let a module be loaded by the first use of something in it, not by its import."""
    spec = find_spec(name) if name not in sys.modules else None
    if spec is None or spec.loader is None:
        return
    module, loader, one_at_a_time = module_from_spec(spec), spec.loader, RLock()

    def loaded(attribute: str) -> object:
        with one_at_a_time:
            if vars(module).get("__getattr__") is loaded:
                loader.exec_module(module)
                del module.__getattr__
        return getattr(module, attribute)

    module.__getattr__ = loaded  # type: ignore[method-assign]
    sys.modules[name] = module


def _load_msgspec() -> None:
    """Load msgspec without `typing_extensions`, which it takes where somebody has installed it.

    From Python 3.11 on it finds all of it in `typing`.
    """
    if not {"msgspec", _BACKPORTS} & sys.modules.keys():
        sys.modules[_BACKPORTS] = None  # type: ignore[assignment]
        import msgspec  # noqa: F401, PLC0415 - after what it shall not find

        del sys.modules[_BACKPORTS]
