-- The name of a WAPE says what was judged: medians in the scorecard, means in the metrics of training.

alter table ops.clv_scorecard add column wape_of_median numeric;
update ops.clv_scorecard set wape_of_median = wape;
comment on column ops.clv_scorecard.wape is
'Former name of wape_of_median, filled before it was renamed; analytics.clv_scorecard shows both for one release.';

update ops.model_backtest set metric = metric || '_of_mean' where metric in ('wape', 'mae');
