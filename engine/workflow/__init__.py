"""Which steps are open now: recipe diagrams executed by SpiffWorkflow. The only package that knows the library.

The journal is the record. A run is recomputed from it (`Procedure.replay`), or restored from a snapshot, a cache.
"""

from engine.errors import DamagedSnapshotError
from engine.workflow.instance import Decided, OpenItem
from engine.workflow.procedure import Change, EngineEvent, Procedure, Run

__all__ = ["Change", "DamagedSnapshotError", "Decided", "EngineEvent", "OpenItem", "Procedure", "Run"]
