/** Streams that are sent to the box, capture sessions, and what is rendered: the newest schema's part about them. */
export const MAKING_SCHEMA = /* sql */ `
-- Pushed streams.
-- Capture sessions.
-- Rendering.
`;
