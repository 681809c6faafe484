-- undo_born: the customers whom the run created.
-- Reads: undo_customers, profiles_customer. Named parameters: began, first_id.
CREATE TEMP TABLE undo_born ON COMMIT DROP AS
SELECT c.id, c.bucket
FROM undo_customers u
JOIN profiles_customer c ON c.bucket = u.bucket AND c.id = u.id
WHERE c.created_at = %(began)s AND c.id >= %(first_id)s
