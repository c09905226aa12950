"""What is said of GlusterFS's trash (features.trash), which keeps what users removed."""

from collections.abc import Iterator, Mapping

from engine.config import Session
from engine.gluster import urls
from engine.gluster.volume import Volume
from engine.session.checks import Check

_TRASH, _NAME, _MOST = "features.trash", "features.trash-dir", "features.trash-max-filesize"
_ON = ("on", "yes", "true", "enable", "1")


def here(found: Volume) -> Iterator[Check]:
    """Say what a trash on the primary means; nothing where there is none."""
    if found.switched_on(_TRASH):
        kept = f"in /{_name(found.options)}, up to {found.options.get(_MOST, '5MB')} each"
        words = f"{found.name} keeps what users remove {kept}; it is removed on the secondary"
        yield Check("trash", True, words)


def there(session: Session, options: Mapping[str, str]) -> Iterator[Check]:
    """Say that a trash on the secondary must be off; nothing where there is none.

    Each time that a directory with files was removed there, a brick of GlusterFS 10.3 ended with a
    segmentation fault, when it was asked where something stands.
    """
    if urls.is_directory(session.volume) or options.get(_TRASH, "off").lower() not in _ON:
        return
    volume = session.volume
    words = f"{volume} keeps what is removed in /{_name(options)}; its bricks die of removals then"
    fix = f"On {session.host}: gluster volume set {volume} {_TRASH} off"
    yield Check("trash", False, words, fix)


def _name(options: Mapping[str, str]) -> str:
    return options.get(_NAME, ".trashcan")
