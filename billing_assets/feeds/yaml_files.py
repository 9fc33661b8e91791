"""YAML files as people write them: settings of a company, mappings of a policy book.

Belongs here: reading such a file into plain values, and saying in which line it cannot be read.
Does not belong here: what its keys mean (``mapping``, ``domain.companies``).
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from billing_assets.domain.errors import BillingError

_LONGEST_REASON = 300


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice, where YAML itself would let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        for key in keys:
            if keys.count(key) > 1:
                mark = node.start_mark
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' is given twice", mark)
        return super().construct_mapping(node, deep)

    def construct_scalar_of_its_type(self, node: yaml.ScalarNode) -> object:
        """Return the date or the number of a node; one that does not exist is a fault of its line."""
        name = node.tag.rpartition(":")[2]
        make = {"timestamp": self.construct_yaml_timestamp, "int": self.construct_yaml_int}[name]
        try:
            return make(node)
        except ValueError:
            words = {"timestamp": "date", "int": "number"}[name]
            found = f"'{node.value[:40]}' is no {words} that exists"
            raise yaml.constructor.ConstructorError(None, None, found, node.start_mark) from None


for _name in ("timestamp", "int"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{_name}", _StrictLoader.construct_scalar_of_its_type)


def read_yaml_file(path: Path, *, code: str, kind: str, see: str) -> object:
    """Return what the YAML file at ``path`` holds, as plain values.

    Raises:
        BillingError: ``code``, naming ``kind``, the file, what is wrong and in which line; ``see`` says where
            the keys are described.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        reason, todo = error.strerror or type(error).__name__, "name a YAML file that can be read"
    except UnicodeDecodeError:
        reason, todo = "it is not UTF-8", "name a YAML file that can be read"
    except RecursionError:
        reason, todo = "it is nested too deeply", f"correct the YAML; {see}"
    except yaml.YAMLError as error:
        reason = " ".join(str(error).replace('"<unicode string>", ', "").split())[:_LONGEST_REASON]
        todo = f"correct the YAML; {see}"
    raise BillingError(code, f"{kind} {path.name}: {reason}", todo)
