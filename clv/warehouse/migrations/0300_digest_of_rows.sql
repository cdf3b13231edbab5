-- The digest of a run is made from hashes of its rows, and begins with 2-. That of earlier versions was made from the
-- rows' text.

comment on column analytics.publications.digest is 'Digest of the published rows without run_id: equal digests mean equal rows, if both begin with 2- or neither does (earlier versions used another definition).';
