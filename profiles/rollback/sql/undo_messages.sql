-- undo_messages: the messages that the run landed. Reads: profiles_message. Named parameters: run.
CREATE TEMP TABLE undo_messages ON COMMIT DROP AS
SELECT m.id
FROM profiles_message m
WHERE m.run_id = %(run)s
