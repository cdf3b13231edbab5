-- Indexes by which a customer is found by an e-mail address (clv/warehouse/addresses.py), of a million within
-- milliseconds. Few addresses have characters outside ASCII; each of these is compared.

create index customers_by_address on pii.customers (lower(email)) where email is not null;
create index customers_of_other_letters on pii.customers (customer_key) where octet_length(email) > length(email);
