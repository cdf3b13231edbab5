-- Airflow gives runs of two DAGs the same id where both are scheduled at the same time: a run is known by its DAG too.

alter table ops.runs add column dag_id text;
comment on column ops.runs.dag_id is
'DAG whose run started_by names; null where Airflow did not start the run, or where that was not kept yet.';
