/** Streams that are sent to the box, capture sessions, and what is rendered: the newest schema's part about them. */
export const MAKING_SCHEMA = /* sql */ `
-- Pushed streams.
-- Capture sessions.
-- Rendering.
CREATE UNIQUE INDEX assets_rendered ON assets (render_key) WHERE render_key IS NOT NULL;
CREATE INDEX assets_giving_way ON assets (used_ms) WHERE used_ms IS NOT NULL;
`;
