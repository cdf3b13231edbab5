"""The names of schemas and tables. Layers exchange rows only through these tables."""

ANALYTICS_RUNS = "analytics_runs"  # rows of every run, published or not; analysts cannot read it
ANALYTICS = "analytics"  # what analysts read: views on the rows of published runs, and the list of publications

BATCHES = "raw.batches"
KINDS = "raw.kinds"
ORDER_LINES = "raw.order_lines"
BATCH_WARNINGS = "raw.batch_warnings"
CHANNEL_SPEND = "raw.channel_spend"
WITHDRAWALS = "raw.withdrawals"
CUSTOMERS = "pii.customers"
UNREADABLE_ROWS = "quarantine.unreadable_rows"
UNREADABLE_TEXTS = "pii.unreadable_texts"

SET_ASIDE_LINES = "quarantine.set_aside_lines"
STG_ORDER_LINES = "staging.stg_order_lines"
STG_CHANNEL_SPEND = "staging.stg_channel_spend"
STG_BATCH_COUNTS = "staging.stg_batch_counts"
STG_VERDICT_COUNTS = "staging.stg_verdict_counts"
STG_KIND_VERDICTS = "staging.stg_kind_verdicts"
INT_ORDERS = "intermediate.int_orders"
INT_REFUNDS = "intermediate.int_refunds"
INT_ORDER_VERSIONS = "intermediate.int_order_versions"
INT_ORDER_LINE_VERSIONS = "intermediate.int_order_line_versions"
INT_OUTCOME_DAYS = "intermediate.int_outcome_days"
INT_CUSTOMER_DAYS = "intermediate.int_customer_days"
CUSTOMER_FEATURES = "features.customer_features"
TRAINING_EXAMPLES = "features.training_examples"

CUSTOMER_PREDICTIONS = "predictions.customer_predictions"
BASELINE_PREDICTIONS = "predictions.baseline_predictions"
NEW_CUSTOMERS = "predictions.new_customers"
REFERENCE_PREDICTIONS = "predictions.reference_predictions"

CUSTOMER_SEGMENTS_BEFORE = "analytics_runs.customer_segments_before"
CUSTOMER_ORDERS = "analytics_runs.customer_orders"
CUSTOMER_STANDINGS = "analytics_runs.customer_standings"
COHORT_ORDERS = "analytics_runs.cohort_orders"
PROFIT_MARGIN = "analytics_runs.profit_margin"
CHANNEL_SPEND_BEFORE = "analytics_runs.channel_spend"  # ad spend before the as-of date
CHANNEL_MONTH_SPEND = "analytics_runs.channel_month_spend"
ORDER_LINE_STATES = "analytics_runs.order_line_states"
ORDERS_OF_EARLIER_RUNS = "analytics_runs.orders_of_earlier_runs"  # of versions in which each run copied its orders
ORDER_LINES_OF_RUNS = "analytics_runs.fct_order_lines"  # a view on order_line_states and the lines of intermediate

RUNS = "ops.runs"
GATE_RESULTS = "ops.gate_results"
TASK_LOG = "ops.task_log"
MODEL_DECISIONS = "ops.model_decisions"
MODEL_BACKTEST = "ops.model_backtest"
MODEL_CHECKS = "ops.model_checks"
CLV_SCORECARD = "ops.clv_scorecard"
SETTINGS = "ops.settings"
BUILDS = "ops.builds"
TOUCHED_CUSTOMERS = "ops.touched_customers"
PUBLICATIONS = "analytics.publications"
