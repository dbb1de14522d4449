-- better-auth's session tokens are kept as their SHA-256: a reader of the table or of a dump gets no token. Tokens have 32 characters, hashes
-- 64. Bearer tokens (JWTs) name a session by its id and go on.
update sessions set token = encode(sha256(convert_to(token, 'UTF8')), 'hex') where length(token) = 32;

-- What has expired is pruned every hour.
create index sessions_expires_at_idx on sessions (expires_at);
create index verifications_expires_at_idx on verifications (expires_at);
