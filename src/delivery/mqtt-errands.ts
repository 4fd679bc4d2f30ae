import type { CameraStatus } from '#domain';
import { type Clock, Fault, type Log } from '#runtime';
import type { Store } from '#store';
import type { MqttDesk } from './mqtt.ts';
import { readCameraCommand, readGroupCommand, readRuleCommand } from './mqtt-commands.ts';
import type { MqttConfig } from './mqtt-options.ts';
import { type CameraView, cameraViews, groupViews } from './mqtt-views.ts';

const MOST_COMMANDS = 100;
const MINUTE_MS = 60_000;
/** Who changes what is armed, in the log of changes. */
const BY = 'MQTT';

/** What the board shows and does besides what is in the store. */
export interface MqttBox {
  name: string;
  version: string;
  /** Of the configuration in force. */
  configVersion: () => number;
  /** Where the page is. */
  url: () => string;
  cameras: () => CameraStatus[];
  detector: () => string;
  freeBytes: () => Promise<number | undefined>;
  /** The newest picture as a JPEG; undefined when there is none yet. */
  snapshot: (streamId: string) => Promise<Buffer | undefined>;
}

export interface MqttBoardDeps {
  store: Store;
  mqtt: MqttConfig;
  box: MqttBox;
  clock: Clock;
  log: Log;
}

interface Command {
  topic: string;
  payload: Buffer;
  retained: boolean;
}

/** What is done for those who send commands, and the pictures that go out. Knows no order but that of asking. */
export class MqttErrands {
  readonly #deps: MqttBoardDeps;
  readonly #base: string;
  /** Something that was commanded has been done. */
  readonly #onDone: () => void;
  /** Cameras whose picture has gone out; whoever wants them anew clears it. */
  readonly shown = new Set<string>();
  #commands: Command[] = [];
  /** Cameras whose picture is to be published; `true` where somebody has asked for it. */
  readonly #pictures = new Map<string, boolean>();

  constructor(deps: MqttBoardDeps, base: string, onDone: () => void) {
    this.#deps = deps;
    this.#base = base;
    this.#onDone = onDone;
  }

  /** Too many at once are dropped. */
  take(command: Command): void {
    if (this.#commands.length < MOST_COMMANDS) this.#commands.push(command);
  }

  wantPicture(streamId: string): void {
    if (!this.#pictures.has(streamId)) this.#pictures.set(streamId, false);
  }

  /** All that is to be done by now. Throws that the connection is over, and what the store throws. */
  async serve(desk: MqttDesk): Promise<void> {
    for (const command of this.#commands.splice(0)) await this.#obey(desk, command);
    const pictures = [...this.#pictures];
    this.#pictures.clear();
    for (const [streamId, isAsked] of pictures) await this.#show(desk, streamId, isAsked);
  }

  async #show(desk: MqttDesk, streamId: string, isAsked: boolean): Promise<void> {
    const camera = this.#cameras().find(({ stream }) => stream.id === streamId);
    if (!camera) return;
    const topic = `${this.#base}/cameras/${camera.level}`;
    const jpeg = await this.#deps.box.snapshot(streamId);
    if (jpeg) {
      this.shown.add(streamId);
      await desk.publish(`${topic}/snapshot`, jpeg, { retain: true });
    } else if (isAsked) {
      await this.#complain(desk, `${topic}/set`, `there is no picture of "${camera.stream.name}" yet`);
    }
  }

  async #obey(desk: MqttDesk, command: Command): Promise<void> {
    // A command that is kept would be obeyed again at each start.
    if (command.payload.byteLength === 0) return;
    try {
      if (command.retained) throw new Fault('refused', 'retained messages are not obeyed: send it without the flag');
      this.#do(command);
      this.#onDone();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      await this.#complain(desk, command.topic, error.message);
    }
  }

  #do({ topic, payload }: Command): void {
    const [kind, name = ''] = topic.slice(this.#base.length + 1).split('/');
    if (kind === 'cameras') this.#photograph(payload, name);
    else if (kind === 'groups') this.#arm(payload, name);
    else this.#armOne(payload, name);
  }

  #armOne(payload: Buffer, alertId: string): void {
    const { store, clock } = this.#deps;
    const command = readRuleCommand(payload);
    if ('armed' in command) store.alerts.setStatus(alertId, command.armed ? 'enabled' : 'disabled', BY);
    else store.alerts.snooze(alertId, snoozeEnd(command.snoozeMinutes, clock.nowMs()), BY);
  }

  #photograph(payload: Buffer, level: string): void {
    readCameraCommand(payload);
    const camera = this.#cameras().find((view) => view.level === level);
    if (!camera) throw new Fault('not_found', 'there is no such camera');
    this.#pictures.set(camera.stream.id, true);
  }

  #arm(payload: Buffer, level: string): void {
    const { store, clock } = this.#deps;
    const wish = readGroupCommand(payload);
    const group = groupViews(store, clock.nowMs()).find((view) => view.level === level);
    if (!group) throw new Fault('not_found', 'there is no such group');
    store.groups.put(group.state.name, wish, BY);
  }

  async #complain(desk: MqttDesk, topic: string, error: string): Promise<void> {
    await desk.publish(`${this.#base}/errors`, JSON.stringify({ topic, error }));
  }

  #cameras(): CameraView[] {
    const { store, box, clock } = this.#deps;
    return cameraViews(store, box.cameras(), clock.nowMs());
  }
}

function snoozeEnd(minutes: number, nowMs: number): number | undefined {
  return minutes === 0 ? undefined : nowMs + minutes * MINUTE_MS;
}
