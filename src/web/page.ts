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
import { alertClip, momentClip, sceneClip, sentClip } from './finding/clips.ts';
import { Feed } from './finding/feed.ts';
import { Player } from './finding/player.ts';
import { Search } from './finding/search.ts';
import { Away, showToast, Unseen, viewSwitch } from './finding/views.ts';
import { Boxes } from './fleet/boxes.ts';
import { isAt, Places } from './fleet/places.ts';
import { followLive, type LiveState } from './live.ts';
import type { SseEvent } from './sse.ts';
import type { AlertJson, SceneJson, StatusJson } from './wire.ts';

export async function runPage(api: Api, first: StatusJson, onRefused: () => void, signal: AbortSignal): Promise<void> {
  const player = new Player(api, signal);
  const zones = new ZoneEditor(api, (camera) => showToast(`The zones of ${camera} are saved.`), signal);
  const cameras = new Cameras(api, {
    drawZones: (camera) => zones.open(camera),
    watchLive: (camera) => player.watchLive(camera.stream_id, camera.name),
    watchFrom: (camera, at) => player.watch(momentClip(camera, at)),
  });
  signal.addEventListener('abort', () => cameras.end());
  const places = new Places(byId('search-camera', HTMLSelectElement), byId('feed-place', HTMLSelectElement));
  new Search(api, (scene) => player.watch(sceneClip(scene)), signal);
  const feed: Feed = new Feed(
    {
      watchScene: (scene) => player.watch(sceneClip(scene)),
      watchAlert: (alert) => player.watch(alertClip(alert)),
      below: (alert) => belowAlert(api, alert),
      loadPast: (where) => void loadPast(api, feed, where, signal),
      isAt: (place, moment) => isAt(place, moment, first.box.id),
    },
    () => api.now(),
    signal,
  );
  const arming = new Arming(api, signal);
  const boxes = new Boxes(
    api,
    {
      watch: (camera, box, at) => player.watch(sentClip(camera, box, at)),
      onBoxes: (all) => places.showBoxes(all),
    },
    signal,
  );
  const showRest = showsBox(api, signal);
  wall((isOpen) => cameras.setLive(isOpen), signal);
  const onAlert = (label: string): void => {
    showToast(`Alert “${label}” is armed.`);
    arming.refresh();
  };
  const alertForm = new AlertForm(api, onAlert, signal);
  new Settings(api, showToast, signal);
  addCameraForm(api, (name) => showToast(`${name} is added. The box connects to it now.`), signal);
  const unseen = new Unseen(viewSwitch(signal), signal);

  const showStatus = (status: StatusJson): void => {
    showRest(status);
    boxes.tick();
    cameras.show(status.cameras);
    places.showOwn(status.box.id, status.cameras);
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
      boxes.saw(scene);
    }
    if (event === 'alert') {
      const alert = JSON.parse(data) as AlertJson;
      feed.addAlert(alert, true);
      unseen.add();
      cameras.sawSomething(alert.stream_id);
      boxes.saw(alert);
    }
  };
  showStatus(first);
  await Promise.all([
    followLive(api, { onEvent, onState: stateShower(feed, onRefused) }, signal),
    loadPast(api, feed, {}, signal),
  ]);
}

/** Another box's alert is snoozed there. */
function belowAlert(api: Api, alert: AlertJson): HTMLElement {
  const snooze = !alert.box && alertSnooze(api, alert);
  return el('div', { class: 'alert-below' }, new AlertFeedback(api, alert).element, snooze);
}

function stateShower(feed: Feed, onRefused: () => void): (state: LiveState) => void {
  const away = new Away();
  return (state) => {
    if (state === 'refused') return onRefused();
    feed.showState(state);
    away.show(state);
  };
}

/** What happened there before the page was opened. A failure here leaves the feed to what comes live. */
async function loadPast(
  api: Api,
  feed: Feed,
  where: { box?: string; stream?: string },
  signal: AbortSignal,
): Promise<void> {
  const [scenes, alerts] = await Promise.all([
    api.get<{ scenes: SceneJson[] }>('/v1/scenes', { limit: 60, ...where }, signal).catch(() => ({ scenes: [] })),
    api.get<{ alerts: AlertJson[] }>('/v1/alerts', { limit: 30, ...where }, signal).catch(() => ({ alerts: [] })),
  ]);
  for (const scene of scenes.scenes) feed.addScene(scene);
  for (const alert of alerts.alerts) feed.addAlert(alert, false);
}

/** What shows the box itself and its keys, its jobs, and what it sends. */
function showsBox(api: Api, signal: AbortSignal): (status: StatusJson) => void {
  const jobs = new Jobs(api, signal);
  const targets = new Targets(api, signal);
  const health = new Health(api, signal);
  new Keys(api, signal);
  return (status) => {
    showBox(status);
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
