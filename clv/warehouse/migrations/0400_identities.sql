-- One customer behind several ids (docs/decisions/0192-one-person-has-one-key.md).

create table pii.addresses (
    batch_id bigint not null,
    customer_key uuid not null,
    kind text not null,
    digest bytea not null,
    given_name bytea,
    whole_name bytea,
    known_on date not null
);
comment on table pii.addresses is
'One row per address that a file states for a customer: keyed digests, from which nobody can read the address.';
comment on column pii.addresses.batch_id is 'Batch of the file: raw.batches.';
comment on column pii.addresses.customer_key is 'Keyed pseudonym of the customer.';
comment on column pii.addresses.kind is 'What the address is: email, phone or device.';
comment on column pii.addresses.digest is 'Keyed digest of the normalised address.';
comment on column pii.addresses.given_name is 'Keyed digest of the given name beside it; null if the file states none.';
comment on column pii.addresses.whole_name is 'Keyed digest of all parts of that name in alphabetical order.';
comment on column pii.addresses.known_on is 'Earliest day of the file''s rows with this address.';
create index addresses_by_digest on pii.addresses (digest);
create index addresses_by_customer on pii.addresses (customer_key);
grant select, insert on pii.addresses to clv_loader;

create table ops.identity_links (
    customer_key uuid not null,
    other_key uuid not null,
    rule text not null,
    known_on date not null,
    until_on date,
    primary key (customer_key, other_key, rule, known_on)
);
comment on table ops.identity_links is
'One row per pair of ids that a rule takes for one person, each as a keyed pseudonym. Ingestion makes it from pii.addresses and raw.merges.';
comment on column ops.identity_links.customer_key is 'Keyed pseudonym of one id.';
comment on column ops.identity_links.other_key is 'Keyed pseudonym of the other.';
comment on column ops.identity_links.rule is 'The rule: email, phone, device, merges, or review for a pair that the shop accepted.';
comment on column ops.identity_links.known_on is 'Day of the row that shows it; runs for later dates use it.';
comment on column ops.identity_links.until_on is
'Day of the row that makes it uncertain, such as another person''s order with the address: runs for later dates do not use it. Null if there is none.';
create index identity_links_by_other on ops.identity_links (other_key);
grant select, insert, delete on ops.identity_links to clv_loader;
grant select on ops.identity_links to clv_transformer;

create table ops.person_keys (
    account_key uuid primary key,
    customer_key uuid not null
);
comment on table ops.person_keys is
'The ids that intermediate counts under another id''s key at present, because both are one person.';
comment on column ops.person_keys.account_key is 'Keyed pseudonym of the id.';
comment on column ops.person_keys.customer_key is 'Key of the person: that of the id that ordered first.';
create index person_keys_by_customer on ops.person_keys (customer_key);
grant select, insert, delete on ops.person_keys to clv_transformer;
grant select on ops.person_keys to clv_publisher;
