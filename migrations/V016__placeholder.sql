-- Keeps the number until its file is there.
SELECT 1;
