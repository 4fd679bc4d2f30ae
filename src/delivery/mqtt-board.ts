import { messageOf, Wake } from '#runtime';
import { announcements, nodeOf } from './home-assistant/discovery.ts';
import type { MqttDesk, MqttGuest } from './mqtt.ts';
import { type MqttBoardDeps, MqttErrands } from './mqtt-errands.ts';
import { FormerTopics } from './mqtt-former.ts';
import { boxState, type CameraView, cameraViews, type GroupView, groupViews } from './mqtt-views.ts';

/** What isn't in the journal is looked at so often. */
const EVERY_MS = 5000;
/** States are published no more often, however much happens. */
const LEAST_GAP_MS = 1000;
const FREE_SPACE_EVERY_MS = 60_000;
const AFTER_FAILURE_MS = 10_000;
const MOST_FIRINGS = 100;

/**
 * The box on the broker besides its alerts: retained states of cameras, alerts, groups and the box, commands to them, and what
 * Home Assistant wants to know. Publishes what has changed, and takes away what it once said of what is gone. Something
 * that fails here costs no alert its delivery.
 */
export class MqttBoard implements MqttGuest {
  readonly #deps: MqttBoardDeps;
  readonly #base: string;
  readonly #news: Wake;
  readonly #errands: MqttErrands;
  readonly #former: FormerTopics;
  readonly #errand: Wake;
  /** Retained topics as this connection has left them. */
  readonly #said = new Map<string, string>();
  /** Retained topics that may be of things that are gone: of former lives, and of before Home Assistant started. */
  readonly #found = new Set<string>();
  #isOnline = false;
  #seq = 0;
  #free: { bytes: number | undefined; atMs: number } | undefined;

  constructor(deps: MqttBoardDeps) {
    this.#deps = deps;
    this.#base = `${deps.mqtt.topicPrefix}/${deps.store.boxId}`;
    this.#news = new Wake(deps.clock);
    this.#errand = new Wake(deps.clock);
    this.#former = new FormerTopics(deps, this.#base);
    this.#errands = new MqttErrands(deps, this.#base, this.#news.ring);
  }

  heard = (topic: string, payload: Buffer, retained: boolean): void => {
    if (this.#former.heard(topic, payload)) return;
    if (topic === this.#birthTopic) this.#born(payload);
    else if (!topic.endsWith('/set')) this.#recall(topic, payload, retained);
    else this.#errands.take({ topic, payload, retained });
    this.#errand.ring();
  };

  async live(desk: MqttDesk): Promise<never> {
    const { journal } = this.#deps.store;
    this.#startAnew();
    this.#seq = journal.head();
    using _wakes = journal.onAppend(this.#news.ring);
    await this.#listen(desk);
    return await Promise.race([this.#keepTelling(desk), this.#keepServing(desk), this.#former.live(desk)]);
  }

  #startAnew(): void {
    this.#said.clear();
    this.#errands.shown.clear();
    this.#isOnline = false;
  }

  async #listen(desk: MqttDesk): Promise<void> {
    const { mqtt, store } = this.#deps;
    for (const kind of ['cameras', 'rules', 'groups']) {
      await desk.subscribe(`${this.#base}/${kind}/+/set`);
      await desk.subscribe(`${this.#base}/${kind}/+/state`);
    }
    if (!mqtt.homeAssistant) return;
    await desk.subscribe(this.#birthTopic);
    await desk.subscribe(`${mqtt.discoveryPrefix}/+/${nodeOf(store.boxId)}/+/config`);
  }

  get #birthTopic(): string {
    return `${this.#deps.mqtt.discoveryPrefix}/status`;
  }

  /** Home Assistant has started, and may know nothing of us. */
  #born(payload: Buffer): void {
    if (payload.toString() !== 'online') return;
    // What goes before it is said again is still to be taken back.
    for (const topic of this.#said.keys()) this.#found.add(topic);
    this.#startAnew();
    this.#news.ring();
  }

  /** What a former life has left on the broker. */
  #recall(topic: string, payload: Buffer, retained: boolean): void {
    if (!retained || payload.byteLength === 0 || this.#said.has(topic)) return;
    this.#found.add(topic);
    this.#news.ring();
  }

  async #keepTelling(desk: MqttDesk): Promise<never> {
    const { clock } = this.#deps;
    for (;;) {
      await this.#attempt(desk, () => this.#tell(desk));
      await this.#news.wait(EVERY_MS, desk.over);
      desk.over.throwIfAborted();
      await clock.sleep(LEAST_GAP_MS, desk.over);
    }
  }

  async #keepServing(desk: MqttDesk): Promise<never> {
    for (;;) {
      await this.#attempt(desk, () => this.#errands.serve(desk));
      await this.#errand.wait(EVERY_MS, desk.over);
      desk.over.throwIfAborted();
    }
  }

  /** Throws only that the connection is over. */
  async #attempt(desk: MqttDesk, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      desk.over.throwIfAborted();
      this.#deps.log.error(
        { error: messageOf(error) },
        'what the MQTT broker shows of this box could not be brought up to date',
      );
      await this.#deps.clock.sleep(AFTER_FAILURE_MS, desk.over);
    }
  }

  /** Entities first, then that they are there, then how they are. */
  async #tell(desk: MqttDesk): Promise<void> {
    const { store, mqtt, box, clock } = this.#deps;
    const cameras = cameraViews(store, box.cameras(), clock.nowMs());
    const groups = groupViews(store, clock.nowMs());
    const about = { id: store.boxId, name: box.name, version: box.version, url: box.url(), base: this.#base };
    const entities = mqtt.homeAssistant
      ? announcements(mqtt.discoveryPrefix, about, cameras, groups)
      : new Map<string, string>();
    const states = await this.#states(cameras, groups);
    for (const [topic, payload] of entities) await this.#say(desk, topic, payload);
    if (!this.#isOnline) await desk.sayOnline();
    this.#isOnline = true;
    for (const [topic, payload] of states) await this.#say(desk, topic, payload);
    for (const topic of [...this.#said.keys(), ...this.#found]) {
      if (!entities.has(topic) && !states.has(topic)) await this.#takeBack(desk, topic);
    }
    this.#found.clear();
    this.#wantPictures(cameras);
  }

  async #states(cameras: readonly CameraView[], groups: readonly GroupView[]): Promise<Map<string, string>> {
    const { store, box } = this.#deps;
    const own = {
      id: store.boxId,
      ...box,
      detector: box.detector(),
      configVersion: box.configVersion(),
      freeBytes: await this.#freeBytes(),
    };
    return new Map<string, string>([
      ...cameras.map(({ level, state }) => [`${this.#base}/cameras/${level}/state`, JSON.stringify(state)] as const),
      ...cameras
        .flatMap(({ rules }) => rules)
        .map((rule) => [`${this.#base}/rules/${rule.alert_id}/state`, JSON.stringify(rule)] as const),
      ...groups.map(({ level, state }) => [`${this.#base}/groups/${level}/state`, JSON.stringify(state)] as const),
      [`${this.#base}/state`, JSON.stringify(boxState(own, cameras))],
    ]);
  }

  async #freeBytes(): Promise<number | undefined> {
    const nowMs = this.#deps.clock.monotonicMs();
    if (!this.#free || nowMs - this.#free.atMs >= FREE_SPACE_EVERY_MS) {
      this.#free = { bytes: await this.#deps.box.freeBytes(), atMs: nowMs };
    }
    return this.#free.bytes;
  }

  async #say(desk: MqttDesk, topic: string, payload: string): Promise<void> {
    if (this.#said.get(topic) === payload) return;
    this.#said.set(topic, payload);
    await desk.publish(topic, payload, { retain: true });
  }

  async #takeBack(desk: MqttDesk, topic: string): Promise<void> {
    this.#said.delete(topic);
    await desk.publish(topic, '', { retain: true });
    const camera = /^.*\/cameras\/[^/]+(?=\/state$)/.exec(topic)?.[0];
    if (camera !== undefined) await desk.publish(`${camera}/snapshot`, '', { retain: true });
  }

  /** Home Assistant shows pictures: of each camera one to begin with, and one of each alert. */
  #wantPictures(cameras: readonly CameraView[]): void {
    if (!this.#deps.mqtt.homeAssistant) return;
    const { journal } = this.#deps.store;
    const head = journal.head();
    const fired = new Set(journal.after(this.#seq, MOST_FIRINGS, ['firing']).map(({ streamId }) => streamId));
    this.#seq = head;
    for (const { stream, state } of cameras) {
      const isFirst = state.recording && !this.#errands.shown.has(stream.id);
      if (isFirst || fired.has(stream.id)) this.#errands.wantPicture(stream.id);
    }
    this.#errand.ring();
  }
}
