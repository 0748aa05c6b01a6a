"""Reports are served beside the UI, and no script in them runs."""

from starlette.applications import Starlette
from starlette.testclient import TestClient

from hoban_assets.front.pages import PAGES, with_pages


def test_the_first_page_and_reports_are_served_with_a_policy_against_scripts(tmp_path):
    (tmp_path / "index.html").write_text("<h1>first</h1>")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.html").write_text("<script>steal()</script>")
    client = TestClient(with_pages(Starlette(), tmp_path))
    assert client.get(f"{PAGES}/").text == "<h1>first</h1>"
    policy = client.get(f"{PAGES}/results/a.html").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_file_elsewhere_is_not_served_through_a_link(tmp_path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "reports" / "link.txt").symlink_to(tmp_path / "secret.txt")
    client = TestClient(with_pages(Starlette(), tmp_path / "reports"))
    assert client.get(f"{PAGES}/link.txt").status_code == 404
