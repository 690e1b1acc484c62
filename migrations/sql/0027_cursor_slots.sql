-- In which slot stands what an account was seen up to, and where a scan of it began: a node that has
-- purged that block does not know it any more.
ALTER TABLE chain_accounts ADD COLUMN cursor_slot bigint, ADD COLUMN scan_head_slot bigint;
UPDATE chain_accounts a SET cursor_slot = d.slot FROM deposits d
    WHERE d.account = a.account AND d.signature = a.cursor;
-- Whatever stands in an unknown slot is read again, and credited once.
UPDATE chain_accounts SET cursor = NULL WHERE cursor_slot IS NULL;
UPDATE chain_accounts SET scan_head = NULL, scan_before = NULL, scan_last = NULL;
ALTER TABLE chain_accounts
    ADD CHECK ((cursor IS NULL) = (cursor_slot IS NULL)),
    ADD CHECK ((scan_head IS NULL) = (scan_head_slot IS NULL));
