/** The parts of the appliance's answers that the tests read. Times are Unix seconds where they don't say `_ms`. */
export interface CameraState {
  stream_id: string;
  phase: 'stopped' | 'connecting' | 'recording' | 'stalled' | 'waiting';
  last_error?: string;
  notes: string[];
  restarts: number;
  sampling?: 'keyframes' | 'decode';
  substream?: { state: 'used' | 'away'; last_error?: string };
  segments_written: number;
  last_segment_end_ms?: number;
}

export interface StatusAnswer {
  cameras: CameraState[];
  inference: { state: string; pid?: number; restarts: number };
  evaluator: { lag: number };
}

export interface TimelineAnswer {
  recorded: [start: number, end: number][];
  gaps: { start: number; end: number; reason: string; unwanted?: true }[];
}

export interface SceneAnswer {
  id: number;
  start: number;
  end: number;
  text: string;
  thumbnail_url?: string;
  facts?: { objects?: { label: string; track: number; who?: number }[]; motion: { regions: unknown[] } };
}

export interface FiringAnswer {
  id: string;
  alert_id: string;
  label: string;
  confidence: number;
  start: number;
  end: number;
  explanation: string;
}
