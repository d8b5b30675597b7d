"""What Airflow and the stages are started with."""

from jobs.embedded.environment import child_environment


def test_children_keep_what_python_has_compiled(settings, monkeypatch):
    monkeypatch.setenv("SPARK_HOME", "/opt/spark")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("A_PERSONS_OWN", "kept")
    environment = child_environment(settings)
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["A_PERSONS_OWN"] == "kept"
