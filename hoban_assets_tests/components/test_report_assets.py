"""What the UI shows of a report."""

from pathlib import Path

import dagster as dg

from hoban_assets.components.report_assets import report_metadata
from hoban_assets.reporting.report import Report
from hoban_assets.settings import Settings


def test_a_report_leads_to_its_page_first_then_figures_and_files_last(monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "en")
    settings = Settings.from_env({"HOBAN_DATA_ROOT": "/a"})
    files = (Path("/a/reports/DATASET_STATUS.md"), Path("/a/reports/현장 1/STATUS.html"))
    told = report_metadata(Report(files, "text", {"stale": 3}), settings)
    assert list(told) == ["page", "stale", "preview", "path", "file/STATUS.html"]
    assert told["page"] == dg.MetadataValue.url("/hoban/%ED%98%84%EC%9E%A5%201/STATUS.html")
    assert "page" not in report_metadata(Report(files[:1], "text"), settings)
