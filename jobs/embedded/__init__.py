"""Airflow and PostgreSQL as processes of one laptop."""
