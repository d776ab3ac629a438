"""Self-contained HTML pages: one recording's assessment, one run's evaluation.

Everything here displays; nothing here computes a result. Normalising a value for display happens in this package alone,
and each page says where it does.
"""

from openada.report.assessment import write_assessment_report
from openada.report.content import (
    AssessmentContent,
    Curve,
    EvaluationContent,
    ModelDescription,
    NamedTable,
    Picture,
    ScoreInterval,
    Segment,
    SegmentClip,
    SegmentPictures,
    SplitSummary,
    TestResult,
    WholeVideo,
)
from openada.report.evaluation import write_evaluation_report

__all__ = [
    "AssessmentContent",
    "Curve",
    "EvaluationContent",
    "ModelDescription",
    "NamedTable",
    "Picture",
    "ScoreInterval",
    "Segment",
    "SegmentClip",
    "SegmentPictures",
    "SplitSummary",
    "TestResult",
    "WholeVideo",
    "write_assessment_report",
    "write_evaluation_report",
]
