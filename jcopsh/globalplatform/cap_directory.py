"""The Directory component: what it says of the other components of a CAP file, held against them.

Source: Java Card Virtual Machine Specification, 6.4 (2.2.2 and 3.1, Classic Edition).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jcopsh.globalplatform.cap_components import (
    FIRST_CUSTOM_TAG,
    LOAD_ORDER,
    CapError,
    Component,
    ComponentReader,
)

# the last component that the directory of a compact file gives the size of, in the order of their tags, by the minor
# version of the format
_LAST_IN_DIRECTORY = {1: Component.DESCRIPTOR, 2: Component.DEBUG, 3: Component.STATIC_RESOURCE}
_STATIC_FIELD_SIZES = 6  # bytes behind these sizes: image_size, array_init_count, array_init_size


def check_directory(components: Mapping[Component, bytes], minor: int, *, imports: int, applets: int) -> None:
    """Raise CapError where the directory of a compact file gives other sizes or counts than the components have.

    `minor` is the minor version of the format. Components that are not loaded may be missing all the same: clients and
    converters leave them out.
    """
    data = components[Component.DIRECTORY]
    directory = ComponentReader(Component.DIRECTORY, data, 3)
    for component in _components_in_directory(data, minor):
        _check_told_size(directory, component, components)
    directory.take(_STATIC_FIELD_SIZES, "the sizes of static fields")
    for what, there in (("imports", imports), ("applets", applets)):
        at = directory.position
        told = directory.number(f"the number of {what}")
        if told != there:
            raise CapError(f"it counts {told} {what}, and there are {there}", Component.DIRECTORY, at)
    for _ in range(directory.number("the number of custom components")):
        _skip_custom_component(directory)
    directory.finish()


def _components_in_directory(data: bytes, minor: int) -> tuple[Component, ...]:
    """The components that it gives sizes of: those of the format; where these do not fill it to its end, those of
    another, as not every converter counts alike."""
    of_format = _LAST_IN_DIRECTORY[minor]
    fitting = (last for last in (of_format, *_LAST_IN_DIRECTORY.values()) if _fills(data, _components_to(last)))
    return _components_to(next(fitting, of_format))


def _components_to(last: Component) -> tuple[Component, ...]:
    return tuple(one for one in Component if one <= last)


def _fills(data: bytes, listed: Sequence[Component]) -> bool:
    """Whether a directory that lists these ends where the component does."""
    directory = ComponentReader(Component.DIRECTORY, data, 3)
    try:
        directory.take(sum(map(_told_width, listed)) + _STATIC_FIELD_SIZES + 2, "sizes and counts")
        for _ in range(directory.number("the number of custom components")):
            _skip_custom_component(directory)
    except CapError:
        return False
    return directory.at_end


def _told_width(component: Component) -> int:
    return 4 if component is Component.STATIC_RESOURCE else 2


def _skip_custom_component(directory: ComponentReader) -> None:
    at = directory.position
    tag = directory.number("the tag of a custom component")
    if tag < FIRST_CUSTOM_TAG:
        raise CapError(f"{tag:02X} is no tag of a custom component", Component.DIRECTORY, at)
    directory.take(2, "the size of a custom component")
    directory.aid("the AID of a custom component")


def _check_told_size(directory: ComponentReader, component: Component, components: Mapping[Component, bytes]) -> None:
    at, width = directory.position, _told_width(component)
    told = directory.number(f"the size of {component.title}", width)
    there = len(components[component]) - 1 - width if component in components else 0
    if told != there and (there or component in LOAD_ORDER):
        has = f"it has {there}" if there else "there is none"
        raise CapError(f"it gives {component.title} {told} bytes, and {has}", Component.DIRECTORY, at)
