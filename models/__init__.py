"""Networks and their registry. No Spark, Delta, S3 or Airflow."""
