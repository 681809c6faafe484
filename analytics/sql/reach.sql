-- reach: unified profiles, and how many of them may be sent marketing e-mails. Reads: profiles_customer.
-- Writes: nothing.  Named parameters: gate's of analytics and of marketing by e-mail.
SELECT count(*) AS profiles, count(*) FILTER (WHERE {email_gate}) AS by_email
FROM profiles_customer AS e
WHERE e.merged_into IS NULL AND {gate}
