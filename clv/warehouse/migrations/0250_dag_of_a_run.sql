-- Airflow gives runs of two DAGs the same id if both are scheduled at the same time, so the DAG's id is stored too.

alter table ops.runs add column dag_id text;
comment on column ops.runs.dag_id is
'DAG whose run started_by names; null where Airflow did not start the run, or where that was not kept yet.';
