-- The grants of the role that the bot runs as in production on PostgreSQL. Migrations run as the owner.
-- Run once, as owner, after `python app.py migrate`; replace cloudsync_bot by your role's name.
GRANT CONNECT ON DATABASE cloudsync TO cloudsync_bot;
GRANT USAGE ON SCHEMA public TO cloudsync_bot;
GRANT SELECT, INSERT ON audit_events, audit_search, audit_anchors TO cloudsync_bot;
GRANT SELECT, UPDATE ON audit_head TO cloudsync_bot;
GRANT SELECT ON alembic_version TO cloudsync_bot;
GRANT SELECT, INSERT, UPDATE, DELETE ON requests, request_targets, votes, channel_bindings, grants, inbox, outbox,
  forms, settings TO cloudsync_bot;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO cloudsync_bot;
