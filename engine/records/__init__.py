"""The tables, one noun per file. `TABLES` lists them; a table that is missing here does not exist."""

from __future__ import annotations

from engine.records.adoption import AdHocChange, Adoption
from engine.records.base import Record
from engine.records.batch import Batch, Task
from engine.records.change import Change, ChangeItem, DecisionSet, Duty, EntryReview, OpenBatchDecision
from engine.records.draft import RecipeDraft
from engine.records.dry_run import DryRun, DryRunJob
from engine.records.due_time import DueTime
from engine.records.equipment import Equipment
from engine.records.exception import Departure, ExceptionRecord, ExceptionTriage
from engine.records.import_mapping import ImportMapping
from engine.records.journal import Checkpoint, EngineSnapshot, Journal, Stream
from engine.records.material_lot import MaterialLot
from engine.records.notice import Notice
from engine.records.person import Person, PersonRole
from engine.records.recipe import RecipeDocument, RecipeRevision
from engine.records.scan import Scan
from engine.records.signature import Decision, Signature
from engine.records.training import Training, TrainingRequirement
from engine.records.value import Correction, ParameterValue, Reading

TABLES: tuple[type[Record], ...] = (
    Stream,
    Journal,
    Checkpoint,
    EngineSnapshot,
    RecipeDocument,
    RecipeRevision,
    RecipeDraft,
    DryRun,
    DryRunJob,
    ImportMapping,
    Batch,
    Task,
    MaterialLot,
    Equipment,
    Reading,
    ParameterValue,
    Correction,
    ExceptionRecord,
    Person,
    PersonRole,
    Training,
    Signature,
    ExceptionTriage,
    Decision,
    Departure,
    DueTime,
    Scan,
    Change,
    ChangeItem,
    EntryReview,
    DecisionSet,
    OpenBatchDecision,
    Duty,
    AdHocChange,
    Adoption,
    Notice,
    TrainingRequirement,
)

__all__ = ["TABLES", *sorted(table.__name__ for table in TABLES)]  # pyright: ignore
