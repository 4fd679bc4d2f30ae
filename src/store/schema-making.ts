/** Streams that are sent to the box, capture sessions, and what is rendered: the newest schema's part about them. */
export const MAKING_SCHEMA = /* sql */ `
-- Pushed streams.
-- Capture sessions.
-- Rendering.
CREATE UNIQUE INDEX assets_rendered ON assets (render_key) WHERE render_key IS NOT NULL;
CREATE INDEX assets_giving_way ON assets (used_ms) WHERE used_ms IS NOT NULL;
-- An asset cut into scenes.
CREATE TABLE scene_collections (
  id                TEXT PRIMARY KEY,
  asset_id          TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
  extraction        TEXT NOT NULL, -- JSON
  extraction_config TEXT NOT NULL, -- JSON
  status            TEXT NOT NULL,
  job_id            TEXT,
  scenes            TEXT NOT NULL, -- JSON
  created_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX scene_collections_by_asset ON scene_collections (asset_id);
`;
