{{ accepted_rows('returns') }}
