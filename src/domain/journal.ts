/**
 * The journal: one line per stored fact, written in the same transaction as the fact. Whoever must not miss anything
 * reads it from a durable cursor; whoever only wants to be quick is woken by it.
 *
 * `scene` is written when a scene is stored, `growth` each time it grows: `atMs` is then its new end;
 * `retold` when a slower model has told it anew. `verdict` is written when a firing has been looked at again, `arming` when
 * somebody arms, disarms or snoozes something; `question` when a model is asked before an alert fires, and `answer` when it
 * has said something or could not: both name the alert. `capture` is written when a capture session comes to another
 * status, `gap` when a stretch is found missing, or the last one to be longer; `mark` when somebody says whether a firing was
 * right, or takes that back; `deleted` when somebody deletes a camera with all that came from it.
 */
export type JournalKind =
  | 'scene'
  | 'growth'
  | 'retold'
  | 'segment'
  | 'firing'
  | 'verdict'
  | 'transcript'
  | 'arming'
  | 'question'
  | 'answer'
  | 'capture'
  | 'gap'
  | 'mark'
  | 'deleted';

export interface JournalEntry {
  seq: number;
  kind: JournalKind;
  /** Empty when it is about none. */
  streamId: string;
  /** Id of the scene, segment, firing, transcript, gap, camera, change of arming, alert or event of a capture session. */
  ref: string;
  atMs: number;
}
