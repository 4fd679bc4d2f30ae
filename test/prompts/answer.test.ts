import { describe, expect, it } from 'vitest';
import type { SceneFacts, SceneObject } from '#domain';
import { answerFrom, planFor, readAnswer, type Shape } from '#prompts';

const FACTS: SceneFacts = {
  objects: [],
  gone: [],
  counts: {},
  motion: { amount: 0.12, regions: [], zones: ['gate'] },
  light: { brightness: 0.6 },
  colours: ['grey', 'green'],
  tamper: [],
  packs: ['built-in', 'yolox-nano'],
};
const TEXT = 'Two people and a car.';

function object(label: string, track: number, own: Partial<SceneObject> = {}): SceneObject {
  const box = { x1: 0.1, y1: 0.1, x2: 0.2, y2: 0.4 };
  return { label, score: 0.875, box, track, zones: [], entered: [], sinceMs: 0, colours: [], ...own };
}
const busy: SceneFacts = {
  ...FACTS,
  objects: [
    object('person', 1, { colours: ['blue'], zones: ['gate'] }),
    object('person', 2, { colours: ['red'] }),
    object('car', 3, { colours: ['red', 'black'] }),
  ],
  counts: { person: 2, car: 1 },
};

function shapeOf(prompt: string): Shape {
  const { json } = planFor(prompt);
  if (!json) throw new Error(`no JSON is asked for by ${prompt}`);
  return json;
}
const answer = (prompt: string, facts: SceneFacts = busy) => answerFrom(shapeOf(prompt), facts, TEXT);

describe('the JSON of an index without a model that follows instructions', () => {
  it('has counts, labels, colours and the sentence as they were measured', () => {
    expect(answer('Return JSON with keys people_count, vehicles, colour, objects and summary')).toEqual({
      json: { people_count: 2, vehicles: ['car'], colour: 'grey', objects: ['person', 'car'], summary: TEXT },
      by: 'facts',
    });
  });

  it('counts what the prompt is about', () => {
    expect(answer('How many cars are there? Answer as JSON').json).toEqual({ count: 1 });
    expect(answer('Describe the people. Return JSON with keys count and summary').json).toMatchObject({ count: 2 });
    expect(answer('Return JSON: {"count": 0}').json).toEqual({ count: 3 });
  });

  it('tells of colours only where they belong to what is asked for', () => {
    expect(answer('JSON: {"red_car": true, "blue_car": false, "red_people": 0}').json).toEqual({
      red_car: true,
      blue_car: false,
      red_people: 1,
    });
    expect(answer('JSON: {"red_car": true}', { ...busy, objects: [object('car', 1)] }).json).toEqual({
      red_car: false,
    });
  });

  it('has one entry for each thing in a list of them', () => {
    expect(answer('JSON: {"people": [{"label": "", "colour": "", "zone": "", "score": 0}]}').json).toEqual({
      people: [
        { label: 'person', colour: 'blue', zone: 'gate', score: 0.875 },
        { label: 'person', colour: 'red', zone: 'left', score: 0.875 },
      ],
    });
  });

  it('says what is written, seen of faces, and alike to a phrase, where somebody looked', () => {
    const box = { x1: 0, y1: 0, x2: 1, y2: 1 };
    const seen: SceneFacts = {
      ...busy,
      texts: [{ text: 'AB 123', score: 0.9, box }],
      faces: [{ score: 0.9, box }],
      likenesses: [{ phrase: 'forklift', score: 0.8 }],
    };
    const prompt =
      'JSON: {"plate": "text on the plate", "contains_text": true, "faces": 0, "forklift": true, "motion": true, "dark": false}';
    expect(answer(prompt, seen)).toEqual({
      json: { plate: 'AB 123', contains_text: true, faces: 1, forklift: true, motion: true, dark: false },
      by: 'facts',
    });
    expect(answer(prompt)).toEqual({
      json: { plate: null, contains_text: null, faces: null, forklift: null, motion: true, dark: false },
      reason: 'not known on this box: plate, contains_text, faces, forklift',
      by: 'facts',
    });
  });

  it('knows of nothing that only a detector tells where there is none', () => {
    const { json, reason } = answer('JSON with keys count and objects', { ...FACTS, packs: ['built-in'] });
    expect(json).toEqual({ count: null, objects: null });
    expect(reason).toBe('not known on this box: count, objects');
  });

  it('names what VideoDB asks of a screen and no camera tells', () => {
    const prompt = `Describe the screen. Return JSON:
      { "app_name": "name of the active application", "ui_elements": ["list of visible UI elements"],
        "contains_text": true/false, "dominant_colors": ["list of main colors"] } Return only valid JSON.`;
    expect(answer(prompt)).toEqual({
      json: { app_name: null, ui_elements: null, contains_text: null, dominant_colors: ['grey', 'green'] },
      reason: 'not known on this box: app_name, ui_elements, contains_text',
      by: 'facts',
    });
  });
});

describe('the JSON that a model gives', () => {
  const shape = shapeOf('JSON: {"count": 0, "open": true, "colours": ["list of colours"], "summary": "what happens"}');
  const whole = { count: 2, open: false, colours: ['red'], summary: 'A gate.' };
  const read = (text: string) => readAnswer(text, shape, 'smolvlm');

  it.each([
    ['as it should be', JSON.stringify(whole)],
    [
      'in a fence, with words around',
      `Here you are:\n\`\`\`json\n${JSON.stringify(whole, null, 2)}\n\`\`\`\nAnything else?`,
    ],
    [
      'with single quotes and commas too many',
      "{'count': 2, 'open': False, 'colours': ['red',], 'summary': 'A gate.',}",
    ],
    ['with bare keys and a comment', '{count: 2, open: false, // the gate\n colours: ["red"], summary: "A gate."}'],
    ['with values of other types', '{"count": "2", "open": "no", "colours": "red", "summary": "A gate.", "mood": 1}'],
    ['with keys written otherwise', '{"Count": 2, "OPEN": false, "Colours": ["red"], "summary": "A gate."}'],
    ['in a list of one', `[${JSON.stringify(whole)}]`],
    ['cut off at the end', '{"count": 2, "open": false, "colours": ["red"], "summary": "A gate.'],
  ])('is read %s', (_, text) => {
    expect(read(text)).toEqual({ json: whole, by: 'smolvlm' });
  });

  it('lacks what the model did not say, and names it', () => {
    expect(read('{"count": "many", "open": true, "summary": "A gate."}')).toEqual({
      json: { count: null, open: true, colours: null, summary: 'A gate.' },
      reason: 'the model did not say: count, colours',
      by: 'smolvlm',
    });
  });

  it.each([
    ['I see a gate.', 'the model gave no JSON: "I see a gate."'],
    ['', 'the model gave no JSON: ""'],
    ['{"mood": "good"}', 'the model gave other JSON than was asked for: "{"mood": "good"}"'],
    ['[]', 'the model gave other JSON than was asked for: "[]"'],
  ])('is null with the reason when %j is all it says', (text, reason) => {
    expect(read(text)).toEqual({ json: null, reason, by: 'smolvlm' });
  });

  it('may be a list', () => {
    const list = shapeOf('One entry per car as JSON array with keys label, colour');
    const cars = [{ label: 'car', colour: 'red' }];
    expect(readAnswer('[{"label": "car", "colour": "red"}]', list, 'x').json).toEqual(cars);
    expect(readAnswer('{"label": "car", "colour": "red"}', list, 'x').json).toEqual(cars);
    expect(readAnswer('{"cars": [{"label": "car", "colour": "red"}]}', list, 'x').json).toEqual(cars);
  });
});
