from __future__ import annotations
from dataclasses import dataclass, field
from typing import Any
@dataclass(frozen=True)
class ChangeScope:
    facts: dict = field(default_factory=dict)
    training: tuple = ()
    labels: bool = False
    materials: tuple = ()
    equipment: tuple = ()
    regulatory: tuple = ()
    def to_json(self) -> dict[str, Any]: return dict(self.facts)
def change_scope(d, old, new):
    lim=any(e.property.lower().startswith(("nor","par")) for e in d.entries)
    return ChangeScope({"editorial":d.editorial,"critical":bool(d.critical),"limits":lim,"training":True,"system":True,"regulatory":bool(d.critical),"tests":False,"flow":False,"verification":False,"labels":False,"safety":False,"weaker":d.weaker,"entries":len(d.entries)})
