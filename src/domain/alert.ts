import type { Rule } from './rule.ts';
import type { Detection } from './scene.ts';

/** A reusable plain-English rule. */
export interface EventDefinition {
  id: string;
  prompt: string;
  label: string;
  rule: Rule;
  createdMs: number;
}

/** An event armed on one index (VideoDB's "alert"). */
export interface Alert {
  id: string;
  streamId: string;
  indexId: string;
  eventId: string;
  /** Where to POST when it fires; absent means no webhook. */
  callbackUrl?: string;
  wsConnectionId?: string;
  status: 'enabled' | 'disabled';
  /** Until then it is looked at as ever, and nobody is told when it fires. */
  snoozedUntilMs?: number;
  /** 0–1: nobody is told of what it is less sure of; absent: of everything. */
  threshold?: number;
  /** Armed and disarmed with it; absent: by itself. */
  group?: string;
  /** The other box that looks at it and sends what it finds; absent: this one does. */
  boxId?: string;
  createdMs: number;
}

/** One time that an alert fired, with what a person needs to believe it. */
export interface Firing {
  id: string;
  alertId: string;
  eventId: string;
  label: string;
  streamId: string;
  indexId: string;
  /** Absent when it fired for something said: that is known before a scene is made of it. */
  sceneId?: number;
  atMs: number;
  startMs: number;
  endMs: number;
  confidence: number;
  explanation: string;
  evidence: Evidence;
  /** Comes after the firing, where a model that follows instructions has looked at its picture. */
  verdict?: Verdict;
}

/** Why it fired, as it was known then. What is absent was not kept when it fired, or was not there. */
export interface Evidence {
  /** With its version. */
  rule: Rule;
  /** Names of all that had a part in the scene. */
  packs: string[];
  /** Of those, the ones that are installed. */
  models?: PackStamp[];
  sceneText: string;
  /** The piece of the scene at which it fired. */
  window?: { startMs: number; endMs: number };
  /** What the rule counted, the surest first. */
  objects?: Detection[];
  /** What it had to be as sure of. */
  threshold?: number;
  /** Of a rule that a model which follows instructions is asked about first: who decided, and how sure the rest was. */
  check?: { decidedBy: 'model' | 'likeness'; likeness?: number; verdict?: Verdict };
}

/** What a model that follows instructions is asked before an alert fires. Of each alert one waits. */
export interface Question {
  alertId: string;
  streamId: string;
  /** The journal entry that it is about. */
  seq: number;
  sceneId: number;
  startMs: number;
  endMs: number;
  /** How sure words and pictures are, 0–1; absent where they say nothing. */
  likeness?: number;
  askedMs: number;
  /** Without a verdict when nobody could say in time. */
  answer?: { verdict?: Verdict };
}

/** Which content a pack had. */
export interface PackStamp {
  name: string;
  /** Of what comes with this program. */
  version?: string;
  /** Of its file; of several files, of the list of their names and hashes. */
  sha256?: string;
}

/** What a person said of a firing. */
export interface Mark {
  firingId: string;
  alertId: string;
  verdict: 'right' | 'wrong';
  note?: string;
  atMs: number;
}

/** What such a model says of a firing. It neither takes the firing back nor makes it anew. */
export interface Verdict {
  /** Whether it sees what the event's prompt says; undefined when its answer doesn't tell. */
  confirmed?: boolean;
  text: string;
  /** The pack or the server. */
  by: string;
  atMs: number;
}

export type DeliveryChannel = 'mqtt' | 'webhook';

/** One firing on its way to one receiver; kept until the receiver has acknowledged it. */
export interface Delivery {
  id: number;
  firingId: string;
  channel: DeliveryChannel;
  /** `verdict` goes where `alert` went before it. */
  what: 'alert' | 'verdict';
  /** The webhook's URL, or the MQTT topic's last levels. */
  target: string;
  /** How often its receiver refused it; one that isn't reached has refused nothing. */
  attempts: number;
  nextTryMs: number;
  /** When it was made, or begun again. */
  sinceMs: number;
  lastError?: string;
  deliveredMs?: number;
  /** When it was given up; it can be begun again. */
  deadMs?: number;
}
