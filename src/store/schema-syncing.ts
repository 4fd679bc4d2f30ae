/** What goes elsewhere, what comes from other boxes, and who may change what: the newest schema's part about syncing. */
export const SYNCING_SCHEMA = /* sql */ `
-- Outbox.

-- Fleet.

-- Control.
`;
