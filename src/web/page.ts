/**
 * The page once a key is known: status, cameras, feed, search, player and forms, and the live connection that feeds
 * them. Ends when `signal` is aborted; when the key is refused on the way, `onRefused` is called.
 */
import { AlertForm } from './alerts/add-alert.ts';
import { AlertFeedback } from './alerts/alert-feedback.ts';
import { alertSnooze } from './alerts/alert-snooze.ts';
import { Arming } from './alerts/arming.ts';
import type { Api } from './api.ts';
import { boxFacts } from './box/box-facts.ts';
import { Boxes } from './box/boxes.ts';
import { Health } from './box/health.ts';
import { Jobs } from './box/jobs.ts';
import { Keys } from './box/keys.ts';
import { Settings } from './box/settings.ts';
import { Targets } from './box/targets.ts';
import { addCameraForm } from './cameras/add-camera.ts';
import { Cameras } from './cameras/cameras.ts';
import { wall } from './cameras/wall.ts';
import { ZoneEditor } from './cameras/zone-editor.ts';
import { byId, el, setHidden, setText } from './dom.ts';
import { Feed } from './finding/feed.ts';
import { Player } from './finding/player.ts';
import { Search } from './finding/search.ts';
import { Away, showToast, Unseen, viewSwitch } from './finding/views.ts';
import { followLive, type LiveState } from './live.ts';
import type { SseEvent } from './sse.ts';
import type { AlertJson, SceneJson, StatusJson } from './wire.ts';

/** Seconds of context around what happened. */
const BEFORE_S = 3;
const AFTER_S = 3;
/** What is played from a moment on a timeline. */
const FROM_MOMENT_S = 60;

export async function runPage(api: Api, first: StatusJson, onRefused: () => void, signal: AbortSignal): Promise<void> {
  const player = new Player(api, signal);
  const watchScene = (scene: SceneJson): void =>
    player.watch({ ...around(scene), title: scene.stream_name, text: scene.text });
  const watchAlert = (alert: AlertJson): void =>
    player.watch({ ...around(alert), title: `${alert.label} · ${alert.stream_name}`, text: alert.explanation });
  const zones = new ZoneEditor(api, (camera) => showToast(`The zones of ${camera} are saved.`), signal);
  const cameras = new Cameras(api, {
    drawZones: (camera) => zones.open(camera),
    watchLive: (camera) => player.watchLive(camera.stream_id, camera.name),
    watchFrom: (camera, at) =>
      player.watch({
        streamId: camera.stream_id,
        title: camera.name,
        text: '',
        start: Math.floor(at),
        end: Math.floor(at) + FROM_MOMENT_S,
        live: false,
      }),
  });
  signal.addEventListener('abort', () => cameras.end());
  const search = new Search(api, watchScene, signal);
  const feed = new Feed(
    {
      watchScene,
      watchAlert,
      below: (alert) =>
        el('div', { class: 'alert-below' }, new AlertFeedback(api, alert).element, alertSnooze(api, alert)),
    },
    () => api.now(),
    signal,
  );
  const arming = new Arming(api, signal);
  const showRest = showsBox(api, signal);
  wall(signal);
  const alertAdded = (label: string): void => {
    showToast(`Alert “${label}” is armed.`);
    arming.refresh();
  };
  const alertForm = new AlertForm(api, alertAdded, signal);
  new Settings(api, showToast, signal);
  addCameraForm(api, (name) => showToast(`${name} is added. The box connects to it now.`), signal);
  const unseen = new Unseen(viewSwitch(signal), signal);

  const showStatus = (status: StatusJson): void => {
    showRest(status);
    cameras.show(status.cameras);
    search.showCameras(status.cameras);
    alertForm.showStatus(status);
    arming.tick();
  };
  const onEvent = ({ event, data }: SseEvent): void => {
    // What arrives is JSON of our own server, one shape per event name.
    if (event === 'status') showStatus(JSON.parse(data) as StatusJson);
    if (event === 'arming') arming.refresh();
    if (event === 'scene') {
      const scene = JSON.parse(data) as SceneJson;
      feed.addScene(scene);
      cameras.sawSomething(scene.stream_id);
    }
    if (event === 'alert') {
      const alert = JSON.parse(data) as AlertJson;
      feed.addAlert(alert, true);
      unseen.add();
      cameras.sawSomething(alert.stream_id);
    }
  };
  showStatus(first);
  await Promise.all([
    followLive(api, { onEvent, onState: stateShower(feed, onRefused) }, signal),
    loadPast(api, feed, signal),
  ]);
}

function stateShower(feed: Feed, onRefused: () => void): (state: LiveState) => void {
  const away = new Away();
  return (state) => {
    if (state === 'refused') return onRefused();
    feed.showState(state);
    away.show(state);
  };
}

/** What happened before the page was opened. A failure here leaves the feed to what comes live. */
async function loadPast(api: Api, feed: Feed, signal: AbortSignal): Promise<void> {
  const [scenes, alerts] = await Promise.all([
    api.get<{ scenes: SceneJson[] }>('/v1/scenes', { limit: 60 }, signal).catch(() => ({ scenes: [] })),
    api.get<{ alerts: AlertJson[] }>('/v1/alerts', { limit: 30 }, signal).catch(() => ({ alerts: [] })),
  ]);
  for (const scene of scenes.scenes) feed.addScene(scene);
  for (const alert of alerts.alerts) feed.addAlert(alert, false);
}

function around(moment: { stream_id: string; start: number; end: number }) {
  return {
    streamId: moment.stream_id,
    start: Math.floor(moment.start - BEFORE_S),
    end: Math.ceil(Math.max(moment.end, moment.start + 1) + AFTER_S),
    live: false,
  };
}

/** What shows the box itself and its keys, others that send to it, and what it sends. */
function showsBox(api: Api, signal: AbortSignal): (status: StatusJson) => void {
  const boxes = new Boxes(api, signal);
  const jobs = new Jobs(api, signal);
  const targets = new Targets(api, signal);
  const health = new Health(api, signal);
  new Keys(api, signal);
  return (status) => {
    showBox(status);
    boxes.tick();
    jobs.tick();
    targets.show(status.sync ?? []);
    health.show(status);
  };
}

function showBox(status: StatusJson): void {
  setText(byId('box-name', HTMLElement), status.box.name || 'Watchpost');
  const list = byId('box-facts', HTMLElement);
  const facts = boxFacts(status);
  facts.forEach((fact, index) => {
    const item = list.children[index] ?? list.appendChild(el('li', {}));
    setText(item, fact.text);
    item.setAttribute('data-tone', fact.tone);
  });
  while (list.children.length > facts.length) list.lastElementChild?.remove();
  setHidden(list, facts.length === 0);
}
