-- Run once by the image of Postgres, in the database `mlflow` that it makes itself.
CREATE DATABASE dagster;
