/** The form that adds a camera and starts its first index. */
import { type Api, reasonOf } from '../api.ts';
import { byId, setHidden, setText } from '../dom.ts';
import { CameraFinder } from './camera-finder.ts';
import { CameraTest } from './camera-test.ts';
import { CameraWay, type Way } from './camera-way.ts';

const FIRST_INDEX = {
  name: 'scenes',
  prompt: 'Describe what is seen',
  extraction_type: 'time',
  extraction_config: { time: 5, frame_count: 2 },
  model_name: null,
  model_config: {},
};

/** `added` is told the camera's name once it is there. */
export function addCameraForm(api: Api, added: (name: string) => void, signal: AbortSignal): void {
  const dialog = byId('camera-dialog', HTMLDialogElement);
  const form = byId('camera-form', HTMLFormElement);
  const name = byId('camera-name', HTMLInputElement);
  const url = byId('camera-url', HTMLInputElement);
  const submit = byId('camera-submit', HTMLButtonElement);
  const problem = byId('camera-problem', HTMLElement);
  // Set when the camera was made but its index was not: the next try then only makes the index.
  let made: { wish: string; id: string; push_url?: string } | undefined;

  const test = new CameraTest(api, url, signal);
  const finder = new CameraFinder(api, { name, url }, signal);
  const ways = new CameraWay(url, signal);
  const cancel = byId('camera-cancel', HTMLButtonElement);
  const open = (): void => {
    setHidden(problem, true);
    setHidden(submit, false);
    setText(cancel, 'Cancel');
    ways.forget();
    dialog.showModal();
    name.focus();
  };
  for (const id of ['add-camera', 'add-first-camera'])
    byId(id, HTMLButtonElement).addEventListener('click', open, { signal });
  cancel.addEventListener('click', () => dialog.close(), { signal });
  const forget = (): void => {
    test.forget();
    finder.forget();
  };
  dialog.addEventListener('close', forget, { signal });
  signal.addEventListener('abort', () => dialog.close());

  const save = async (): Promise<void> => {
    const camera = { name: name.value.trim(), ...ways.way };
    const wish = JSON.stringify(camera);
    submit.disabled = true;
    setHidden(problem, true);
    try {
      if (made?.wish !== wish) made = { wish, ...(await createStream(api, camera)) };
      await api.post(`/rtstream/${encodeURIComponent(made.id)}/index/scene`, FIRST_INDEX);
      const { push_url: address } = made;
      made = undefined;
      form.reset();
      if (address === undefined) dialog.close();
      else {
        ways.show(address);
        setHidden(submit, true);
        setText(cancel, 'Done');
      }
      added(camera.name);
    } catch (error) {
      setText(problem, (made ? 'The camera is added, but not yet indexed. ' : '') + reasonOf(error));
      setHidden(problem, false);
    } finally {
      submit.disabled = false;
    }
  };
  form.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      void save();
    },
    { signal },
  );
}

function createStream(api: Api, camera: { name: string } & Way): Promise<{ id: string; push_url?: string }> {
  const body = { collection_id: 'default', ...camera, media_types: ['video'], store: true };
  return api.post('/rtstream', body);
}
